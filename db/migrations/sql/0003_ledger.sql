-- US dollars to nine places: a token of the cheapest model costs tens of nano-dollars, so every price is exact.
-- A ledger outlives the tenants it is about: no reference to tenants.
ALTER TABLE cost_budgets
    ALTER COLUMN limit_usd TYPE numeric(18, 9),
    ALTER COLUMN reserved_usd TYPE numeric(18, 9),
    ALTER COLUMN spent_usd TYPE numeric(18, 9),
    ADD COLUMN lost_usd numeric(18, 9) NOT NULL DEFAULT 0 CHECK (lost_usd >= 0);
COMMENT ON TABLE cost_budgets IS
    'one row per tenant and UTC day, tenant_id * for everybody together; nothing is granted unless reserved + spent + lost stay within limit';
COMMENT ON COLUMN cost_budgets.lost_usd IS 'leased to replicas that have not been heard of since: counts as spent';
-- Rows of every tenant and of everybody are updated all day long: room on the page keeps the updates off the index.
ALTER TABLE cost_budgets SET (fillfactor = 50);

CREATE TABLE cost_leases (
    lease_id uuid PRIMARY KEY,
    tenant_id text NOT NULL CHECK (tenant_id <> '*'),
    day date NOT NULL,
    replica_id text NOT NULL,
    state text NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'returned', 'lost')),
    amount_usd numeric(18, 9) NOT NULL CHECK (amount_usd >= 0),
    settled_usd numeric(18, 9) NOT NULL DEFAULT 0 CHECK (settled_usd >= 0),
    granted_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    FOREIGN KEY (tenant_id, day) REFERENCES cost_budgets
);
CREATE INDEX cost_leases_held ON cost_leases (expires_at) WHERE state = 'held';
CREATE INDEX cost_leases_day ON cost_leases (tenant_id, day);
COMMENT ON COLUMN cost_leases.amount_usd IS 'what the replica may spend; giving money back makes it less';
COMMENT ON COLUMN cost_leases.settled_usd IS 'sum of the ledger entries paid out of it; above amount where a call cost more than was held for it';

ALTER TABLE cost_ledger
    DROP CONSTRAINT cost_ledger_tenant_id_fkey,
    DROP CONSTRAINT cost_ledger_state_check,
    ALTER COLUMN tenant_id SET NOT NULL,
    ALTER COLUMN amount_usd TYPE numeric(18, 9),
    ADD COLUMN call_id uuid NOT NULL UNIQUE,
    ADD COLUMN lease_id uuid NOT NULL REFERENCES cost_leases,
    ADD COLUMN tokens_cached integer NOT NULL DEFAULT 0,
    ADD COLUMN is_late boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT cost_ledger_state_check CHECK (state IN ('settled', 'estimated'));
CREATE INDEX cost_ledger_lease ON cost_ledger (lease_id);
COMMENT ON COLUMN cost_ledger.state IS 'settled: by the usage in the reply; estimated: no usage came, what was held counts';
COMMENT ON COLUMN cost_ledger.is_late IS 'the answer came after its query had been answered';
