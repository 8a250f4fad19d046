CREATE INDEX companies_tenant ON companies (tenant_id) WHERE tenant_id IS NOT NULL;
CREATE INDEX companies_name_key ON companies (name_key);
CREATE INDEX companies_name_opening ON companies (split_part(name_key, ' ', 1));
CREATE INDEX companies_domain_key ON companies (domain_key);
CREATE INDEX companies_industry ON companies (industry_code, employee_count);
CREATE INDEX companies_sub_industry ON companies (sub_industry_code);
CREATE INDEX companies_country ON companies (country_code, region_code);
CREATE INDEX companies_city ON companies (city_code);
CREATE INDEX companies_employees ON companies (employee_count);
CREATE INDEX companies_stage ON companies (stage_code);
CREATE INDEX companies_cluster ON companies (cluster_id);
CREATE INDEX companies_updated ON companies (updated_at);
CREATE INDEX companies_txid ON companies (txid);
CREATE INDEX companies_technologies ON companies USING gin (technologies);
CREATE INDEX companies_tags ON companies USING gin (tags);
CREATE INDEX companies_former_name_keys ON companies USING gin (former_name_keys);
CREATE INDEX companies_keyword_tokens ON companies USING gin (keyword_tokens);
CREATE INDEX companies_attributes ON companies USING gin (attributes jsonb_path_ops);
CREATE INDEX companies_embedding ON companies USING hnsw (embedding vector_cosine_ops)
    WITH (m = 16, ef_construction = 64);

CREATE INDEX company_duplicates_representative ON company_duplicates (representative_id);

CREATE INDEX leads_company ON leads (company_id);
CREATE INDEX leads_seniority ON leads (seniority_code);
CREATE INDEX leads_email ON leads (email);
CREATE INDEX leads_created ON leads (created_at);
CREATE INDEX leads_updated ON leads (updated_at);
CREATE INDEX leads_txid ON leads (txid);
CREATE INDEX leads_role_codes ON leads USING gin (role_codes);
CREATE INDEX leads_firmographics ON leads USING gin (firmographics jsonb_path_ops);
CREATE INDEX leads_technographics ON leads USING gin (technographics jsonb_path_ops);

CREATE INDEX intent_snippets_observed ON intent_snippets (observed_at);
CREATE INDEX intent_snippets_key ON intent_snippets (miner_id, snippet_id);
CREATE INDEX intent_snippets_txid ON intent_snippets (txid);
CREATE INDEX intent_snippets_attributes ON intent_snippets USING gin (attributes jsonb_path_ops);
