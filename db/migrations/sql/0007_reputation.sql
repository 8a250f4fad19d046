-- What a submitter's standing needs beside its averages (F-8).
ALTER TABLE query_quality_reputation
    ADD COLUMN flags jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN unheard bigint NOT NULL DEFAULT 0,
    ADD COLUMN heard_at timestamptz,
    ADD COLUMN is_served boolean NOT NULL DEFAULT false,
    ADD COLUMN is_trusted boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN query_quality_reputation.flags IS 'flagged queries by the rule that flagged them';
COMMENT ON COLUMN query_quality_reputation.unheard IS 'answered queries since an outcome was last told';
COMMENT ON COLUMN query_quality_reputation.is_served IS 'a throttle ran its whole time and the standing has not recovered since';

-- One row is updated once a second and replica: room on the page keeps that off the index.
ALTER TABLE query_quality_reputation SET (fillfactor = 50);

ALTER TABLE query_submitter_throttles ADD COLUMN is_open boolean NOT NULL DEFAULT true;
CREATE UNIQUE INDEX query_submitter_throttles_open ON query_submitter_throttles (submitter_id) WHERE is_open;

CREATE TABLE query_performance (
    query_id text PRIMARY KEY,
    tenant_id text REFERENCES tenants ON DELETE CASCADE,
    ctr double precision NOT NULL CHECK (ctr BETWEEN 0 AND 1),
    conversion_rate double precision NOT NULL CHECK (conversion_rate BETWEEN 0 AND 1),
    reported_at timestamptz NOT NULL
);
COMMENT ON TABLE query_performance IS 'click-through and conversion rate of a query''s list, as its submitter tells it';

CREATE TABLE query_feedback (
    submitter_id text PRIMARY KEY,
    last_at timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE query_feedback IS 'when a submitter last told what became of a query, whichever way it came in';

-- Outcomes come in by HTTP, Kafka and files; all of them are feedback of whoever asked the query.
CREATE FUNCTION note_query_feedback() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO query_feedback (submitter_id, last_at)
    SELECT submitter_id, clock_timestamp() FROM queries
    WHERE query_id IN (SELECT query_id FROM told WHERE query_id IS NOT NULL) AND submitter_id IS NOT NULL
    GROUP BY submitter_id ORDER BY submitter_id
    ON CONFLICT (submitter_id) DO UPDATE SET last_at = excluded.last_at;
    RETURN NULL;
END $$;

CREATE TRIGGER outcomes_told AFTER INSERT ON outcomes
    REFERENCING NEW TABLE AS told FOR EACH STATEMENT EXECUTE FUNCTION note_query_feedback();
CREATE TRIGGER performance_told AFTER INSERT ON query_performance
    REFERENCING NEW TABLE AS told FOR EACH STATEMENT EXECUTE FUNCTION note_query_feedback();
