-- What a candidate booster would have answered, beside the answer that the query log has.
CREATE TABLE shadow_lists (
    query_id text PRIMARY KEY,
    tenant_id text REFERENCES tenants ON DELETE CASCADE,
    production text NOT NULL,
    candidate text NOT NULL,
    share real NOT NULL CHECK (share > 0 AND share <= 1),
    lead_ids text[] NOT NULL,
    scores double precision[] NOT NULL,
    shown_ids text[] NOT NULL,
    shown_scores double precision[] NOT NULL,
    pool integer NOT NULL,
    asked integer NOT NULL,
    correlation double precision,
    base_shift double precision,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (cardinality(lead_ids) = cardinality(scores)),
    CHECK (cardinality(shown_ids) = cardinality(shown_scores))
);
CREATE INDEX shadow_lists_candidate ON shadow_lists (candidate, production, created_at);
COMMENT ON TABLE shadow_lists IS 'queries that a candidate booster has scored beside the one that answered; no reference to queries, which are written apart';
COMMENT ON COLUMN shadow_lists.production IS 'version of the booster that answered';
COMMENT ON COLUMN shadow_lists.share IS 'of the queries that were drawn for the candidate then';
COMMENT ON COLUMN shadow_lists.lead_ids IS 'the list of the candidate, best first; shown_ids is the answer''s';
COMMENT ON COLUMN shadow_lists.shown_scores IS 'what the candidate gives each of shown_ids';
COMMENT ON COLUMN shadow_lists.correlation IS 'Spearman''s rho of the final scores of the pool; NULL where one is constant';
COMMENT ON COLUMN shadow_lists.base_shift IS 'mean base intent of the candidate minus that of production, of those whom a booster decides, in points';
