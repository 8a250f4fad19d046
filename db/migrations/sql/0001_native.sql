-- Native range partitions by quarter: a company's look-up touches some ten of them in 730 days.
CREATE TABLE intent_snippets_default PARTITION OF intent_snippets DEFAULT;

-- Make the partition of the quarter that holds `moment`; rows the default partition took meanwhile move into it.
CREATE FUNCTION make_snippet_partition(moment timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    lower_bound timestamptz := date_trunc('quarter', moment, 'UTC');
    upper_bound timestamptz := ((lower_bound AT TIME ZONE 'UTC') + interval '3 months') AT TIME ZONE 'UTC';
    partition_name text := 'intent_snippets_' || to_char(lower_bound AT TIME ZONE 'UTC', 'YYYY"q"Q');
BEGIN
    PERFORM pg_advisory_xact_lock(4862026002);
    IF to_regclass(partition_name) IS NOT NULL THEN
        RETURN partition_name;
    END IF;
    EXECUTE format(
        'CREATE TABLE %I (LIKE intent_snippets INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition_name);
    EXECUTE format(
        'WITH moved AS (DELETE FROM intent_snippets_default WHERE seen_at >= %L AND seen_at < %L RETURNING *) '
        'INSERT INTO %I SELECT * FROM moved', lower_bound, upper_bound, partition_name);
    EXECUTE format(
        'ALTER TABLE intent_snippets ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        partition_name, lower_bound, upper_bound);
    RETURN partition_name;
END $$;

-- Make the partitions from the quarter of `moment` to the one `quarters_ahead` later; returns how many there are.
CREATE FUNCTION make_snippet_partitions(moment timestamptz, quarters_ahead integer DEFAULT 4)
RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    FOR step IN 0..quarters_ahead LOOP
        PERFORM make_snippet_partition(
            ((moment AT TIME ZONE 'UTC') + make_interval(months => 3 * step)) AT TIME ZONE 'UTC');
    END LOOP;
    RETURN quarters_ahead + 1;
END $$;

-- Drop what was seen more than `retention` before `moment`: whole partitions, rows of the default one, and the identity keys.
CREATE FUNCTION drop_old_snippets(moment timestamptz, retention interval DEFAULT '730 days')
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    oldest timestamptz := moment - retention;
    part record;
    dropped integer := 0;
BEGIN
    FOR part IN
        SELECT child.relname,
               make_timestamptz(substring(child.relname from '(\d{4})q')::integer,
                                3 * substring(child.relname from 'q(\d)$')::integer - 2, 1, 0, 0, 0, 'UTC') AS starts_at
        FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
        WHERE inhparent = 'intent_snippets'::regclass AND child.relname ~ '^intent_snippets_\d{4}q\d$'
    LOOP
        IF (part.starts_at AT TIME ZONE 'UTC' + interval '3 months') AT TIME ZONE 'UTC' <= oldest THEN
            EXECUTE format('DROP TABLE %I', part.relname);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    DELETE FROM intent_snippets_default WHERE seen_at < oldest;
    DELETE FROM snippet_keys keys WHERE latest_seen_at < oldest AND NOT EXISTS (
        SELECT FROM intent_snippets kept
        WHERE kept.company_id = keys.company_id AND kept.miner_id = keys.miner_id
          AND kept.snippet_id = keys.snippet_id AND kept.seen_at = keys.latest_seen_at);
    RETURN dropped;
END $$;

SELECT make_snippet_partitions(now() - interval '3 months', 5);
