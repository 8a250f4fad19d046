-- Changes by the transactions that made them: $1 the oldest transaction that may be new, $2 what was seen last time.
-- A transaction is new when it was not visible then, however old its id is.

-- name: follower_lock
-- True when this session now is the one that follows; it stays so until it ends.
SELECT pg_try_advisory_lock(4862026011)

-- name: follower_unlock
SELECT pg_advisory_unlock(4862026011)

-- name: state
SELECT pg_snapshot_xmin(seen)::text::bigint AS xmin, seen::text AS transactions FROM pg_current_snapshot() AS seen

-- name: changed_companies
-- Companies whose record or leads have changed or are gone.
SELECT company_id FROM companies
WHERE txid >= $1::text::xid8 AND NOT pg_visible_in_snapshot(txid, $2::text::pg_snapshot)
UNION
SELECT company_id FROM leads
WHERE txid >= $1::text::xid8 AND NOT pg_visible_in_snapshot(txid, $2::text::pg_snapshot)
UNION
SELECT company_id FROM tombstones
WHERE entity IN ('company', 'lead') AND txid >= $1::text::xid8
    AND NOT pg_visible_in_snapshot(txid, $2::text::pg_snapshot)

-- name: changed_evidence
-- Companies whose snippets have changed or are gone; `grows` where all that changed may be new, shared and honest.
SELECT company_id, bool_and(plain) AS grows
FROM (
    SELECT company_id, is_current AND duplicate_of IS NULL AND NOT is_flagged AND tenant_id IS NULL AS plain
    FROM intent_snippets
    WHERE txid >= $1::text::xid8 AND NOT pg_visible_in_snapshot(txid, $2::text::pg_snapshot)
    UNION ALL
    SELECT company_id, false FROM tombstones
    WHERE entity = 'snippet' AND txid >= $1::text::xid8
        AND NOT pg_visible_in_snapshot(txid, $2::text::pg_snapshot)) AS changed
GROUP BY company_id

-- name: evidence_of_changed_miners
-- Companies with snippets of suppliers who were flagged or throttled, or are no longer, and with what repeats theirs: a
-- throttle also ends by itself, between $3 and $4.
WITH changed AS MATERIALIZED (
    SELECT miner_id FROM miners
    WHERE txid >= $1::text::xid8 AND NOT pg_visible_in_snapshot(txid, $2::text::pg_snapshot)
        OR throttled_until > $3::timestamptz AND throttled_until <= $4::timestamptz)
SELECT snippet.company_id FROM changed JOIN intent_snippets AS snippet USING (miner_id) WHERE is_current
UNION
SELECT known.company_id
FROM changed JOIN snippet_repeats AS repeat ON repeat.original_miner_id = changed.miner_id
JOIN snippet_keys AS known ON known.miner_id = repeat.miner_id AND known.snippet_id = repeat.snippet_id

-- name: stored_between
-- The first and the last time that snippets were stored which are new.
SELECT extract(epoch FROM min(seen_at))::float8 AS first, extract(epoch FROM max(seen_at))::float8 AS last
FROM intent_snippets
WHERE txid >= $1::text::xid8 AND NOT pg_visible_in_snapshot(txid, $2::text::pg_snapshot) AND is_current

-- name: businesses
-- The records $1 and all that are merged with one of them.
SELECT company_id, cluster_id FROM companies WHERE company_id = ANY ($1::text[]) OR cluster_id = ANY ($1::text[])

-- name: drop_old
-- Makes partitions for what is seen in the year from $1 on and drops what is too old then; no row while another session is at it.
SELECT make_snippet_partitions($1), drop_old_snippets($1) FROM (SELECT) AS once WHERE pg_try_advisory_xact_lock(4862026014)
