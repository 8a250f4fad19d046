CREATE EXTENSION IF NOT EXISTS timescaledb;

SELECT create_hypertable('intent_snippets', 'seen_at', chunk_time_interval => interval '3 months');

ALTER TABLE intent_snippets SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'company_id',
    timescaledb.compress_orderby = 'seen_at DESC, miner_id, snippet_id'
);
SELECT add_compression_policy('intent_snippets', interval '90 days');
SELECT add_retention_policy('intent_snippets', interval '730 days');

-- The same names as on native partitions, so that callers need not know which they have.
CREATE FUNCTION make_snippet_partitions(moment timestamptz, quarters_ahead integer DEFAULT 4)
RETURNS integer LANGUAGE sql AS $$ SELECT 0 $$;

CREATE FUNCTION drop_old_snippets(moment timestamptz, retention interval DEFAULT '730 days')
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    dropped integer;
BEGIN
    SELECT count(*) INTO dropped FROM drop_chunks('intent_snippets', older_than => moment - retention);
    DELETE FROM snippet_keys keys WHERE latest_seen_at < moment - retention AND NOT EXISTS (
        SELECT FROM intent_snippets kept
        WHERE kept.company_id = keys.company_id AND kept.miner_id = keys.miner_id
          AND kept.snippet_id = keys.snippet_id AND kept.seen_at = keys.latest_seen_at);
    RETURN dropped;
END $$;
