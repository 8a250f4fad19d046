-- Money moves in these functions only, one call each, so that no client holds a lock while it thinks.
-- Locks are taken in one order: leases by id, then budgets by (day, tenant_id), '*' being the first of its day.

-- The ledger's clock: only the server's, so that replicas need not agree on the time.
CREATE FUNCTION cost_clock() RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT now() $$;

-- Take up to `wanted` but at least `needed` out of the day's budgets of the tenant and of everybody.
-- `refused` names the budget that had less than `needed`. The same lease asked for again is granted once.
CREATE FUNCTION lease_money(
    lease uuid, tenant text, replica text, wanted numeric, needed numeric, tenant_limit numeric, global_limit numeric,
    life interval, OUT amount numeric, OUT life_s double precision, OUT refused text
) LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := cost_clock();
    today date := (moment AT TIME ZONE 'UTC')::date;
    ends timestamptz := least(moment + life, (today + 1)::timestamp AT TIME ZONE 'UTC');
BEGIN
    life_s := extract(epoch FROM ends - moment);
    -- Makes the rows of a new day, follows limits that were changed, and locks both rows either way.
    INSERT INTO cost_budgets AS b (tenant_id, day, limit_usd)
    VALUES ('*', today, global_limit),
        (tenant, today, coalesce((SELECT daily_budget_usd FROM tenants WHERE tenant_id = tenant), tenant_limit))
    ON CONFLICT (tenant_id, day) DO UPDATE SET limit_usd = excluded.limit_usd
        WHERE b.limit_usd <> excluded.limit_usd;
    SELECT amount_usd INTO amount FROM cost_leases WHERE lease_id = lease;
    IF FOUND THEN
        RETURN;
    END IF;
    SELECT room, CASE WHEN tenant_id = '*' THEN 'global' ELSE 'tenant' END INTO amount, refused
    FROM (SELECT tenant_id, limit_usd - reserved_usd - spent_usd - lost_usd AS room FROM cost_budgets
          WHERE day = today AND tenant_id IN ('*', tenant)) rooms
    ORDER BY room, tenant_id LIMIT 1;
    IF amount < needed OR amount <= 0 THEN
        amount := 0;
        RETURN;
    END IF;
    amount := least(amount, wanted);
    refused := NULL;
    UPDATE cost_budgets SET reserved_usd = reserved_usd + amount, updated_at = moment
    WHERE day = today AND tenant_id IN ('*', tenant)
        AND reserved_usd + spent_usd + lost_usd + amount <= limit_usd;
    INSERT INTO cost_leases (lease_id, tenant_id, day, replica_id, amount_usd, granted_at, expires_at)
    VALUES (lease, tenant, today, replica, amount, moment, ends);
END $$;

-- Lock the budgets of some leases in the one order.
CREATE FUNCTION lock_budgets(leases uuid[]) RETURNS void LANGUAGE sql AS $$
    SELECT FROM cost_budgets b
    WHERE EXISTS (SELECT FROM cost_leases l WHERE l.lease_id = ANY(leases) AND l.day = b.day
                  AND b.tenant_id IN ('*', l.tenant_id))
    ORDER BY b.day, b.tenant_id <> '*', b.tenant_id FOR UPDATE
$$;

-- Book calls: each once, however often it is sent. Returns how many were new.
CREATE FUNCTION settle_calls(
    calls uuid[], leases uuid[], queries text[], kinds text[], states text[], models text[], tokens_in integer[],
    tokens_cached integer[], tokens_out integer[], amounts numeric[], late boolean[], ended timestamptz[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    booked bigint;
BEGIN
    PERFORM FROM cost_leases WHERE lease_id = ANY(leases) ORDER BY lease_id FOR UPDATE;
    PERFORM lock_budgets(leases);
    WITH fresh AS (
        INSERT INTO cost_ledger (call_id, lease_id, query_id, tenant_id, day, kind, state, model, tokens_in, tokens_cached,
            tokens_out, amount_usd, is_late, settled_at)
        SELECT given.call_id, l.lease_id, given.query_id, l.tenant_id, l.day, given.kind, given.state, given.model,
            given.tokens_in, given.tokens_cached, given.tokens_out, given.amount, given.is_late, given.ended_at
        FROM unnest(calls, leases, queries, kinds, states, models, tokens_in, tokens_cached, tokens_out, amounts, late, ended)
            AS given (call_id, lease_id, query_id, kind, state, model, tokens_in, tokens_cached, tokens_out, amount, is_late,
                ended_at)
        JOIN cost_leases l USING (lease_id)
        ON CONFLICT (call_id) DO NOTHING
        RETURNING cost_ledger.lease_id, cost_ledger.amount_usd
    ), paid AS (
        SELECT lease_id, sum(amount_usd) AS usd FROM fresh GROUP BY lease_id
    ), charged AS (
        UPDATE cost_leases l SET settled_usd = l.settled_usd + paid.usd FROM paid WHERE l.lease_id = paid.lease_id
        RETURNING l.tenant_id, l.day, l.state, paid.usd,
            -- how much of it the lease had kept for this: nothing is kept beyond its amount
            greatest(l.amount_usd - (l.settled_usd - paid.usd), 0) - greatest(l.amount_usd - l.settled_usd, 0) AS kept
    ), moved AS (
        SELECT scope, day, sum(usd) AS usd, coalesce(sum(kept) FILTER (WHERE state = 'lost'), 0) AS lost,
            coalesce(sum(kept) FILTER (WHERE state <> 'lost'), 0) AS reserved
        FROM charged CROSS JOIN LATERAL unnest(ARRAY['*', tenant_id]) AS scope GROUP BY scope, day
    ), updated AS (
        UPDATE cost_budgets b SET spent_usd = b.spent_usd + usd, reserved_usd = b.reserved_usd - moved.reserved,
            lost_usd = b.lost_usd - moved.lost, updated_at = cost_clock()
        FROM moved WHERE b.tenant_id = scope AND b.day = moved.day
    )
    SELECT count(*) INTO booked FROM fresh;
    RETURN booked;
END $$;

-- Let leases live on until `life` from now or the end of their day; answers which ones do and for how long.
CREATE FUNCTION renew_leases(leases uuid[], life interval) RETURNS TABLE (lease_id uuid, life_s double precision)
LANGUAGE sql AS $$
    WITH living AS (
        SELECT l.lease_id AS id FROM cost_leases l
        WHERE l.lease_id = ANY(leases) AND l.state = 'held' AND l.day = (cost_clock() AT TIME ZONE 'UTC')::date
        ORDER BY l.lease_id FOR UPDATE
    )
    UPDATE cost_leases l SET expires_at = least(cost_clock() + life, (l.day + 1)::timestamp AT TIME ZONE 'UTC')
    FROM living WHERE l.lease_id = living.id
    RETURNING l.lease_id, extract(epoch FROM l.expires_at - cost_clock())::double precision
$$;

-- Make each lease as small as `keeps` says, what is booked on it at least; one that keeps nothing unbooked has ended.
CREATE FUNCTION return_money(leases uuid[], keeps numeric[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM cost_leases WHERE lease_id = ANY(leases) ORDER BY lease_id FOR UPDATE;
    PERFORM lock_budgets(leases);
    WITH before AS (
        SELECT l.lease_id, l.tenant_id, l.day, l.state, l.amount_usd,
            least(l.amount_usd, greatest(given.keep, l.settled_usd)) AS kept
        FROM unnest(leases, keeps) AS given (lease_id, keep) JOIN cost_leases l USING (lease_id)
    ), smaller AS (
        UPDATE cost_leases l SET amount_usd = kept,
            state = CASE WHEN kept <= l.settled_usd THEN 'returned' ELSE l.state END,
            ended_at = CASE WHEN kept <= l.settled_usd THEN coalesce(l.ended_at, cost_clock()) ELSE l.ended_at END
        FROM before WHERE l.lease_id = before.lease_id
    ), moved AS (
        SELECT scope, day, coalesce(sum(amount_usd - kept) FILTER (WHERE state = 'lost'), 0) AS lost,
            coalesce(sum(amount_usd - kept) FILTER (WHERE state <> 'lost'), 0) AS reserved
        FROM before CROSS JOIN LATERAL unnest(ARRAY['*', tenant_id]) AS scope GROUP BY scope, day
    )
    UPDATE cost_budgets b SET reserved_usd = b.reserved_usd - moved.reserved, lost_usd = b.lost_usd - moved.lost,
        updated_at = cost_clock()
    FROM moved WHERE b.tenant_id = scope AND b.day = moved.day;
END $$;

-- Count what replicas hold beyond their leases' time and `grace` as lost; answers how many leases and how much.
CREATE FUNCTION reclaim_leases(grace interval, OUT leases bigint, OUT amount numeric) LANGUAGE plpgsql AS $$
DECLARE
    dead uuid[];
BEGIN
    SELECT array_agg(found.lease_id) INTO dead FROM (
        SELECT l.lease_id FROM cost_leases l WHERE l.state = 'held' AND l.expires_at + grace < cost_clock()
        ORDER BY l.lease_id FOR UPDATE SKIP LOCKED) found;
    leases := coalesce(cardinality(dead), 0);
    amount := 0;
    IF leases = 0 THEN
        RETURN;
    END IF;
    PERFORM lock_budgets(dead);
    WITH rest AS (
        UPDATE cost_leases l SET ended_at = cost_clock(),
            state = CASE WHEN l.settled_usd < l.amount_usd THEN 'lost' ELSE 'returned' END
        WHERE l.lease_id = ANY(dead)
        RETURNING l.tenant_id, l.day, greatest(l.amount_usd - l.settled_usd, 0) AS usd
    ), moved AS (
        SELECT scope, day, sum(usd) AS usd FROM rest CROSS JOIN LATERAL unnest(ARRAY['*', tenant_id]) AS scope
        GROUP BY scope, day
    ), updated AS (
        UPDATE cost_budgets b SET reserved_usd = b.reserved_usd - moved.usd, lost_usd = b.lost_usd + moved.usd,
            updated_at = cost_clock()
        FROM moved WHERE b.tenant_id = scope AND b.day = moved.day
    )
    SELECT coalesce(sum(usd), 0) INTO amount FROM rest;
END $$;
