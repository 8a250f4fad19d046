DROP FUNCTION reclaim_leases(interval);
DROP FUNCTION return_money(uuid[], numeric[]);
DROP FUNCTION renew_leases(uuid[], interval);
DROP FUNCTION settle_calls(uuid[], uuid[], text[], text[], text[], text[], integer[], integer[], integer[], numeric[],
    boolean[], timestamptz[]);
DROP FUNCTION lock_budgets(uuid[]);
DROP FUNCTION lease_money(uuid, text, text, numeric, numeric, numeric, numeric, interval);
DROP FUNCTION cost_clock();
-- The first release knew other states and referred to tenants.
DELETE FROM cost_ledger WHERE state NOT IN ('reserved', 'settled', 'released')
    OR NOT EXISTS (SELECT FROM tenants WHERE tenants.tenant_id = cost_ledger.tenant_id);
ALTER TABLE cost_ledger
    DROP CONSTRAINT cost_ledger_state_check,
    DROP COLUMN is_late,
    DROP COLUMN tokens_cached,
    DROP COLUMN lease_id,
    DROP COLUMN call_id,
    ALTER COLUMN amount_usd TYPE numeric(14, 8),
    ALTER COLUMN tenant_id DROP NOT NULL,
    ADD CONSTRAINT cost_ledger_state_check CHECK (state IN ('reserved', 'settled', 'released')),
    ADD CONSTRAINT cost_ledger_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants ON DELETE CASCADE;
DROP TABLE cost_leases;
ALTER TABLE cost_budgets
    RESET (fillfactor),
    DROP COLUMN lost_usd,
    ALTER COLUMN limit_usd TYPE numeric(14, 8),
    ALTER COLUMN reserved_usd TYPE numeric(14, 8),
    ALTER COLUMN spent_usd TYPE numeric(14, 8);
