DROP INDEX leads_mailbox;
DROP TABLE lead_duplicates;
DROP TABLE snippet_rulings;
DROP TRIGGER snippet_repeats_deleted ON snippet_repeats;
DROP FUNCTION free_repeat();
DROP TABLE snippet_sketches;
DROP SEQUENCE snippet_sketch_changes;
CREATE TABLE snippet_sketches (
    ref bigint PRIMARY KEY,
    miner_id text NOT NULL,
    snippet_id text NOT NULL,
    wording bigint NOT NULL,
    shingles integer NOT NULL,
    keys bytea NOT NULL,
    seen_at timestamptz NOT NULL,
    FOREIGN KEY (miner_id, snippet_id) REFERENCES snippet_keys ON DELETE CASCADE
);
CREATE INDEX snippet_sketches_snippet ON snippet_sketches (miner_id, snippet_id);
CREATE INDEX snippet_sketches_seen_at ON snippet_sketches (seen_at);
