-- Statements of the Postgres leg. Filters, NULL asks nothing: $3 industries, $4 head counts, $5 countries, $6 states, $7 cities,
-- $8 technologies, $9 stages, $10 roles, $11 seniorities; excluded: $12 industries, $13 head counts, $14 countries, $15 states,
-- $16 cities, $17 technologies, $18 stages, $19 company ids, $20 name keys, $21 domain keys, $22 keywords.

-- name: build
-- Snippets with their words, in a schema of its own.
CREATE SCHEMA IF NOT EXISTS peers;
DROP TABLE IF EXISTS peers.snippets;
CREATE TABLE peers.snippets AS
SELECT c.cluster_id AS company_id, to_tsvector('english', s.text) AS words
FROM intent_snippets s JOIN companies c USING (company_id)
WHERE s.is_current AND NOT s.is_flagged AND s.duplicate_of IS NULL AND s.tenant_id IS NULL AND c.is_active AND c.tenant_id IS NULL;
CREATE INDEX ON peers.snippets USING gin (words) WITH (fastupdate = off);
CREATE INDEX ON peers.snippets (company_id);
ANALYZE peers.snippets

-- name: size
-- Bytes of the table with its indexes, and of the vectors' index.
SELECT pg_total_relation_size('peers.snippets') + pg_relation_size('companies_embedding')

-- name: drop
-- Leave nothing behind.
DROP SCHEMA IF EXISTS peers CASCADE

-- name: search
-- The 25 best by reciprocal ranks of full text ($1 a tsquery of words joined by |) and of vectors ($2).
WITH passing AS NOT MATERIALIZED (
    SELECT c.company_id, c.embedding FROM companies c
    WHERE c.is_active AND c.tenant_id IS NULL AND c.company_id = c.cluster_id
        AND ($3::text[] IS NULL OR c.sub_industry_code = ANY($3))
        AND ($4::int4multirange IS NULL OR c.employee_count <@ $4)
        AND (COALESCE($5::text[], $6::text[], $7::text[]) IS NULL
            OR c.country_code = ANY($5) OR c.region_code = ANY($6) OR c.city_code = ANY($7))
        AND ($8::text[] IS NULL OR c.technologies && $8)
        AND ($9::text[] IS NULL OR c.stage_code = ANY($9))
        AND (COALESCE($10::text[], $11::text[]) IS NULL OR EXISTS (
            SELECT FROM leads l WHERE l.company_id = c.company_id AND l.tenant_id IS NULL
                AND ($10 IS NULL OR l.role_codes && $10) AND ($11 IS NULL OR l.seniority_code = ANY($11))))
        AND ($12::text[] IS NULL OR c.sub_industry_code IS NULL OR c.sub_industry_code <> ALL($12))
        AND ($13::int4multirange IS NULL OR c.employee_count IS NULL OR NOT c.employee_count <@ $13)
        AND ($14::text[] IS NULL OR c.country_code IS NULL OR c.country_code <> ALL($14))
        AND ($15::text[] IS NULL OR c.region_code IS NULL OR c.region_code <> ALL($15))
        AND ($16::text[] IS NULL OR c.city_code IS NULL OR c.city_code <> ALL($16))
        AND ($17::text[] IS NULL OR NOT c.technologies && $17)
        AND ($18::text[] IS NULL OR c.stage_code IS NULL OR c.stage_code <> ALL($18))
        AND ($19::text[] IS NULL OR c.company_id <> ALL($19))
        AND ($20::text[] IS NULL OR c.name_key <> ALL($20))
        AND ($21::text[] IS NULL OR c.domain_key IS NULL OR c.domain_key <> ALL($21))
        AND ($22::text[] IS NULL OR NOT EXISTS (
            SELECT FROM unnest($22) AS words WHERE c.keyword_tokens @> string_to_array(words, ' ')))
), lexical AS (
    SELECT company_id, row_number() OVER (ORDER BY score DESC, company_id) AS place FROM (
        SELECT s.company_id, max(ts_rank_cd(s.words, to_tsquery('english', $1))) AS score
        FROM peers.snippets s JOIN passing USING (company_id)
        WHERE s.words @@ to_tsquery('english', $1)
        GROUP BY s.company_id ORDER BY score DESC, s.company_id LIMIT 200) best
), dense AS (
    SELECT company_id, row_number() OVER (ORDER BY distance, company_id) AS place FROM (
        SELECT company_id, embedding <=> $2::vector AS distance FROM passing
        WHERE embedding IS NOT NULL ORDER BY embedding <=> $2 LIMIT 200) nearest
)
SELECT company_id
FROM (SELECT company_id, place FROM lexical UNION ALL SELECT company_id, place FROM dense) found
GROUP BY company_id ORDER BY sum(1.0 / (60 + place)) DESC, company_id LIMIT 25

-- name: documents
-- What another engine indexes: every snippet that counts, with the columns of its company that are filtered by.
SELECT c.cluster_id AS company_id, s.text, r.sub_industry_code, r.employee_count, r.country_code, r.region_code, r.city_code,
    r.stage_code, r.technologies
FROM intent_snippets s JOIN companies c USING (company_id) JOIN companies r ON r.company_id = c.cluster_id
WHERE s.is_current AND NOT s.is_flagged AND s.duplicate_of IS NULL AND s.tenant_id IS NULL AND c.is_active AND c.tenant_id IS NULL
