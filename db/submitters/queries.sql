-- Named statements about who submits queries.

-- ======== Keys ========

-- name: every_key
SELECT key_id, tenant_id, key_hash, scopes, miner_id, label, created_at, revoked_at FROM api_keys ORDER BY created_at, key_id

-- name: make_tenant
INSERT INTO tenants (tenant_id, name) VALUES ($1, $1) ON CONFLICT DO NOTHING

-- name: make_key
INSERT INTO api_keys (key_id, tenant_id, key_hash, label, scopes) VALUES ($1, $2, $3, $4, $5)

-- name: revoke_key
UPDATE api_keys SET revoked_at = now() WHERE key_id = $1 AND revoked_at IS NULL RETURNING key_id

-- ======== Standings and throttles. One clock judges all of them: that of the database. ========

-- name: make_standings
-- A row for each submitter ($1) who has none; a tenant ($2) who is gone meanwhile is left out.
INSERT INTO query_quality_reputation (submitter_id, tenant_id)
SELECT submitter_id, tenants.tenant_id
FROM unnest($1::text[], $2::text[]) AS given (submitter_id, tenant) LEFT JOIN tenants ON tenants.tenant_id = given.tenant
ORDER BY submitter_id
ON CONFLICT DO NOTHING

-- name: lock_standings
-- Hold the rows, always in this order: what another replica is writing is waited for here and read by the next statement.
SELECT count(*) FROM (SELECT FROM query_quality_reputation WHERE submitter_id = ANY($1) ORDER BY submitter_id FOR UPDATE) held

-- name: read_standings
SELECT r.submitter_id, r.queries, r.score, r.flag_rate, r.is_served, r.unheard, r.flags,
    coalesce(f.last_at > r.heard_at OR (f.last_at IS NOT NULL AND r.heard_at IS NULL), false) AS was_heard,
    extract(epoch FROM t.throttled_at)::float8 AS throttled_s, extract(epoch FROM t.expires_at)::float8 AS expires_s,
    extract(epoch FROM clock_timestamp())::float8 AS now_s
FROM query_quality_reputation r
LEFT JOIN query_feedback f USING (submitter_id)
LEFT JOIN LATERAL (
    SELECT throttled_at, expires_at FROM query_submitter_throttles t
    WHERE t.submitter_id = r.submitter_id AND t.is_open ORDER BY t.expires_at DESC LIMIT 1
) t ON true
WHERE r.submitter_id = ANY($1)

-- name: store_standings
UPDATE query_quality_reputation r SET
    queries = given.queries, score = given.score, flag_rate = given.flag_rate, is_served = given.is_served,
    unheard = given.unheard, flags = given.flags::jsonb, is_trusted = given.is_trusted,
    last_query_at = clock_timestamp(), updated_at = clock_timestamp(),
    heard_at = (SELECT last_at FROM query_feedback f WHERE f.submitter_id = r.submitter_id)
FROM unnest($1::text[], $2::bigint[], $3::float8[], $4::float8[], $5::boolean[], $6::bigint[], $7::text[], $8::boolean[])
    AS given (submitter_id, queries, score, flag_rate, is_served, unheard, flags, is_trusted)
WHERE r.submitter_id = given.submitter_id

-- name: end_throttles
-- Close what is open: lifted early where it had time left, else as run out.
UPDATE query_submitter_throttles
SET is_open = false, lifted_at = CASE WHEN expires_at > clock_timestamp() THEN clock_timestamp() END
WHERE submitter_id = ANY($1) AND is_open

-- name: begin_throttles
INSERT INTO query_submitter_throttles (submitter_id, reason, throttled_at, expires_at)
SELECT submitter_id, reason, to_timestamp(began_s), to_timestamp(ends_s)
FROM unnest($1::text[], $2::text[], $3::float8[], $4::float8[]) AS given (submitter_id, reason, began_s, ends_s)

-- name: throttles_in_force
-- A throttle that began in the future began before the clock was set back: it has its whole time, from now, and no more.
WITH set_right AS (
    UPDATE query_submitter_throttles
    SET throttled_at = clock_timestamp(), expires_at = clock_timestamp() + (expires_at - throttled_at)
    WHERE is_open AND throttled_at > clock_timestamp() + interval '1 minute'
)
SELECT t.submitter_id, r.queries, r.score, r.flag_rate,
    extract(epoch FROM least(t.expires_at - clock_timestamp(), t.expires_at - t.throttled_at))::float8 AS left_s
FROM query_submitter_throttles t JOIN query_quality_reputation r USING (submitter_id)
WHERE t.is_open AND t.expires_at > clock_timestamp()

-- name: show_standings
-- Standings of tenant $1, of everybody without one ($1 NULL), or of all ($2), the worst first.
SELECT r.submitter_id, r.tenant_id, r.queries, r.score, r.flag_rate, r.is_served, r.unheard, r.flags, r.is_trusted,
    r.last_query_at, t.throttled_at, t.expires_at, t.reason
FROM query_quality_reputation r
LEFT JOIN LATERAL (
    SELECT throttled_at, expires_at, reason FROM query_submitter_throttles t
    WHERE t.submitter_id = r.submitter_id AND t.is_open AND t.expires_at > clock_timestamp()
    ORDER BY t.expires_at DESC LIMIT 1
) t ON true
WHERE $2::boolean OR r.tenant_id IS NOT DISTINCT FROM $1::text
ORDER BY r.score, r.flag_rate DESC, r.submitter_id LIMIT $3

-- ======== What submitters tell of the leads they got ========

-- name: own_queries
-- Those of the queries $1 that tenant $2 (NULL: nobody's) has asked.
SELECT query_id FROM queries WHERE query_id = ANY($1::text[]) AND tenant_id IS NOT DISTINCT FROM $2::text

-- name: foreign_events
-- Those of the events $1 that another owner than $2 has told.
SELECT event_id FROM outcomes WHERE event_id = ANY($1::text[]) AND tenant_id IS DISTINCT FROM $2::text

-- name: store_events
-- Events of tenant $1 at $2; those that are stored as they are change nothing.
INSERT INTO outcomes (
    tenant_id, created_at,
    event_id, query_id, prompt, lead_id, company_id, event, occurred_at, label, position, attributes, content_hash)
SELECT $1::text, $2::timestamptz,
    event_id, query_id, prompt, lead_id, company_id, event, occurred_at, label, position, attributes::jsonb, content_hash
FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[], $10::smallint[],
        $11::integer[], $12::text[], $13::text[])
    AS given (event_id, query_id, prompt, lead_id, company_id, event, occurred_at, label, position, attributes, content_hash)
ORDER BY event_id
ON CONFLICT (event_id) DO UPDATE SET
    query_id = excluded.query_id, prompt = excluded.prompt, lead_id = excluded.lead_id, company_id = excluded.company_id,
    event = excluded.event, occurred_at = excluded.occurred_at, label = excluded.label, position = excluded.position,
    attributes = excluded.attributes, content_hash = excluded.content_hash
WHERE outcomes.tenant_id IS NOT DISTINCT FROM excluded.tenant_id AND outcomes.content_hash <> excluded.content_hash
RETURNING event_id

-- name: store_performance
-- What became of query $1 of tenant $2; told again, the last word counts. No row when the query is not the tenant's.
INSERT INTO query_performance (query_id, tenant_id, ctr, conversion_rate, reported_at)
SELECT query_id, tenant_id, $3::float8, $4::float8, $5::timestamptz FROM queries
WHERE query_id = $1::text AND tenant_id IS NOT DISTINCT FROM $2::text
ON CONFLICT (query_id) DO UPDATE SET
    ctr = excluded.ctr, conversion_rate = excluded.conversion_rate, reported_at = excluded.reported_at
RETURNING query_id

-- ======== What is learned from it. A tenant's own only where it shares them; nothing of queries that the rules have flagged. ========

-- name: queries_with_feedback
-- Queries of which anything was told.
SELECT query_id, prompt, parsed, as_of, generation, company_ids, options -> 'picked_by' AS picked_by
FROM queries
LEFT JOIN tenants USING (tenant_id)
WHERE NOT queries.is_flagged AND coalesce(tenants.shares_outcomes, true)
    AND EXISTS (SELECT FROM outcomes WHERE outcomes.query_id = queries.query_id)
ORDER BY queries.created_at, query_id

-- name: feedback_events
-- Outcomes with their places; leads stand for their companies.
SELECT outcomes.query_id, coalesce(queries.prompt, outcomes.prompt) AS prompt,
    coalesce(outcomes.company_id, leads.company_id) AS company_id, outcomes.event, outcomes.occurred_at,
    outcomes.label = 1 AS label, outcomes.position
FROM outcomes
LEFT JOIN queries USING (query_id)
LEFT JOIN leads ON leads.lead_id = outcomes.lead_id
LEFT JOIN tenants ON tenants.tenant_id = coalesce(outcomes.tenant_id, queries.tenant_id)
WHERE outcomes.event IS NOT NULL AND coalesce(tenants.shares_outcomes, true) AND NOT coalesce(queries.is_flagged, false)
    AND coalesce(queries.prompt, outcomes.prompt) IS NOT NULL AND coalesce(outcomes.company_id, leads.company_id) IS NOT NULL
ORDER BY outcomes.occurred_at, outcomes.event_id
