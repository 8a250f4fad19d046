-- Named statements of the usual stack. Parameters that are NULL ask nothing.
-- $1 admit unknown values; asked of this rung: $2 industries, $3 head counts, $4 countries, $5 states, $6 cities,
-- $7 technologies, $8 stages, $9 roles, $10 seniorities;
-- excluded: $11 industries, $12 head counts, $13 countries, $14 states, $15 cities, $16 technologies, $17 stages,
-- $18 company ids, $19 name keys, $20 domain keys, $21 keywords (words joined by blanks);
-- for fit: $22 industries and $23 their siblings, $24 head counts and $25 the neighbouring ones, $26 countries, $27 states,
-- $28 cities and the same one step wider: $29, $30, $31; $32 companies with evidence, which come first; $33 companies already
-- admitted; $34 mean exemplar vector; $35 how many.

-- name: candidates
-- The companies that one rung admits, with the levels of their fit.
SELECT c.company_id, c.employee_count, c.founded_year, cardinality(c.technologies) AS technologies,
    CASE WHEN $22::text[] IS NULL OR c.sub_industry_code IS NULL THEN 0.5
        WHEN c.sub_industry_code = ANY($22) THEN 1.0 WHEN c.sub_industry_code = ANY($23::text[]) THEN 0.7
        ELSE 0.0 END::float8 AS industry_fit,
    CASE WHEN $24::int4multirange IS NULL OR c.employee_count IS NULL THEN 0.5
        WHEN c.employee_count <@ $24 THEN 1.0 WHEN c.employee_count <@ $25::int4multirange THEN 0.8
        ELSE 0.0 END::float8 AS size_fit,
    CASE WHEN COALESCE($26::text[], $27::text[], $28::text[]) IS NULL THEN 0.5
        WHEN c.country_code = ANY($26) OR c.region_code = ANY($27) OR c.city_code = ANY($28) THEN 1.0
        WHEN c.country_code IS NULL OR c.country_code = ANY($29::text[]) OR c.region_code = ANY($30::text[])
            OR c.city_code = ANY($31::text[]) THEN 0.5
        ELSE 0.0 END::float8 AS region_fit,
    ($22 IS NOT NULL AND c.sub_industry_code IS NULL) OR ($24 IS NOT NULL AND c.employee_count IS NULL)
        OR (COALESCE($26, $27, $28) IS NOT NULL AND c.country_code IS NULL) AS unverified,
    1 - (c.embedding <=> $34::vector) AS similarity
FROM companies c
WHERE c.is_active AND c.tenant_id IS NULL AND c.company_id = c.cluster_id
    AND ($2::text[] IS NULL OR c.sub_industry_code = ANY($2) OR ($1::boolean AND c.sub_industry_code IS NULL))
    AND ($3::int4multirange IS NULL OR c.employee_count <@ $3 OR ($1 AND c.employee_count IS NULL))
    AND (COALESCE($4::text[], $5::text[], $6::text[]) IS NULL
        OR c.country_code = ANY($4) OR c.region_code = ANY($5) OR c.city_code = ANY($6)
        OR ($1 AND c.country_code IS NULL))
    AND ($7::text[] IS NULL OR c.technologies && $7 OR ($1 AND c.technologies = '{}'))
    AND ($8::text[] IS NULL OR c.stage_code = ANY($8) OR ($1 AND c.stage_code IS NULL))
    AND (COALESCE($9::text[], $10::text[]) IS NULL OR EXISTS (
        SELECT FROM leads l WHERE l.company_id = c.company_id AND l.tenant_id IS NULL
            AND ($9 IS NULL OR l.role_codes && $9 OR ($1 AND l.role_codes = '{}'))
            AND ($10 IS NULL OR l.seniority_code = ANY($10) OR ($1 AND l.seniority_code IS NULL))))
    AND ($11::text[] IS NULL OR c.sub_industry_code IS NULL OR c.sub_industry_code <> ALL($11))
    AND ($12::int4multirange IS NULL OR c.employee_count IS NULL OR NOT c.employee_count <@ $12)
    AND ($13::text[] IS NULL OR c.country_code IS NULL OR c.country_code <> ALL($13))
    AND ($14::text[] IS NULL OR c.region_code IS NULL OR c.region_code <> ALL($14))
    AND ($15::text[] IS NULL OR c.city_code IS NULL OR c.city_code <> ALL($15))
    AND ($16::text[] IS NULL OR NOT c.technologies && $16)
    AND ($17::text[] IS NULL OR c.stage_code IS NULL OR c.stage_code <> ALL($17))
    AND ($18::text[] IS NULL OR c.company_id <> ALL($18))
    AND ($19::text[] IS NULL OR (c.name_key <> ALL($19) AND NOT c.former_name_keys && $19))
    AND ($20::text[] IS NULL OR c.domain_key IS NULL OR c.domain_key <> ALL($20))
    AND ($21::text[] IS NULL OR NOT EXISTS (
        SELECT FROM unnest($21) AS words WHERE c.keyword_tokens @> string_to_array(words, ' ')))
    AND ($33::text[] IS NULL OR c.company_id <> ALL($33))
    AND NOT EXISTS (SELECT FROM suppressions s WHERE s.tenant_id IS NULL AND s.kind = 'company' AND s.value = c.company_id)
ORDER BY /* ORDER */ LIMIT $35::integer

-- name: exemplars
-- The stored companies that answer to the names $1 or the domains $2.
SELECT company_id, name_key, domain_key, embedding FROM companies
WHERE is_active AND tenant_id IS NULL AND company_id = cluster_id AND embedding IS NOT NULL
    AND (name_key = ANY($1::text[]) OR domain_key = ANY($2::text[]))

-- name: events
-- Job postings and technology changes of the companies $1 that name one of the technologies $2 or roles $3.
SELECT s.company_id, s.snippet_id, s.kind, COALESCE(s.observed_at, s.seen_at) AS happened_at,
    s.technologies_removed, s.technologies_added, s.role_codes
FROM intent_snippets s
WHERE s.company_id = ANY($1::text[]) AND s.kind IN ('job_posting', 'tech_change')
    AND s.is_current AND NOT s.is_flagged AND s.duplicate_of IS NULL AND s.tenant_id IS NULL
    AND (s.technologies_removed && $2::text[] OR s.technologies_added && $2 OR s.role_codes && $3::text[])

-- name: companies
-- What is shown of the companies $1, each with its best contact: wanted roles $2, wanted seniorities $3, seniorities from the
-- highest down $4, roles $5 and seniorities $6 that are excluded.
SELECT c.company_id, c.name, c.domain, c.sub_industry_code, c.employee_count, c.country_code, c.city_raw,
    l.lead_id, l.full_name, l.title, l.seniority_code, l.email, l.role_codes
FROM companies c CROSS JOIN LATERAL (
    SELECT * FROM leads WHERE leads.company_id = c.company_id AND leads.tenant_id IS NULL
        AND ($5::text[] IS NULL OR NOT leads.role_codes && $5)
        AND ($6::text[] IS NULL OR leads.seniority_code IS NULL OR leads.seniority_code <> ALL($6))
    ORDER BY ($2::text[] IS NOT NULL AND leads.role_codes && $2) DESC,
        ($3::text[] IS NOT NULL AND COALESCE(leads.seniority_code = ANY($3), false)) DESC,
        array_position($4::text[], leads.seniority_code) NULLS LAST, leads.is_company_level, leads.lead_id LIMIT 1) l
WHERE c.company_id = ANY($1::text[])

-- name: snippets
-- The texts of the snippets $2 of the companies $1.
SELECT s.company_id, s.snippet_id, s.kind, s.text, s.source_url, s.observed_at
FROM intent_snippets s
WHERE s.company_id = ANY($1::text[]) AND s.snippet_id = ANY($2::text[]) AND s.is_current

-- name: all_companies
-- Ids of the companies that may be shown, in order; their places are their numbers in the lexical index.
SELECT company_id FROM companies WHERE is_active AND tenant_id IS NULL AND company_id = cluster_id ORDER BY company_id

-- name: all_snippets
-- Every snippet that may count as evidence, by company.
SELECT c.cluster_id AS company_id, s.snippet_id, s.kind, s.text, s.miner_id,
    extract(epoch FROM COALESCE(s.observed_at, s.seen_at))::float8 AS happened_s, s.observed_at IS NULL AS undated
FROM intent_snippets s JOIN companies c USING (company_id)
WHERE s.is_current AND NOT s.is_flagged AND s.duplicate_of IS NULL AND s.tenant_id IS NULL
    AND c.is_active AND c.tenant_id IS NULL
ORDER BY c.cluster_id, s.seen_at, s.snippet_id
