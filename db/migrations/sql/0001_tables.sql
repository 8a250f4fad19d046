-- Tenancy. tenant_id NULL in the tables below means "shared by every tenant".
CREATE TABLE tenants (
    tenant_id text PRIMARY KEY,
    name text NOT NULL,
    shares_outcomes boolean NOT NULL DEFAULT false,
    daily_budget_usd numeric(12, 6),
    settings jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN tenants.shares_outcomes IS 'opt-in: outcomes of this tenant train the shared ranker';

CREATE TABLE api_keys (
    key_id text PRIMARY KEY,
    tenant_id text NOT NULL REFERENCES tenants ON DELETE CASCADE,
    key_hash bytea NOT NULL UNIQUE,
    label text NOT NULL DEFAULT '',
    scopes text[] NOT NULL DEFAULT '{}',
    miner_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX api_keys_tenant ON api_keys (tenant_id);

CREATE TABLE suppressions (
    suppression_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id text REFERENCES tenants ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('company', 'lead', 'domain', 'email')),
    value text NOT NULL,
    reason text NOT NULL CHECK (reason IN ('do_not_contact', 'delivered', 'erasure')),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE NULLS NOT DISTINCT (tenant_id, kind, value, reason)
);
CREATE INDEX suppressions_txid ON suppressions (txid);

-- The graph.
CREATE TABLE companies (
    company_id text PRIMARY KEY,
    tenant_id text REFERENCES tenants ON DELETE CASCADE,
    name text NOT NULL,
    name_key text NOT NULL,
    domain text,
    domain_key text,
    description text NOT NULL DEFAULT '',
    industry_code text,
    sub_industry_code text,
    industry_raw text,
    country_code text,
    region_code text,
    region_raw text,
    city_code text,
    city_raw text,
    employee_count integer CHECK (employee_count >= 0),
    founded_year integer,
    stage_code text,
    stage_raw text,
    technologies text[] NOT NULL DEFAULT '{}',
    tags text[] NOT NULL DEFAULT '{}',
    former_names text[] NOT NULL DEFAULT '{}',
    former_name_keys text[] NOT NULL DEFAULT '{}',
    keyword_tokens text[] NOT NULL DEFAULT '{}',
    is_active boolean NOT NULL DEFAULT true,
    cluster_id text NOT NULL,
    simhash bigint,
    attributes jsonb NOT NULL DEFAULT '{}',
    embedding vector(384),
    embedding_hash text,
    content_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    txid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
COMMENT ON COLUMN companies.cluster_id IS 'company_id of the representative record; the own id when alone';
COMMENT ON COLUMN companies.embedding IS 'NULL until embedded, and again after the embedded text changed';

CREATE TABLE company_duplicates (
    company_id text PRIMARY KEY REFERENCES companies ON DELETE CASCADE,
    representative_id text NOT NULL,
    reason text NOT NULL CHECK (reason IN ('same_domain', 'former_name', 'near_identical')),
    matched_id text NOT NULL,
    distance smallint,
    containment real,
    evidence text NOT NULL,
    found_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE company_duplicates IS 'why a company record is merged into its representative (F-3)';

CREATE TABLE leads (
    lead_id text PRIMARY KEY,
    company_id text NOT NULL REFERENCES companies ON DELETE CASCADE,
    tenant_id text REFERENCES tenants ON DELETE CASCADE,
    full_name text,
    title text,
    seniority_code text,
    role_codes text[] NOT NULL DEFAULT '{}',
    department text,
    email text,
    country_code text,
    is_company_level boolean NOT NULL DEFAULT false,
    firmographics jsonb NOT NULL DEFAULT '{}',
    technographics jsonb NOT NULL DEFAULT '{}',
    attributes jsonb NOT NULL DEFAULT '{}',
    content_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    txid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- Miners and their evidence.
CREATE TABLE miners (
    miner_id text PRIMARY KEY,
    tenant_id text REFERENCES tenants ON DELETE SET NULL,
    snippets bigint NOT NULL DEFAULT 0,
    impressions double precision NOT NULL DEFAULT 0,
    observed_clicks double precision NOT NULL DEFAULT 0,
    expected_clicks double precision NOT NULL DEFAULT 0,
    observed_conversions double precision NOT NULL DEFAULT 0,
    expected_conversions double precision NOT NULL DEFAULT 0,
    mqf_score double precision,
    mqf_upper_bound double precision,
    is_flagged boolean NOT NULL DEFAULT false,
    throttled_until timestamptz,
    attributes jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE snippet_keys (
    miner_id text NOT NULL,
    snippet_id text NOT NULL,
    tenant_id text REFERENCES tenants ON DELETE CASCADE,
    company_id text NOT NULL REFERENCES companies ON DELETE CASCADE,
    seen_at timestamptz NOT NULL,
    latest_seen_at timestamptz NOT NULL,
    revision integer NOT NULL DEFAULT 1,
    content_hash text NOT NULL,
    PRIMARY KEY (miner_id, snippet_id)
);
COMMENT ON COLUMN snippet_keys.seen_at IS 'when the first revision came; it earns the credit';
COMMENT ON COLUMN snippet_keys.latest_seen_at IS 'seen_at of the newest revision, which is the one that counts as evidence';
CREATE INDEX snippet_keys_company ON snippet_keys (company_id);
CREATE INDEX snippet_keys_seen_at ON snippet_keys (latest_seen_at);

-- Queries, what came of them, and what they cost.
CREATE TABLE queries (
    query_id text PRIMARY KEY,
    tenant_id text REFERENCES tenants ON DELETE CASCADE,
    submitter_id text,
    prompt text NOT NULL,
    parsed jsonb NOT NULL DEFAULT '{}',
    options jsonb NOT NULL DEFAULT '{}',
    as_of timestamptz NOT NULL,
    generation text,
    versions jsonb NOT NULL DEFAULT '{}',
    lead_ids text[] NOT NULL DEFAULT '{}',
    company_ids text[] NOT NULL DEFAULT '{}',
    scores double precision[] NOT NULL DEFAULT '{}',
    fit_scores double precision[] NOT NULL DEFAULT '{}',
    intent_scores double precision[] NOT NULL DEFAULT '{}',
    intent_sources text[] NOT NULL DEFAULT '{}',
    signals jsonb NOT NULL DEFAULT '[]',
    pool integer NOT NULL DEFAULT 0,
    available integer NOT NULL DEFAULT 0,
    relaxation jsonb NOT NULL DEFAULT '[]',
    routes jsonb NOT NULL DEFAULT '{}',
    degradations jsonb NOT NULL DEFAULT '[]',
    timings_ms jsonb NOT NULL DEFAULT '{}',
    cost_usd numeric(14, 8) NOT NULL DEFAULT 0,
    pending_usd numeric(14, 8) NOT NULL DEFAULT 0,
    llm_calls integer NOT NULL DEFAULT 0,
    llm_ratio real NOT NULL DEFAULT 0,
    quality_score real,
    mqf_score real,
    is_flagged boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX queries_tenant_created ON queries (tenant_id, created_at DESC);
CREATE INDEX queries_submitter_created ON queries (submitter_id, created_at DESC);
CREATE INDEX queries_created ON queries USING brin (created_at);

CREATE TABLE outcomes (
    event_id text PRIMARY KEY,
    tenant_id text REFERENCES tenants ON DELETE CASCADE,
    query_id text,
    prompt text,
    lead_id text,
    company_id text,
    event text CHECK (event IN ('impression', 'click', 'reply', 'meeting', 'conversion')),
    occurred_at timestamptz NOT NULL,
    label smallint CHECK (label IN (0, 1)),
    position integer CHECK (position >= 1),
    attributes jsonb NOT NULL DEFAULT '{}',
    content_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (query_id IS NOT NULL OR prompt IS NOT NULL),
    CHECK (lead_id IS NOT NULL OR company_id IS NOT NULL),
    CHECK (event IS NOT NULL OR label IS NOT NULL)
);
CREATE INDEX outcomes_query ON outcomes (query_id);
CREATE INDEX outcomes_company ON outcomes (company_id, occurred_at);
CREATE INDEX outcomes_lead ON outcomes (lead_id, occurred_at);
CREATE INDEX outcomes_occurred ON outcomes USING brin (occurred_at);

CREATE TABLE query_quality_reputation (
    submitter_id text PRIMARY KEY,
    tenant_id text REFERENCES tenants ON DELETE CASCADE,
    queries bigint NOT NULL DEFAULT 0,
    score double precision NOT NULL DEFAULT 0,
    flag_rate double precision NOT NULL DEFAULT 0,
    last_query_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE query_submitter_throttles (
    throttle_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    submitter_id text NOT NULL,
    reason text NOT NULL,
    throttled_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    lifted_at timestamptz
);
CREATE INDEX query_submitter_throttles_submitter ON query_submitter_throttles (submitter_id, expires_at DESC);

CREATE TABLE llm_labels (
    label_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id text REFERENCES tenants ON DELETE CASCADE,
    product_key text NOT NULL,
    company_id text NOT NULL,
    evidence_hash text NOT NULL,
    model text NOT NULL,
    prompt_version text NOT NULL,
    score real NOT NULL CHECK (score BETWEEN 0 AND 100),
    reason text NOT NULL DEFAULT '',
    feature_schema text,
    features real[],
    tokens_in integer NOT NULL DEFAULT 0,
    tokens_out integer NOT NULL DEFAULT 0,
    cost_usd numeric(14, 8) NOT NULL DEFAULT 0,
    query_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (tenant_id, product_key, company_id, evidence_hash, model, prompt_version)
);
COMMENT ON COLUMN llm_labels.tenant_id IS 'NULL: scored on public evidence, shared';

CREATE TABLE cost_ledger (
    entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id text REFERENCES tenants ON DELETE CASCADE,
    query_id text,
    lead_id text,
    day date NOT NULL,
    kind text NOT NULL,
    state text NOT NULL CHECK (state IN ('reserved', 'settled', 'released')),
    model text,
    tokens_in integer NOT NULL DEFAULT 0,
    tokens_out integer NOT NULL DEFAULT 0,
    amount_usd numeric(14, 8) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz
);
CREATE INDEX cost_ledger_tenant_day ON cost_ledger (tenant_id, day);
CREATE INDEX cost_ledger_query ON cost_ledger (query_id);

-- One row per tenant and day, updated conditionally: spent + reserved never passes the limit.
CREATE TABLE cost_budgets (
    tenant_id text NOT NULL,
    day date NOT NULL,
    limit_usd numeric(14, 8) NOT NULL CHECK (limit_usd >= 0),
    reserved_usd numeric(14, 8) NOT NULL DEFAULT 0 CHECK (reserved_usd >= 0),
    spent_usd numeric(14, 8) NOT NULL DEFAULT 0 CHECK (spent_usd >= 0),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, day)
);

-- What an import could not map to the taxonomy, with the number of rows of its latest import.
CREATE TABLE unmapped_values (
    field text NOT NULL,
    value text NOT NULL,
    occurrences bigint NOT NULL CHECK (occurrences > 0),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (field, value)
);

-- Deleted rows, for readers that follow changes by transaction id.
CREATE TABLE tombstones (
    entity text NOT NULL CHECK (entity IN ('company', 'lead', 'snippet')),
    entity_id text NOT NULL,
    company_id text NOT NULL,
    deleted_at timestamptz NOT NULL DEFAULT now(),
    txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (entity, entity_id, txid)
);
CREATE INDEX tombstones_txid ON tombstones (txid);

-- What a lead row carries of its company.
CREATE FUNCTION company_firmographics(company companies) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'industry', company.industry_code, 'sub_industry', company.sub_industry_code,
        'country', company.country_code, 'region', company.region_code, 'city', company.city_code,
        'employee_count', company.employee_count, 'founded_year', company.founded_year, 'stage', company.stage_code))
$$;

CREATE FUNCTION company_technographics(company companies) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('technologies', to_jsonb(company.technologies))
$$;
