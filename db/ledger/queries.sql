-- Named statements of the ledger; the functions are made by the migration 0003_spending.

-- name: lease_money
-- Money for a replica: lease $1, tenant $2, replica $3, wanted $4, needed $5, limits of tenant $6 and of all $7, life $8.
SELECT amount, life_s, refused FROM lease_money($1, $2, $3, $4, $5, $6, $7, $8)

-- name: renew_leases
-- Leases $1 live $2 longer, those that still live.
SELECT lease_id, life_s FROM renew_leases($1, $2)

-- name: settle_calls
-- Book calls; a call that is booked already is passed over.
SELECT settle_calls($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)

-- name: return_money
-- Leases $1 keep $2 and give the rest back.
SELECT return_money($1, $2)

-- name: reclaim_leases
-- Leases whose replica has been silent for $1 beyond their time count as spent.
SELECT leases, amount FROM reclaim_leases($1)

-- name: unreported_leases
-- Leases that count as spent and whose money nobody has accounted for, oldest first, at most $1.
SELECT lease_id, tenant_id, day, replica_id, amount_usd - settled_usd AS unreported_usd FROM cost_leases
WHERE state = 'lost' ORDER BY granted_at, lease_id LIMIT $1

-- name: budget_of
-- How a tenant's budget stands today ('*': everybody's).
SELECT limit_usd, reserved_usd, spent_usd, lost_usd FROM cost_budgets
WHERE tenant_id = $1 AND day = (cost_clock() AT TIME ZONE 'UTC')::date

-- name: cost_of_query
-- What a query has cost by now: answers that came late are among it.
SELECT coalesce(sum(amount_usd), 0) AS total_usd, coalesce(sum(amount_usd) FILTER (WHERE is_late), 0) AS late_usd,
    count(*) AS calls, coalesce(sum(tokens_in), 0) AS tokens_in, coalesce(sum(tokens_out), 0) AS tokens_out
FROM cost_ledger WHERE query_id = $1
