-- Named statements, loaded by db/statements.py. Each starts with its name and a sentence on what it does.

-- ======== Import: rows are copied into a staging table, then merged in one statement per kind. ========

-- name: stage_companies
-- An empty staging table with the columns of companies that a file feeds; gone at commit.
CREATE TEMPORARY TABLE staged_companies ON COMMIT DROP AS
SELECT 0::smallint AS file, 0 AS line, 0::bigint AS place,
    company_id, name, name_key, domain, domain_key, description, industry_code, sub_industry_code,
    industry_raw, country_code, region_code, region_raw, city_code, city_raw, employee_count,
    founded_year, stage_code, stage_raw, technologies, tags, former_names, former_name_keys,
    is_active, attributes, keyword_tokens, simhash, content_hash
FROM companies WITH NO DATA

-- name: analyse_companies
-- Let the planner know how much is staged.
ANALYZE staged_companies

-- name: repeat_companies
-- Take out earlier rows of an id; `same` says that the last one, which stays, has the same content.
WITH ordered AS (
    SELECT place, content_hash,
        last_value(place) OVER every_row AS last_place, last_value(line) OVER every_row AS last_line,
        last_value(file) OVER every_row AS last_file, last_value(content_hash) OVER every_row AS last_hash
    FROM staged_companies
    WINDOW every_row AS (
        PARTITION BY company_id ORDER BY place
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
)
DELETE FROM staged_companies staged USING ordered
WHERE staged.place = ordered.place AND ordered.place <> ordered.last_place
RETURNING staged.file, staged.line, ordered.last_file, ordered.last_line,
    ordered.content_hash = ordered.last_hash AS same

-- name: refuse_companies
-- Take out companies whose id belongs to another owner ($1: tenant or NULL).
DELETE FROM staged_companies staged USING companies
WHERE companies.company_id = staged.company_id AND companies.tenant_id IS DISTINCT FROM $1::text
RETURNING staged.file, staged.line

-- name: unchanged_companies
-- Take out companies that are stored as they are; counts by file.
WITH gone AS (
    DELETE FROM staged_companies staged USING companies
    WHERE companies.company_id = staged.company_id AND companies.content_hash = staged.content_hash
    RETURNING staged.file
)
SELECT file, count(*) AS rows FROM gone GROUP BY file

-- name: count_companies
-- Rows left in staging by file: what is stored.
SELECT file, count(*) AS rows FROM staged_companies GROUP BY file

-- name: merge_companies
-- Store staged companies ($1: tenant or NULL, $2: now); changed embedded text takes the embedding away.
INSERT INTO companies (
    tenant_id, cluster_id, created_at, updated_at,
    company_id, name, name_key, domain, domain_key, description, industry_code, sub_industry_code,
    industry_raw, country_code, region_code, region_raw, city_code, city_raw, employee_count,
    founded_year, stage_code, stage_raw, technologies, tags, former_names, former_name_keys,
    is_active, attributes, keyword_tokens, simhash, content_hash)
SELECT $1::text, company_id, $2::timestamptz, $2::timestamptz,
    company_id, name, name_key, domain, domain_key, description, industry_code, sub_industry_code,
    industry_raw, country_code, region_code, region_raw, city_code, city_raw, employee_count,
    founded_year, stage_code, stage_raw, technologies, tags, former_names, former_name_keys,
    is_active, attributes, keyword_tokens, simhash, content_hash
FROM staged_companies ORDER BY company_id
ON CONFLICT (company_id) DO UPDATE SET
    updated_at = excluded.updated_at,
    embedding = CASE WHEN (companies.name, companies.description, companies.tags, companies.industry_raw)
        IS NOT DISTINCT FROM (excluded.name, excluded.description, excluded.tags, excluded.industry_raw)
        THEN companies.embedding END,
    embedding_hash = CASE WHEN (companies.name, companies.description, companies.tags, companies.industry_raw)
        IS NOT DISTINCT FROM (excluded.name, excluded.description, excluded.tags, excluded.industry_raw)
        THEN companies.embedding_hash END,
    name = excluded.name, name_key = excluded.name_key, domain = excluded.domain, domain_key =
    excluded.domain_key, description = excluded.description, industry_code = excluded.industry_code,
    sub_industry_code = excluded.sub_industry_code, industry_raw = excluded.industry_raw,
    country_code = excluded.country_code, region_code = excluded.region_code, region_raw =
    excluded.region_raw, city_code = excluded.city_code, city_raw = excluded.city_raw,
    employee_count = excluded.employee_count, founded_year = excluded.founded_year, stage_code =
    excluded.stage_code, stage_raw = excluded.stage_raw, technologies = excluded.technologies, tags
    = excluded.tags, former_names = excluded.former_names, former_name_keys =
    excluded.former_name_keys, is_active = excluded.is_active, attributes = excluded.attributes,
    keyword_tokens = excluded.keyword_tokens, simhash = excluded.simhash, content_hash =
    excluded.content_hash
WHERE companies.tenant_id IS NOT DISTINCT FROM excluded.tenant_id
    AND companies.content_hash <> excluded.content_hash

-- name: refresh_firmographics
-- Carry changed firmographics and technographics of staged companies over to their leads ($1: now).
UPDATE leads SET firmographics = company_firmographics(companies),
    technographics = company_technographics(companies), updated_at = $1::timestamptz
FROM staged_companies staged JOIN companies USING (company_id)
WHERE leads.company_id = companies.company_id
    AND (leads.firmographics, leads.technographics)
        IS DISTINCT FROM (company_firmographics(companies), company_technographics(companies))

-- name: add_company_leads
-- Give every company without a lead of its own tenant the company-level one ($1: now).
INSERT INTO leads (
    lead_id, company_id, tenant_id, is_company_level, content_hash, created_at, updated_at,
    firmographics, technographics)
SELECT company_id, company_id, tenant_id, true, '', $1::timestamptz, $1::timestamptz,
    company_firmographics(companies), company_technographics(companies)
FROM companies
WHERE NOT EXISTS (
    SELECT FROM leads
    WHERE leads.company_id = companies.company_id
        AND leads.tenant_id IS NOT DISTINCT FROM companies.tenant_id)
ORDER BY company_id
ON CONFLICT (lead_id) DO NOTHING

-- name: stage_leads
-- An empty staging table with the columns of leads that a file feeds; gone at commit.
CREATE TEMPORARY TABLE staged_leads ON COMMIT DROP AS
SELECT 0::smallint AS file, 0 AS line, 0::bigint AS place,
    lead_id, company_id, full_name, title, seniority_code, role_codes, department, email,
    country_code, attributes, content_hash
FROM leads WITH NO DATA

-- name: analyse_leads
-- Let the planner know how much is staged.
ANALYZE staged_leads

-- name: repeat_leads
-- Take out earlier rows of an id; `same` says that the last one, which stays, has the same content.
WITH ordered AS (
    SELECT place, content_hash,
        last_value(place) OVER every_row AS last_place, last_value(line) OVER every_row AS last_line,
        last_value(file) OVER every_row AS last_file, last_value(content_hash) OVER every_row AS last_hash
    FROM staged_leads
    WINDOW every_row AS (
        PARTITION BY lead_id ORDER BY place
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
)
DELETE FROM staged_leads staged USING ordered
WHERE staged.place = ordered.place AND ordered.place <> ordered.last_place
RETURNING staged.file, staged.line, ordered.last_file, ordered.last_line,
    ordered.content_hash = ordered.last_hash AS same

-- name: refuse_leads
-- Take out leads whose id belongs to another owner or is another company's own lead ($1: tenant or NULL).
DELETE FROM staged_leads staged USING leads
WHERE leads.lead_id = staged.lead_id AND (leads.tenant_id IS DISTINCT FROM $1::text
    OR leads.is_company_level AND leads.company_id <> staged.company_id)
RETURNING staged.file, staged.line

-- name: unchanged_leads
-- Take out leads that are stored as they are; counts by file.
WITH gone AS (
    DELETE FROM staged_leads staged USING leads
    WHERE leads.lead_id = staged.lead_id AND leads.content_hash = staged.content_hash
    RETURNING staged.file
)
SELECT file, count(*) AS rows FROM gone GROUP BY file

-- name: count_leads
-- Rows left in staging by file: what is stored.
SELECT file, count(*) AS rows FROM staged_leads GROUP BY file

-- name: merge_leads
-- Store staged leads ($1: tenant or NULL, $2: now).
INSERT INTO leads (
    tenant_id, created_at, updated_at, firmographics, technographics,
    lead_id, company_id, full_name, title, seniority_code, role_codes, department, email,
    country_code, attributes, content_hash)
SELECT $1::text, $2::timestamptz, $2::timestamptz,
    company_firmographics(companies), company_technographics(companies),
    staged.lead_id, staged.company_id, staged.full_name, staged.title, staged.seniority_code,
    staged.role_codes, staged.department, staged.email, staged.country_code, staged.attributes,
    staged.content_hash
FROM staged_leads staged JOIN companies USING (company_id) ORDER BY lead_id
ON CONFLICT (lead_id) DO UPDATE SET
    updated_at = excluded.updated_at, is_company_level = false,
    firmographics = excluded.firmographics, technographics = excluded.technographics,
    company_id = excluded.company_id, full_name = excluded.full_name, title = excluded.title,
    seniority_code = excluded.seniority_code, role_codes = excluded.role_codes, department =
    excluded.department, email = excluded.email, country_code = excluded.country_code, attributes =
    excluded.attributes, content_hash = excluded.content_hash
WHERE leads.tenant_id IS NOT DISTINCT FROM excluded.tenant_id AND leads.content_hash <> excluded.content_hash

-- name: drop_company_leads
-- Remove company-level leads whose company has a real lead of the same tenant now.
DELETE FROM leads own USING staged_leads staged
WHERE own.lead_id = staged.company_id AND own.is_company_level AND EXISTS (
    SELECT FROM leads
    WHERE leads.company_id = own.company_id AND NOT leads.is_company_level
        AND leads.tenant_id IS NOT DISTINCT FROM own.tenant_id)

-- name: find_companies
-- Those of the ids $1 that exist for tenant $2.
SELECT company_id FROM companies
WHERE company_id = ANY ($1::text[]) AND (tenant_id IS NULL OR tenant_id = $2::text)

-- name: find_companies_by_domain
-- The company of each of the domain keys $1 for tenant $2: its own record first, then the active
-- representative.
SELECT DISTINCT ON (domain_key) domain_key, company_id FROM companies
WHERE domain_key = ANY ($1::text[]) AND (tenant_id IS NULL OR tenant_id = $2::text)
ORDER BY domain_key, tenant_id NULLS LAST, is_active DESC, company_id <> cluster_id, company_id

-- name: find_leads
-- Those of the lead ids $1 that exist for tenant $2, with their companies.
SELECT lead_id, company_id FROM leads
WHERE lead_id = ANY ($1::text[]) AND (tenant_id IS NULL OR tenant_id = $2::text)

-- name: stage_snippets
-- An empty staging table with the columns of intent_snippets that a file feeds; gone at commit.
CREATE TEMPORARY TABLE staged_snippets ON COMMIT DROP AS
SELECT 0::smallint AS file, 0 AS line, 0::bigint AS place,
    company_id, miner_id, snippet_id, kind, text, observed_at, source_url, source_type,
    technologies_added, technologies_removed, role_codes, attributes, simhash, content_hash
FROM intent_snippets WITH NO DATA

-- name: empty_snippets
-- Make room in staging for the next rows of the same transaction.
TRUNCATE staged_snippets

-- name: analyse_snippets
-- Let the planner know how much is staged.
ANALYZE staged_snippets

-- name: repeat_snippets
-- Take out earlier rows of an id; `same` says that the last one, which stays, has the same content.
WITH ordered AS (
    SELECT place, content_hash,
        last_value(place) OVER every_row AS last_place, last_value(line) OVER every_row AS last_line,
        last_value(file) OVER every_row AS last_file, last_value(content_hash) OVER every_row AS last_hash
    FROM staged_snippets
    WINDOW every_row AS (
        PARTITION BY miner_id, snippet_id ORDER BY place
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
)
DELETE FROM staged_snippets staged USING ordered
WHERE staged.place = ordered.place AND ordered.place <> ordered.last_place
RETURNING staged.file, staged.line, ordered.last_file, ordered.last_line,
    ordered.content_hash = ordered.last_hash AS same

-- name: claim_snippet_keys
-- Make the identity rows of new snippets ($1: tenant or NULL, $2: now), waiting for whoever makes the same
-- ones.
INSERT INTO snippet_keys (
    miner_id, snippet_id, tenant_id, company_id, seen_at, latest_seen_at, revision, content_hash)
SELECT miner_id, snippet_id, $1::text, company_id, $2::timestamptz, $2::timestamptz, 0, ''
FROM staged_snippets ORDER BY miner_id, snippet_id
ON CONFLICT (miner_id, snippet_id) DO NOTHING

-- name: lock_snippet_keys
-- Hold the identity rows of all staged snippets until commit; who but refers to one (a repeat to its original) need not wait.
SELECT FROM snippet_keys
WHERE (miner_id, snippet_id) IN (SELECT miner_id, snippet_id FROM staged_snippets)
ORDER BY miner_id, snippet_id FOR NO KEY UPDATE

-- name: refuse_snippets
-- Take out snippets whose identity belongs to another owner ($1: tenant or NULL).
DELETE FROM staged_snippets staged USING snippet_keys known
WHERE known.miner_id = staged.miner_id AND known.snippet_id = staged.snippet_id
    AND known.tenant_id IS DISTINCT FROM $1::text
RETURNING staged.file, staged.line

-- name: unchanged_snippets
-- Take out snippets of which a stored revision has the same content; counts by file.
WITH gone AS (
    DELETE FROM staged_snippets staged USING intent_snippets stored
    WHERE stored.company_id = staged.company_id AND stored.miner_id = staged.miner_id
        AND stored.snippet_id = staged.snippet_id AND stored.content_hash = staged.content_hash
    RETURNING staged.file
)
SELECT file, count(*) AS rows FROM gone GROUP BY file

-- name: count_snippets
-- Rows left in staging by file: what is stored.
SELECT file, count(*) AS rows FROM staged_snippets GROUP BY file

-- name: merge_snippets
-- Store staged snippets ($1: tenant or NULL, $2: now) as a first or a new revision; the one before is no
-- longer current.
WITH retired AS (
    UPDATE intent_snippets stored SET is_current = false
    FROM staged_snippets staged JOIN snippet_keys known USING (miner_id, snippet_id)
    WHERE stored.company_id = known.company_id AND stored.miner_id = known.miner_id
        AND stored.snippet_id = known.snippet_id AND stored.seen_at = known.latest_seen_at
), revised AS (
    UPDATE snippet_keys known SET
        company_id = staged.company_id, content_hash = staged.content_hash, revision = known.revision + 1,
        latest_seen_at = CASE WHEN known.revision = 0 THEN $2::timestamptz
            ELSE greatest($2::timestamptz, known.latest_seen_at + interval '1 microsecond') END
    FROM staged_snippets staged
    WHERE known.miner_id = staged.miner_id AND known.snippet_id = staged.snippet_id
    RETURNING known.miner_id, known.snippet_id, known.latest_seen_at, known.revision
)
INSERT INTO intent_snippets (
    tenant_id, seen_at, revision,
    company_id, miner_id, snippet_id, kind, text, observed_at, source_url, source_type,
    technologies_added, technologies_removed, role_codes, attributes, simhash, content_hash)
SELECT $1::text, revised.latest_seen_at, revised.revision,
    staged.company_id, staged.miner_id, staged.snippet_id, staged.kind, staged.text,
    staged.observed_at, staged.source_url, staged.source_type, staged.technologies_added,
    staged.technologies_removed, staged.role_codes, staged.attributes, staged.simhash,
    staged.content_hash
FROM staged_snippets staged JOIN revised USING (miner_id, snippet_id)

-- name: stored_snippets
-- Staged snippets that were merged, in order of arrival, with their identity's first time and revision.
SELECT staged.line, known.seen_at, known.revision
FROM staged_snippets staged JOIN snippet_keys known USING (miner_id, snippet_id)
ORDER BY staged.place

-- name: count_miner_snippets
-- Add the staged snippets to their miners' totals ($1: tenant or NULL, $2: now).
INSERT INTO miners (miner_id, tenant_id, snippets, created_at, updated_at)
SELECT miner_id, $1::text, count(*), $2::timestamptz, $2::timestamptz
FROM staged_snippets GROUP BY miner_id ORDER BY miner_id
ON CONFLICT (miner_id) DO UPDATE SET
    snippets = miners.snippets + excluded.snippets, updated_at = excluded.updated_at

-- name: stage_outcomes
-- An empty staging table with the columns of outcomes that a file feeds; gone at commit.
CREATE TEMPORARY TABLE staged_outcomes ON COMMIT DROP AS
SELECT 0::smallint AS file, 0 AS line, 0::bigint AS place,
    event_id, query_id, prompt, lead_id, company_id, event, occurred_at, label, position,
    attributes, content_hash
FROM outcomes WITH NO DATA

-- name: empty_outcomes
-- Make room in staging for the next rows of the same transaction.
TRUNCATE staged_outcomes

-- name: analyse_outcomes
-- Let the planner know how much is staged.
ANALYZE staged_outcomes

-- name: repeat_outcomes
-- Take out earlier rows of an id; `same` says that the last one, which stays, has the same content.
WITH ordered AS (
    SELECT place, content_hash,
        last_value(place) OVER every_row AS last_place, last_value(line) OVER every_row AS last_line,
        last_value(file) OVER every_row AS last_file, last_value(content_hash) OVER every_row AS last_hash
    FROM staged_outcomes
    WINDOW every_row AS (
        PARTITION BY event_id ORDER BY place
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
)
DELETE FROM staged_outcomes staged USING ordered
WHERE staged.place = ordered.place AND ordered.place <> ordered.last_place
RETURNING staged.file, staged.line, ordered.last_file, ordered.last_line,
    ordered.content_hash = ordered.last_hash AS same

-- name: refuse_outcomes
-- Take out events whose id belongs to another owner ($1: tenant or NULL).
DELETE FROM staged_outcomes staged USING outcomes
WHERE outcomes.event_id = staged.event_id AND outcomes.tenant_id IS DISTINCT FROM $1::text
RETURNING staged.file, staged.line

-- name: unchanged_outcomes
-- Take out events that are stored as they are; counts by file.
WITH gone AS (
    DELETE FROM staged_outcomes staged USING outcomes
    WHERE outcomes.event_id = staged.event_id AND outcomes.content_hash = staged.content_hash
    RETURNING staged.file
)
SELECT file, count(*) AS rows FROM gone GROUP BY file

-- name: count_outcomes
-- Rows left in staging by file: what is stored.
SELECT file, count(*) AS rows FROM staged_outcomes GROUP BY file

-- name: merge_outcomes
-- Store staged events ($1: tenant or NULL, $2: now).
INSERT INTO outcomes (
    tenant_id, created_at,
    event_id, query_id, prompt, lead_id, company_id, event, occurred_at, label, position,
    attributes, content_hash)
SELECT $1::text, $2::timestamptz,
    event_id, query_id, prompt, lead_id, company_id, event, occurred_at, label, position,
    attributes, content_hash
FROM staged_outcomes ORDER BY event_id
ON CONFLICT (event_id) DO UPDATE SET
    query_id = excluded.query_id, prompt = excluded.prompt, lead_id = excluded.lead_id, company_id =
    excluded.company_id, event = excluded.event, occurred_at = excluded.occurred_at, label =
    excluded.label, position = excluded.position, attributes = excluded.attributes, content_hash =
    excluded.content_hash
WHERE outcomes.tenant_id IS NOT DISTINCT FROM excluded.tenant_id
    AND outcomes.content_hash <> excluded.content_hash

-- name: keep_unmapped
-- Keep the wordings no taxonomy entry fits ($1: fields, $2: wordings, $3: rows of this import, $4: now).
INSERT INTO unmapped_values (field, value, occurrences, last_seen_at)
SELECT field, value, occurrences, $4::timestamptz
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS given (field, value, occurrences)
ORDER BY field, value
ON CONFLICT (field, value) DO UPDATE SET
    occurrences = excluded.occurrences, last_seen_at = excluded.last_seen_at

-- name: add_unmapped
-- Count more wordings no taxonomy entry fits ($1: fields, $2: wordings, $3: how often more, $4: now).
INSERT INTO unmapped_values (field, value, occurrences, last_seen_at)
SELECT field, value, occurrences, $4::timestamptz
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS given (field, value, occurrences)
ORDER BY field, value
ON CONFLICT (field, value) DO UPDATE SET
    occurrences = unmapped_values.occurrences + excluded.occurrences, last_seen_at = excluded.last_seen_at

-- ======== Resolution: company records that are the same business. ========

-- name: resolution_scope
-- Staged companies, all that share a domain, a name, a former name or a name's first word with them, and
-- their clusters.
WITH keys AS (
    SELECT domain_key, name_key, former_name_keys, split_part(name_key, ' ', 1) AS opening
    FROM companies WHERE company_id IN (SELECT company_id FROM staged_companies)
), sharing AS (
    SELECT company_id FROM companies WHERE domain_key IN (SELECT domain_key FROM keys)
    UNION SELECT company_id FROM companies
        WHERE name_key IN (SELECT name_key FROM keys UNION SELECT unnest(former_name_keys) FROM keys)
    UNION SELECT company_id FROM companies CROSS JOIN unnest(former_name_keys) AS former (name_key)
        WHERE former.name_key IN (SELECT name_key FROM keys)
    UNION SELECT company_id FROM companies
        WHERE simhash IS NOT NULL AND split_part(name_key, ' ', 1) IN (SELECT opening FROM keys)
    UNION SELECT company_id FROM staged_companies
), clusters AS (
    SELECT cluster_id FROM companies WHERE company_id IN (SELECT company_id FROM sharing)
)
SELECT company_id, coalesce(tenant_id, '') AS tenant, name_key, former_name_keys, domain_key,
    country_code, city_code, simhash, is_active,
    num_nonnulls(domain_key, industry_code, country_code, city_code, employee_count, stage_code, founded_year)
        + (description <> '')::integer + (tags <> '{}')::integer + (technologies <> '{}')::integer
        AS completeness
FROM companies
WHERE cluster_id IN (SELECT cluster_id FROM clusters)
ORDER BY company_id

-- name: describe_companies
-- Name and description of the companies $1, for the confirmation of near-identical ones.
SELECT company_id, name, description FROM companies WHERE company_id = ANY ($1::text[])

-- name: forget_duplicates
-- Remove the evidence of merges among the companies $1.
DELETE FROM company_duplicates WHERE company_id = ANY ($1::text[])

-- name: keep_duplicates
-- Keep why each of the companies $1 is merged ($2: representative, $3: reason, $4: match, $5, $6: distance
-- and containment, $7: evidence, $8: now).
INSERT INTO company_duplicates (
    company_id, representative_id, reason, matched_id, distance, containment, evidence, found_at)
SELECT company_id, representative_id, reason, matched_id, distance, containment, evidence, $8::timestamptz
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::real[], $7::text[])
    AS given (company_id, representative_id, reason, matched_id, distance, containment, evidence)

-- name: set_clusters
-- Point the companies $1 to the representatives $2 where they do not yet ($3: now).
UPDATE companies SET cluster_id = given.cluster_id, updated_at = $3::timestamptz
FROM unnest($1::text[], $2::text[]) AS given (company_id, cluster_id)
WHERE companies.company_id = given.company_id AND companies.cluster_id <> given.cluster_id

-- name: businesses_of_staged_leads
-- The businesses whose leads may be one person's now.
SELECT DISTINCT cluster_id FROM companies WHERE company_id IN (SELECT company_id FROM staged_leads)

-- name: businesses_of_staged_companies
-- The same after an import of companies, with the businesses that were parted by it.
SELECT DISTINCT cluster_id FROM companies WHERE company_id IN (SELECT company_id FROM staged_companies)
UNION
SELECT own.cluster_id
FROM lead_duplicates found
JOIN leads ON leads.lead_id = found.lead_id JOIN companies own ON own.company_id = leads.company_id
JOIN leads matched ON matched.lead_id = found.matched_id JOIN companies other ON other.company_id = matched.company_id
WHERE found.reason <> 'same_mailbox' AND own.cluster_id <> other.cluster_id

-- name: lead_scope
-- People of the businesses $1, whoever has a mailbox of theirs, and whom either was one person with.
WITH own AS (
    SELECT lead_id, regexp_replace(lower(email), '\+[^@]*@', '@') AS mailbox
    FROM leads JOIN companies USING (company_id) WHERE cluster_id = ANY ($1::text[]) AND NOT is_company_level
), near AS (
    SELECT lead_id FROM own
    UNION SELECT leads.lead_id FROM leads JOIN own ON own.mailbox = regexp_replace(lower(leads.email), '\+[^@]*@', '@')
), tied AS (
    SELECT coalesce(found.representative_id, near.lead_id) AS representative_id
    FROM near LEFT JOIN lead_duplicates found USING (lead_id)
), wanted AS (
    SELECT lead_id FROM near
    UNION SELECT representative_id FROM tied
    UNION SELECT lead_id FROM lead_duplicates WHERE representative_id IN (SELECT representative_id FROM tied)
)
SELECT lead_id, coalesce(leads.tenant_id, '') AS tenant, cluster_id AS business, full_name, title, email, role_codes,
    num_nonnulls(full_name, title, seniority_code, email, leads.country_code, department) AS completeness
FROM wanted JOIN leads USING (lead_id) JOIN companies USING (company_id)
ORDER BY lead_id

-- name: forget_lead_duplicates
-- Remove what was found of the leads $1.
DELETE FROM lead_duplicates WHERE lead_id = ANY ($1::text[])

-- name: keep_lead_duplicates
-- Keep whose person each of the leads $1 is ($2: representative, $3: match, $4: reason, $5: evidence, $6: distance, $7: now).
INSERT INTO lead_duplicates (lead_id, representative_id, matched_id, reason, evidence, distance, found_at)
SELECT lead_id, representative_id, matched_id, reason, evidence, distance, $7::timestamptz
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::smallint[])
    AS given (lead_id, representative_id, matched_id, reason, evidence, distance)

-- name: count_duplicates
-- How many company records are merged into another.
SELECT count(*) FROM company_duplicates

-- name: allow_import
-- Let this transaction take the time an import needs, and run one import at a time.
SELECT set_config('statement_timeout', $1, true),
    set_config('idle_in_transaction_session_timeout', $1, true),
    pg_advisory_xact_lock(4862026003)

-- ======== Query log ========

-- name: find_query
-- A logged query by its id, if tenant $2 (NULL: nobody in particular) has asked it.
SELECT query_id, prompt, parsed, options, as_of, generation, lead_ids, scores FROM queries
WHERE query_id = $1 AND tenant_id IS NOT DISTINCT FROM $2::text

-- ======== Shadow lists ========

-- name: shadowed_candidates
-- Which boosters were held against which, the newest pair first.
SELECT candidate, production, count(*) AS lists, max(created_at) AS newest
FROM shadow_lists GROUP BY candidate, production ORDER BY newest DESC

-- name: shadowed_queries
-- Queries that candidate $1 has scored beside production $2 since $3, oldest first, with the places (from 1) of shown leads that came to
-- something. Outcomes count if they name the query, and of a tenant only where it shares them.
SELECT shadow.lead_ids, shadow.shown_ids, shadow.shown_scores, shadow.share, shadow.correlation, shadow.base_shift,
    queries.created_at AS answered_at, coalesce(queries.prompt, shadow.query_id) AS prompt, coalesce(outcome.places, '{}') AS hits
FROM shadow_lists AS shadow
LEFT JOIN queries USING (query_id)
LEFT JOIN tenants ON tenants.tenant_id = shadow.tenant_id
LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT shown.place) AS places
    FROM outcomes
    JOIN unnest(queries.lead_ids, queries.company_ids) WITH ORDINALITY AS shown (lead_id, company_id, place)
        ON shown.lead_id = outcomes.lead_id OR outcomes.lead_id IS NULL AND shown.company_id = outcomes.company_id
    WHERE outcomes.query_id = shadow.query_id AND coalesce(tenants.shares_outcomes, true)
        AND (outcomes.event IN ('reply', 'meeting', 'conversion') OR outcomes.label = 1)
) AS outcome ON true
WHERE shadow.candidate = $1 AND shadow.production = $2 AND shadow.created_at >= $3
ORDER BY shadow.created_at, shadow.query_id

-- name: thin_shadow_lists
-- Delete at most $2 lists that are older than $1 days; those that somebody else is deleting are his.
DELETE FROM shadow_lists WHERE query_id IN (
    SELECT query_id FROM shadow_lists WHERE created_at < now() - make_interval(days => $1) LIMIT $2 FOR UPDATE SKIP LOCKED)

-- name: answered_between
-- Answers that booster $1 has made from $2 to $3.
SELECT count(*) FROM queries WHERE created_at BETWEEN $2 AND $3 AND versions ->> 'booster' = $1

-- ======== Embeddings of companies. ========

-- name: page_of_embeddable_companies
-- The next $2 companies after id $1 with what is embedded of them and the hash of what was.
SELECT company_id, name, description, tags, industry_raw, embedding_hash
FROM companies WHERE company_id > $1 ORDER BY company_id LIMIT $2

-- name: stage_embeddings
-- An empty staging table for one batch of embeddings; gone at commit.
CREATE TEMPORARY TABLE staged_embeddings (company_id text, embedding vector(384), hash text) ON COMMIT DROP

-- name: store_embeddings
-- Store the staged embeddings; one whose words changed meanwhile is found by its hash the next time.
UPDATE companies SET embedding = staged.embedding, embedding_hash = staged.hash
FROM staged_embeddings AS staged WHERE companies.company_id = staged.company_id

-- ======== Retrieval (F-2, F-2b): the same filters as db/filtering evaluates on a snapshot. ========
-- A parameter that is NULL asks nothing; custom plans fold its clause away, so that indexes serve what is left.
-- Shared by admitted_companies and judged_records:
--  $1 tenant, $2 admit unknown values, $3 industries, $4 head counts with $5 least and $6 most,
--  $7 countries, $8 states, $9 cities, $10 countries of the states, $11 countries and $12 states of the cities,
--  $13 technologies, $14 stages, $15 roles, $16 seniorities,
--  excluded: $17 industries, $18 head counts, $19 countries, $20 states, $21 cities, $22 technologies, $23 stages,
--  $24 roles, $25 seniorities, $26 company ids, $27 name keys, $28 domain keys, $29 keywords (words joined by blanks),
--  $30 clusters of exemplars, $31 mean exemplar vector, $32 roles and $33 seniorities of the unrelaxed query.

-- name: limit_statement_time
-- Give the statements of this transaction $1 milliseconds each.
SELECT set_config('statement_timeout', $1, true)

-- name: search_nearest
-- Walk the HNSW graph with a list of $1, on and on until enough rows pass the filters or $2 were visited. The relaxed
-- order loses fewer of the nearest than the strict one; we sort what comes.
SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', $1, true),
    set_config('hnsw.max_scan_tuples', $2, true)

-- name: admitted_companies
-- The active records that one step of the ladder admits; with $34 only the nearest so many to $31.
WITH barred AS MATERIALIZED (
    SELECT kind, lower(value) AS folded, value FROM suppressions
    WHERE (tenant_id IS NULL OR tenant_id = $1) AND (expires_at IS NULL OR expires_at > now())
)
SELECT c.company_id, c.cluster_id, c.sub_industry_code, c.employee_count, c.country_code, c.region_code, c.city_code,
    c.stage_code IS NULL AS no_stage, c.technologies = '{}' AS no_technology,
    CASE WHEN COALESCE($32::text[], $33::text[], $24::text[], $25::text[]) IS NULL THEN false ELSE COALESCE((
        SELECT bool_or(($32 IS NULL OR l.role_codes && $32 OR l.role_codes = '{}')
                AND ($33 IS NULL OR l.seniority_code = ANY($33) OR l.seniority_code IS NULL))
            AND NOT bool_or(COALESCE(($32 IS NULL OR l.role_codes && $32)
                AND ($33 IS NULL OR l.seniority_code = ANY($33))
                AND ($24 IS NULL OR l.role_codes <> '{}') AND ($25 IS NULL OR l.seniority_code IS NOT NULL), false))
        FROM leads l
        WHERE l.company_id = c.company_id AND (l.tenant_id IS NULL OR l.tenant_id = $1)
            AND ($24 IS NULL OR NOT l.role_codes && $24)
            AND ($25 IS NULL OR l.seniority_code IS NULL OR l.seniority_code <> ALL($25))
            AND l.lead_id NOT IN (SELECT value FROM barred WHERE kind = 'lead')
            AND (l.email IS NULL OR lower(l.email) NOT IN (SELECT folded FROM barred WHERE kind = 'email'))
    ), false) END AS contact_unverified,
    1 - (c.embedding <=> $31::vector) AS similarity
FROM companies c
WHERE c.is_active AND (c.tenant_id IS NULL OR c.tenant_id = $1)
    AND ($3::text[] IS NULL OR c.sub_industry_code = ANY($3) OR ($2::boolean AND c.sub_industry_code IS NULL))
    AND ($4::int4multirange IS NULL OR (c.employee_count BETWEEN $5::integer AND $6::integer AND c.employee_count <@ $4)
        OR ($2 AND c.employee_count IS NULL))
    AND (COALESCE($7::text[], $8::text[], $9::text[]) IS NULL
        OR c.country_code = ANY($7) OR c.region_code = ANY($8) OR c.city_code = ANY($9)
        OR ($2 AND $7 IS NOT NULL AND c.country_code IS NULL)
        OR ($2 AND $8 IS NOT NULL AND c.region_code IS NULL
            AND (c.country_code IS NULL OR c.country_code = ANY($10::text[])))
        OR ($2 AND $9 IS NOT NULL AND c.city_code IS NULL
            AND (c.country_code IS NULL OR c.country_code = ANY($11::text[]))
            AND (c.region_code IS NULL OR c.region_code = ANY($12::text[]))))
    AND ($13::text[] IS NULL OR c.technologies && $13 OR ($2 AND c.technologies = '{}'))
    AND ($14::text[] IS NULL OR c.stage_code = ANY($14) OR ($2 AND c.stage_code IS NULL))
    AND ($30::text[] IS NULL OR c.cluster_id <> ALL($30))
    AND ($34::integer IS NULL OR c.embedding IS NOT NULL)
    AND EXISTS (
        SELECT FROM leads l
        WHERE l.company_id = c.company_id AND (l.tenant_id IS NULL OR l.tenant_id = $1)
            AND ($15::text[] IS NULL OR l.role_codes && $15 OR ($2 AND l.role_codes = '{}'))
            AND ($16::text[] IS NULL OR l.seniority_code = ANY($16) OR ($2 AND l.seniority_code IS NULL))
            AND ($24 IS NULL OR NOT l.role_codes && $24)
            AND ($25 IS NULL OR l.seniority_code IS NULL OR l.seniority_code <> ALL($25))
            AND l.lead_id NOT IN (SELECT value FROM barred WHERE kind = 'lead')
            AND (l.email IS NULL OR lower(l.email) NOT IN (SELECT folded FROM barred WHERE kind = 'email')))
    AND NOT EXISTS (
        SELECT FROM companies d
        WHERE d.cluster_id = c.cluster_id AND (d.tenant_id IS NULL OR d.tenant_id = $1) AND (
            d.company_id IN (SELECT value FROM barred WHERE kind = 'company')
            OR d.domain_key IN (SELECT value FROM barred WHERE kind = 'domain')
            OR d.company_id = ANY($26::text[]) OR d.name_key = ANY($27::text[]) OR d.former_name_keys && $27
            OR d.domain_key = ANY($28::text[])
            OR ($29::text[] IS NOT NULL
                AND EXISTS (SELECT FROM unnest($29) AS words WHERE d.keyword_tokens @> string_to_array(words, ' ')))
            OR d.sub_industry_code = ANY($17::text[]) OR d.employee_count <@ $18::int4multirange
            OR d.country_code = ANY($19::text[]) OR d.region_code = ANY($20::text[]) OR d.city_code = ANY($21::text[])
            OR d.technologies && $22::text[] OR d.stage_code = ANY($23::text[])))
ORDER BY CASE WHEN $34 IS NULL THEN 0 ELSE c.embedding <=> $31 END LIMIT $34

-- name: listed_companies
-- What ids ($2) of a list stand for, as tenant $1 sees it: a company, else a lead of one.
SELECT given.id, c.company_id, c.cluster_id, NULL AS lead_id
FROM unnest($2::text[]) AS given (id) JOIN companies c ON c.company_id = given.id
WHERE c.tenant_id IS NULL OR c.tenant_id = $1::text
UNION ALL
SELECT given.id, c.company_id, c.cluster_id, l.lead_id
FROM unnest($2) AS given (id) JOIN leads l ON l.lead_id = given.id JOIN companies c USING (company_id)
WHERE (c.tenant_id IS NULL OR c.tenant_id = $1) AND (l.tenant_id IS NULL OR l.tenant_id = $1)
    AND NOT EXISTS (SELECT FROM companies same WHERE same.company_id = given.id)

-- name: judged_records
-- Every visible record of the clusters $34, with what each filter says of it; unknown values pass. Only leads $35 and
-- those of the clusters $36 count.
WITH barred AS MATERIALIZED (
    SELECT kind, lower(value) AS folded, value FROM suppressions
    WHERE (tenant_id IS NULL OR tenant_id = $1) AND (expires_at IS NULL OR expires_at > now())
)
SELECT c.company_id, c.cluster_id, c.sub_industry_code, c.employee_count, c.country_code, c.region_code, c.city_code,
    c.stage_code IS NULL AS no_stage, c.technologies = '{}' AS no_technology,
    COALESCE(contact.has_seniority AND NOT contact.verified
        AND COALESCE($32::text[], $33::text[], $24::text[], $25::text[]) IS NOT NULL, false) AS contact_unverified,
    1 - (c.embedding <=> $31::vector) AS similarity,
    c.is_active, COALESCE(contact.owned, false) AS owned, COALESCE(contact.shown, false) AS reachable,
    COALESCE(contact.past_roles, false) AS past_roles, COALESCE(contact.past_seniorities, false) AS past_seniorities,
    COALESCE(contact.has_role, false) AS roles, COALESCE(contact.has_seniority, false) AS seniorities,
    c.company_id IN (SELECT value FROM barred WHERE kind = 'company')
        OR COALESCE(c.domain_key IN (SELECT value FROM barred WHERE kind = 'domain'), false) AS suppressed,
    COALESCE(c.cluster_id = ANY($30::text[]), false) AS is_exemplar,
    COALESCE(c.company_id = ANY($26::text[]) OR c.name_key = ANY($27::text[]) OR c.former_name_keys && $27, false)
        OR COALESCE(c.domain_key = ANY($28::text[]), false) AS excluded_companies,
    EXISTS (SELECT FROM unnest($29::text[]) AS words WHERE c.keyword_tokens @> string_to_array(words, ' '))
        AS excluded_keywords,
    COALESCE(c.sub_industry_code = ANY($17::text[]), false) AS excluded_industries,
    COALESCE(c.employee_count <@ $18::int4multirange, false) AS excluded_employees,
    COALESCE(c.country_code = ANY($19::text[]), false) OR COALESCE(c.region_code = ANY($20::text[]), false)
        OR COALESCE(c.city_code = ANY($21::text[]), false) AS excluded_location,
    COALESCE(c.technologies && $22::text[], false) AS excluded_technologies,
    COALESCE(c.stage_code = ANY($23::text[]), false) AS excluded_stages,
    $3::text[] IS NULL OR c.sub_industry_code IS NULL OR c.sub_industry_code = ANY($3) AS industries,
    $4::int4multirange IS NULL OR c.employee_count IS NULL
        OR (c.employee_count BETWEEN $5::integer AND $6::integer AND c.employee_count <@ $4) AS employees,
    COALESCE($7::text[], $8::text[], $9::text[]) IS NULL OR COALESCE(c.country_code = ANY($7), false)
        OR COALESCE(c.region_code = ANY($8), false) OR COALESCE(c.city_code = ANY($9), false)
        OR ($7 IS NOT NULL AND c.country_code IS NULL)
        OR ($8 IS NOT NULL AND c.region_code IS NULL
            AND (c.country_code IS NULL OR c.country_code = ANY($10::text[])))
        OR ($9 IS NOT NULL AND c.city_code IS NULL
            AND (c.country_code IS NULL OR c.country_code = ANY($11::text[]))
            AND (c.region_code IS NULL OR COALESCE(c.region_code = ANY($12::text[]), false))) AS location,
    $13::text[] IS NULL OR c.technologies = '{}' OR c.technologies && $13 AS technologies,
    $14::text[] IS NULL OR c.stage_code IS NULL OR c.stage_code = ANY($14) AS stages
FROM companies c
LEFT JOIN LATERAL (
    SELECT true AS owned, bool_or(shown) AS shown, bool_or(shown AND role_allowed) AS past_roles,
        bool_or(shown AND role_allowed AND rank_allowed) AS past_seniorities,
        bool_or(shown AND role_allowed AND rank_allowed AND role_possible) AS has_role,
        bool_or(shown AND role_allowed AND rank_allowed AND role_possible AND rank_possible) AS has_seniority,
        bool_or(shown AND role_allowed AND rank_allowed AND verified) AS verified
    FROM leads l CROSS JOIN LATERAL (
        SELECT l.lead_id NOT IN (SELECT value FROM barred WHERE kind = 'lead')
                AND (l.email IS NULL OR lower(l.email) NOT IN (SELECT folded FROM barred WHERE kind = 'email')) AS shown,
            $24::text[] IS NULL OR NOT l.role_codes && $24 AS role_allowed,
            $25::text[] IS NULL OR l.seniority_code IS NULL OR l.seniority_code <> ALL($25) AS rank_allowed,
            $15::text[] IS NULL OR l.role_codes = '{}' OR l.role_codes && $15 AS role_possible,
            $16::text[] IS NULL OR l.seniority_code IS NULL OR l.seniority_code = ANY($16) AS rank_possible,
            COALESCE(($32::text[] IS NULL OR l.role_codes && $32) AND ($33::text[] IS NULL OR l.seniority_code = ANY($33))
                AND ($24::text[] IS NULL OR l.role_codes <> '{}')
                AND ($25::text[] IS NULL OR l.seniority_code IS NOT NULL), false) AS verified
    ) AS judged
    WHERE l.company_id = c.company_id AND (l.tenant_id IS NULL OR l.tenant_id = $1)
        AND (l.lead_id = ANY($35::text[]) OR c.cluster_id = ANY($36::text[]))
    HAVING count(*) > 0
) AS contact ON true
WHERE c.cluster_id = ANY($34::text[]) AND (c.tenant_id IS NULL OR c.tenant_id = $1) AND $2::boolean

-- name: namesakes
-- Records that tenant $1 may see and that answer to a name ($2), by domain key ($4), name key or former name key ($3).
WITH given AS (SELECT * FROM unnest($2::text[], $3::text[], $4::text[]) AS given (name, name_key, domain_key))
SELECT given.name, 0 AS how, company_id, cluster_id, is_active, COALESCE(employee_count, -1) AS employees
FROM given JOIN companies USING (domain_key) WHERE domain_key <> '' AND (tenant_id IS NULL OR tenant_id = $1::text)
UNION ALL
SELECT given.name, 1, company_id, cluster_id, is_active, COALESCE(employee_count, -1)
FROM given JOIN companies USING (name_key) WHERE name_key <> '' AND (tenant_id IS NULL OR tenant_id = $1)
UNION ALL
SELECT given.name, 2, company_id, cluster_id, is_active, COALESCE(employee_count, -1)
FROM given JOIN companies ON former_name_keys @> ARRAY[given.name_key]
WHERE given.name_key <> '' AND (tenant_id IS NULL OR tenant_id = $1)

-- name: exemplar_vectors
-- The vector of each company ($2), or of the first record of the same business that has one and that tenant $1 may see.
SELECT DISTINCT ON (own.company_id) own.cluster_id, c.embedding
FROM companies own LEFT JOIN companies c ON c.cluster_id = own.cluster_id AND c.embedding IS NOT NULL
    AND (c.tenant_id IS NULL OR c.tenant_id = $1::text)
WHERE own.company_id = ANY($2::text[])
ORDER BY own.company_id, c.company_id IS DISTINCT FROM own.company_id, c.company_id COLLATE "C"

-- name: suppressions_in_force
-- Who must not be contacted now; an e-mail address stands for the leads that have it, a lead for all records of the same person.
WITH named AS (
    SELECT tenant_id, kind, value FROM suppressions
    WHERE kind <> 'email' AND (expires_at IS NULL OR expires_at > now())
    UNION
    SELECT s.tenant_id, 'lead', l.lead_id FROM suppressions s JOIN leads l ON lower(l.email) = lower(s.value)
    WHERE s.kind = 'email' AND (s.expires_at IS NULL OR s.expires_at > now())
), persons AS (
    SELECT named.tenant_id, coalesce(found.representative_id, named.value) AS lead_id
    FROM named LEFT JOIN lead_duplicates found ON found.lead_id = named.value WHERE named.kind = 'lead'
)
SELECT tenant_id, kind, value FROM named
UNION
SELECT tenant_id, 'lead', lead_id FROM persons
UNION
SELECT persons.tenant_id, 'lead', same.lead_id FROM persons JOIN lead_duplicates same ON same.representative_id = persons.lead_id

-- ======== Training ========

-- name: outcomes_with_prompts
-- What was shown for which prompt and what came of it; leads stand for their companies. A tenant's own only where it shares
-- them: its outcomes, and whatever is told of its queries.
SELECT coalesce(outcomes.prompt, queries.prompt) AS prompt, coalesce(outcomes.company_id, leads.company_id) AS company_id,
    outcomes.event, outcomes.occurred_at, outcomes.label = 1 AS label
FROM outcomes
LEFT JOIN queries USING (query_id)
LEFT JOIN leads ON leads.lead_id = outcomes.lead_id
LEFT JOIN tenants ON tenants.tenant_id = coalesce(outcomes.tenant_id, queries.tenant_id)
WHERE outcomes.event IS NOT NULL AND coalesce(tenants.shares_outcomes, true)
    AND coalesce(outcomes.prompt, queries.prompt) IS NOT NULL
    AND coalesce(outcomes.company_id, leads.company_id) IS NOT NULL
ORDER BY outcomes.occurred_at, outcomes.event_id

-- name: labels_to_learn
-- Judgements made with these features on evidence that everybody may see.
SELECT product_key, company_id, model, prompt_version, score, features, coalesce(as_of, created_at) AS as_of
FROM llm_labels
WHERE tenant_id IS NULL AND feature_schema = $1 AND features IS NOT NULL
ORDER BY product_key, company_id, evidence_hash, model, prompt_version

-- name: label_batch
-- A batch of labels on its way into llm_labels, seen by its connection alone and empty after each transaction.
CREATE TEMPORARY TABLE IF NOT EXISTS label_batch ON COMMIT DELETE ROWS AS
SELECT product_key, company_id, evidence_hash, model, prompt_version, tenant_id, score, feature_schema, features, as_of,
    tokens_in, tokens_out, cost_usd, query_id
FROM llm_labels
WITH NO DATA

-- name: store_labels
-- The first judgement of an evidence stays: the same one again is the same label.
INSERT INTO llm_labels (product_key, company_id, evidence_hash, model, prompt_version, tenant_id, score, feature_schema,
    features, as_of, tokens_in, tokens_out, cost_usd, query_id)
SELECT product_key, company_id, evidence_hash, model, prompt_version, tenant_id, score, feature_schema,
    features, as_of, tokens_in, tokens_out, cost_usd, query_id
FROM label_batch
ON CONFLICT DO NOTHING
