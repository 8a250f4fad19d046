-- Every judged snippet has a sketch now, originals and repeats, in the order of judging, so that each member of an intake can follow the
-- others. What was judged before is judged again: sketches are made from the texts.
DROP TABLE snippet_sketches;
DELETE FROM snippet_repeats;
UPDATE intent_snippets SET duplicate_of = NULL WHERE duplicate_of IS NOT NULL;

CREATE SEQUENCE snippet_sketch_changes;
CREATE TABLE snippet_sketches (
    miner_id text NOT NULL,
    snippet_id text NOT NULL,
    ref bigint NOT NULL,
    company bigint NOT NULL,
    wording bigint NOT NULL,
    simhash bigint NOT NULL,
    shingles integer NOT NULL,
    keys bytea NOT NULL,
    credited_at timestamptz NOT NULL,
    revision integer NOT NULL,
    is_original boolean NOT NULL,
    change bigint NOT NULL,
    PRIMARY KEY (miner_id, snippet_id),
    FOREIGN KEY (miner_id, snippet_id) REFERENCES snippet_keys ON DELETE CASCADE
);
CREATE UNIQUE INDEX snippet_sketches_ref ON snippet_sketches (ref);
CREATE INDEX snippet_sketches_change ON snippet_sketches (change);
COMMENT ON COLUMN snippet_sketches.ref IS 'hash of (miner_id, snippet_id)';
COMMENT ON COLUMN snippet_sketches.company IS 'hash of company_id';
COMMENT ON COLUMN snippet_sketches.keys IS 'the smallest hashes of its shingles, at most 16, little-endian uint64';
COMMENT ON COLUMN snippet_sketches.credited_at IS 'since when its supplier says so: of a revision that says much the same, the first one''s';
COMMENT ON COLUMN snippet_sketches.revision IS 'the revision that was judged';
COMMENT ON COLUMN snippet_sketches.change IS 'from snippet_sketch_changes, under the lock of judging: ascends in the order of commits';

-- An original that is erased frees its copies: they count again at once, and are judged anew for want of a sketch.
CREATE FUNCTION free_repeat() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE intent_snippets SET duplicate_of = NULL
    WHERE miner_id = OLD.miner_id AND snippet_id = OLD.snippet_id AND duplicate_of IS NOT NULL;
    DELETE FROM snippet_sketches WHERE miner_id = OLD.miner_id AND snippet_id = OLD.snippet_id;
    RETURN NULL;
END $$;
CREATE TRIGGER snippet_repeats_deleted AFTER DELETE ON snippet_repeats FOR EACH ROW EXECUTE FUNCTION free_repeat();

-- What people ruled on appeal: two snippets that do not repeat one another, or which of them was first.
CREATE TABLE snippet_rulings (
    miner_id text NOT NULL,
    snippet_id text NOT NULL,
    ref bigint NOT NULL,
    other_miner_id text NOT NULL,
    other_snippet_id text NOT NULL,
    other_ref bigint NOT NULL,
    ruling text NOT NULL CHECK (ruling IN ('apart', 'first')),
    reason text NOT NULL,
    ruled_at timestamptz NOT NULL,
    PRIMARY KEY (miner_id, snippet_id, other_miner_id, other_snippet_id),
    FOREIGN KEY (miner_id, snippet_id) REFERENCES snippet_keys ON DELETE CASCADE,
    FOREIGN KEY (other_miner_id, other_snippet_id) REFERENCES snippet_keys ON DELETE CASCADE
);
CREATE INDEX snippet_rulings_ref ON snippet_rulings (ref);
CREATE INDEX snippet_rulings_other ON snippet_rulings (other_ref);
COMMENT ON COLUMN snippet_rulings.ruling IS 'apart: neither repeats the other; first: the snippet was before the other';

-- Leads too: the same person under several ids. The mailbox is the address without what follows a plus sign.
CREATE TABLE lead_duplicates (
    lead_id text PRIMARY KEY REFERENCES leads ON DELETE CASCADE,
    representative_id text NOT NULL,
    reason text NOT NULL CHECK (reason IN ('same_mailbox', 'same_name', 'near_identical')),
    matched_id text NOT NULL,
    distance smallint NOT NULL CHECK (distance BETWEEN 0 AND 64),
    evidence text NOT NULL,
    found_at timestamptz NOT NULL
);
CREATE INDEX lead_duplicates_representative ON lead_duplicates (representative_id);
CREATE INDEX leads_mailbox ON leads (regexp_replace(lower(email), '\+[^@]*@', '@'));
COMMENT ON TABLE lead_duplicates IS 'why a lead record is the person of another one; who is suppressed under one id is so under all';
