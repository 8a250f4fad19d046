-- The revision replaces the comment after the columns: by nothing for a hypertable, by ranges of seen_at natively.
CREATE TABLE intent_snippets (
    company_id text NOT NULL REFERENCES companies ON DELETE CASCADE,
    miner_id text NOT NULL,
    snippet_id text NOT NULL,
    seen_at timestamptz NOT NULL,
    tenant_id text REFERENCES tenants ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN (
        'job_posting', 'tech_change', 'news', 'web_page', 'funding', 'launch', 'social', 'review', 'other')),
    text text NOT NULL,
    observed_at timestamptz,
    source_url text,
    source_type text,
    technologies_added text[] NOT NULL DEFAULT '{}',
    technologies_removed text[] NOT NULL DEFAULT '{}',
    role_codes text[] NOT NULL DEFAULT '{}',
    duplicate_of text,
    is_flagged boolean NOT NULL DEFAULT false,
    is_current boolean NOT NULL DEFAULT true,
    simhash bigint,
    content_hash text NOT NULL,
    revision integer NOT NULL DEFAULT 1,
    attributes jsonb NOT NULL DEFAULT '{}',
    bm25 real,
    txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (company_id, miner_id, snippet_id, seen_at)
) /* PARTITIONING */;
COMMENT ON COLUMN intent_snippets.is_current IS 'false once a newer revision of the same (miner_id, snippet_id) is stored';
COMMENT ON COLUMN intent_snippets.bm25 IS 'best raw score from batch products; never read online';
