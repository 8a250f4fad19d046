-- Who may produce what over Kafka: public keys only, so that who reads this table can forge nothing.
CREATE TABLE producer_keys (
    key_id text PRIMARY KEY CHECK (key_id ~ '^[0-9a-f]{32}$'),
    role text NOT NULL CHECK (role IN ('miner', 'relay', 'outcomes')),
    miner_id text,
    public_key bytea NOT NULL UNIQUE CHECK (octet_length(public_key) = 32),
    label text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CHECK ((role = 'miner') = (miner_id IS NOT NULL))
);
CREATE INDEX producer_keys_miner ON producer_keys (miner_id);
COMMENT ON COLUMN producer_keys.key_id IS 'half of the SHA-256 of the public key, in hex';
COMMENT ON COLUMN producer_keys.role IS 'miner: its own snippets; relay: anyone''s, and outcomes; outcomes: only these';
