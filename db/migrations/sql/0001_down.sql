DROP FUNCTION company_firmographics(companies), company_technographics(companies);
DROP TABLE tombstones, unmapped_values, cost_budgets, cost_ledger, llm_labels, query_submitter_throttles,
    query_quality_reputation, outcomes, queries, intent_snippets, snippet_keys, miners, leads, company_duplicates,
    companies, suppressions, api_keys, tenants;
DROP FUNCTION IF EXISTS make_snippet_partition(timestamptz);
DROP FUNCTION make_snippet_partitions(timestamptz, integer);
DROP FUNCTION drop_old_snippets(timestamptz, interval);
DROP FUNCTION stamp_change(), bury_company(), bury_lead(), bury_snippet();
