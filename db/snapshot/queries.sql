-- Statements of the snapshot builder; all but the locks run in one REPEATABLE READ, READ ONLY transaction.

-- name: builder_lock
-- True when this session now holds the right to build; a second builder gets false at once.
SELECT pg_try_advisory_lock(4862026010)

-- name: builder_unlock
SELECT pg_advisory_unlock(4862026010)

-- name: prune_tombstones
-- At most $3 marks of rows that were deleted before $2 by transactions older than $1.
DELETE FROM tombstones WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM tombstones WHERE txid < $1::text::xid8 AND deleted_at < $2 LIMIT $3))

-- name: reading_settings
-- Long reads are meant here, with pauses while the reader computes; every table is read whole, so look-ups one by
-- one never pay.
SELECT set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '10min', true),
       set_config('enable_nestloop', 'off', true), set_config('work_mem', '64MB', true)

-- name: origin
SELECT pg_snapshot_xmin(seen)::text::bigint AS xmin, seen::text AS transactions FROM pg_current_snapshot() AS seen

-- name: tenants
SELECT tenant_id FROM tenants ORDER BY tenant_id COLLATE "C"

-- name: companies
-- $1 company ids, NULL for all. The embedding as pgvector's binary form: int16 dimension, int16 unused, big-endian float32 each.
SELECT company_id, tenant_id, name, name_key, domain, domain_key, description, industry_code, sub_industry_code,
       industry_raw, country_code, region_code, city_code, city_raw, employee_count, founded_year, stage_code,
       technologies, tags, former_name_keys, keyword_tokens, is_active, cluster_id, vector_send(embedding) AS embedding
FROM companies
WHERE $1::text[] IS NULL OR company_id = ANY ($1::text[])
ORDER BY company_id COLLATE "C"

-- name: leads
-- $1 company ids in row order, $2 seniority codes from the highest down.
SELECT (company.row - 1)::integer AS company, lead_id, tenant_id, full_name, title, seniority_code, role_codes,
       department, email, country_code, is_company_level
FROM leads JOIN unnest($1::text[]) WITH ORDINALITY AS company (company_id, row) USING (company_id)
ORDER BY company.row, is_company_level, array_position($2::text[], seniority_code) NULLS LAST, lead_id COLLATE "C"

-- name: snippets
-- $1 company ids in row order, $2 the row that represents each, $3 the moment of the build, $4 a state of the database whose
-- snippets are left out, NULL for none. What repeats another's text is left out, unless the original's supplier is barred: a farm that
-- was first must not silence an honest supplier.
SELECT company.row AS company, snippet.miner_id, snippet.snippet_id, snippet.tenant_id, snippet.kind, snippet.text,
       extract(epoch FROM snippet.observed_at)::float8 AS observed,
       extract(epoch FROM coalesce(identity.seen_at, snippet.seen_at))::float8 AS first_seen,
       coalesce(snippet.source_url, '') AS source_url, coalesce(snippet.source_type, '') AS source_type,
       technologies_added, technologies_removed, role_codes,
       false AS is_duplicate,
       snippet.is_flagged OR coalesce(miner.is_flagged OR miner.throttled_until > $3, false) AS is_flagged
FROM intent_snippets AS snippet
JOIN unnest($1::text[], $2::integer[]) AS company (company_id, row) USING (company_id)
LEFT JOIN snippet_keys AS identity
    ON identity.miner_id = snippet.miner_id AND identity.snippet_id = snippet.snippet_id
LEFT JOIN miners AS miner ON miner.miner_id = snippet.miner_id
LEFT JOIN miners AS source ON source.miner_id = split_part(snippet.duplicate_of, chr(31), 1)
WHERE snippet.is_current AND (snippet.duplicate_of IS NULL OR source.is_flagged OR source.throttled_until > $3)
    AND ($4::text IS NULL OR NOT pg_visible_in_snapshot(snippet.txid, $4::text::pg_snapshot))
ORDER BY company.row, first_seen, snippet.miner_id COLLATE "C", snippet.snippet_id COLLATE "C"
