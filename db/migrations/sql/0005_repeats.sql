-- What the index of near-duplicates is built from again after a restart: originals only, some 200 bytes each.
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
COMMENT ON COLUMN snippet_sketches.ref IS 'hash of (miner_id, snippet_id)';
COMMENT ON COLUMN snippet_sketches.keys IS 'the smallest hashes of its shingles, little-endian uint64';

CREATE TABLE snippet_repeats (
    miner_id text NOT NULL,
    snippet_id text NOT NULL,
    original_miner_id text NOT NULL,
    original_snippet_id text NOT NULL,
    distance smallint NOT NULL CHECK (distance BETWEEN 0 AND 64),
    contained real NOT NULL CHECK (contained BETWEEN 0 AND 1),
    is_renewal boolean NOT NULL,
    found_at timestamptz NOT NULL,
    PRIMARY KEY (miner_id, snippet_id),
    FOREIGN KEY (miner_id, snippet_id) REFERENCES snippet_keys ON DELETE CASCADE,
    FOREIGN KEY (original_miner_id, original_snippet_id) REFERENCES snippet_keys ON DELETE CASCADE
);
CREATE INDEX snippet_repeats_original ON snippet_repeats (original_miner_id, original_snippet_id);
COMMENT ON COLUMN snippet_repeats.contained IS 'share of the smaller text''s shingles that both hold';
COMMENT ON COLUMN snippet_repeats.is_renewal IS 'its supplier repeats himself about the same company';
