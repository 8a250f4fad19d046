-- Named statements of company attribution, loaded by ingest/sources/known_companies.py.

-- name: mentioned_companies
-- Records that tenant $3 may see and that have one of the names $1, now or formerly, or one of the domains $2.
WITH sharing AS (
    SELECT company_id FROM companies WHERE domain_key = ANY ($2::text[])
    UNION SELECT company_id FROM companies WHERE name_key = ANY ($1::text[])
    UNION SELECT company_id FROM companies WHERE former_name_keys && $1::text[]
)
SELECT company_id, cluster_id, name, name_key, former_name_keys, domain, description, country_code, city_code,
    technologies, attributes
FROM companies JOIN sharing USING (company_id)
WHERE tenant_id IS NULL OR tenant_id = $3::text
ORDER BY company_id

-- name: sample_descriptions
-- Descriptions of $1 companies, always the same ones of the same store, spread over all.
SELECT description FROM companies WHERE description <> '' ORDER BY md5(company_id) LIMIT $1
