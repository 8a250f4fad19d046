-- Why single snippets do not count; a rule that no longer finds anything lifts its flag and keeps it on record.
CREATE TABLE snippet_flags (
    miner_id text NOT NULL,
    snippet_id text NOT NULL,
    reason text NOT NULL CHECK (reason IN (
        'order', 'stuffed', 'padded', 'echo', 'other_company', 'redated', 'source')),
    detail jsonb NOT NULL DEFAULT '{}',
    found_at timestamptz NOT NULL,
    lifted_at timestamptz,
    PRIMARY KEY (miner_id, snippet_id, reason),
    FOREIGN KEY (miner_id, snippet_id) REFERENCES snippet_keys ON DELETE CASCADE
);
CREATE INDEX snippet_flags_found_at ON snippet_flags (found_at);

-- What was found of each supplier, with every number behind it; the last judgement of a day is kept.
CREATE TABLE miner_judgements (
    as_of timestamptz NOT NULL,
    miner_id text NOT NULL REFERENCES miners ON DELETE CASCADE,
    snippets bigint NOT NULL,
    repeats bigint NOT NULL,
    flagged_snippets bigint NOT NULL,
    templated real NOT NULL,
    impressions bigint NOT NULL,
    clicks bigint NOT NULL,
    expected_clicks double precision NOT NULL,
    conversions bigint NOT NULL,
    expected_conversions double precision NOT NULL,
    mqf_score double precision NOT NULL,
    mqf_low double precision NOT NULL,
    mqf_high double precision NOT NULL,
    is_flagged boolean NOT NULL,
    throttled_until timestamptz,
    throttle_reason text,
    sourced_points double precision[] NOT NULL,
    curated_points double precision[] NOT NULL,
    sourcing double precision NOT NULL,
    curating double precision NOT NULL,
    share double precision NOT NULL CHECK (share BETWEEN 0 AND 1),
    PRIMARY KEY (miner_id, as_of)
);
CREATE INDEX miner_judgements_as_of ON miner_judgements (as_of);
COMMENT ON COLUMN miner_judgements.sourced_points IS 'waterfall points of the last 14, 30 and 90 days, before quality and bars';
COMMENT ON COLUMN miner_judgements.templated IS 'share of the runs of words that a fifth of its texts have in common';

CREATE TABLE emission_reports (
    as_of timestamptz PRIMARY KEY,
    treasury double precision NOT NULL CHECK (treasury IN (0, 1)),
    queries bigint NOT NULL,
    impressions bigint NOT NULL,
    click_rates double precision[] NOT NULL,
    conversion_rates double precision[] NOT NULL,
    settings jsonb NOT NULL,
    judged_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN emission_reports.click_rates IS 'baseline by position, from the first';

-- Up to which transaction texts have been screened: those of later ones are still to be read.
CREATE TABLE screening_progress (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    read_from xid8 NOT NULL
);
