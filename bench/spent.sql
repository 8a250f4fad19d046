-- Queries logged between two moments: leads, pool, judged in the pool, cost, of it late, calls, tokens in and out.
SELECT cardinality(q.lead_ids), q.pool, coalesce((q.routes ->> 'llm')::integer, 0), coalesce(c.usd, 0), coalesce(c.late_usd, 0),
    coalesce(c.calls, 0), coalesce(c.tokens_in, 0), coalesce(c.tokens_out, 0)
FROM queries q
LEFT JOIN (
    SELECT query_id, sum(amount_usd) AS usd, sum(amount_usd) FILTER (WHERE is_late) AS late_usd, count(*)::integer AS calls,
        sum(tokens_in)::bigint AS tokens_in, sum(tokens_out)::bigint AS tokens_out
    FROM cost_ledger GROUP BY query_id
) c USING (query_id)
WHERE q.created_at > to_timestamp(%(from_s)s) AND q.created_at <= to_timestamp(%(to_s)s)
