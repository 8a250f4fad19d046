-- ======== Screening: which texts do not count. ========

-- name: screening_mark
-- From which transaction texts are to be read, and from which the next time; one run at a time.
SELECT (SELECT read_from FROM screening_progress)::text AS read_from,
    pg_snapshot_xmin(pg_current_snapshot())::text AS next_from, pg_advisory_xact_lock(4862026042) IS NULL AS alone

-- name: unscreened
-- Newest revisions that transactions from $1 on stored or changed; NULL: all.
SELECT stored.miner_id, stored.snippet_id, stored.company_id, stored.kind, left(stored.text, 12000) AS text,
    stored.seen_at, stored.observed_at, coalesce(stored.source_type, '') AS source_type,
    coalesce(stored.source_url, '') AS source_url, company.name_key, company.domain_key, stored.revision
FROM intent_snippets AS stored JOIN companies AS company USING (company_id)
WHERE stored.is_current AND ($1::text IS NULL OR stored.txid >= $1::text::xid8)
ORDER BY stored.company_id, stored.miner_id, stored.snippet_id

-- name: longer_names
-- Companies whose names begin with the whole name of one of the companies $1 and are not the same business.
SELECT own.company_id, other.company_id AS other_id, other.name_key
FROM companies AS own
JOIN companies AS other ON split_part(other.name_key, ' ', 1) = split_part(own.name_key, ' ', 1)
    AND starts_with(other.name_key, own.name_key || ' ') AND other.cluster_id <> own.cluster_id
WHERE own.company_id = ANY ($1::text[]) AND own.name_key <> '' AND other.tenant_id IS NULL

-- name: earlier_dates
-- The earliest date under which the snippets ($1 miners, $2 ids) said within $3 bits the same in an earlier revision.
SELECT stored.miner_id, stored.snippet_id, min(earlier.observed_at) AS first_dated
FROM unnest($1::text[], $2::text[]) AS given (miner_id, snippet_id)
JOIN intent_snippets AS stored USING (miner_id, snippet_id)
JOIN intent_snippets AS earlier USING (miner_id, snippet_id)
WHERE stored.is_current AND earlier.revision < stored.revision AND earlier.observed_at IS NOT NULL
    AND bit_count((earlier.simhash # stored.simhash)::bit(64)) <= $3
GROUP BY stored.miner_id, stored.snippet_id

-- name: prompts_asked
-- The newest $2 different prompts since $1, each when it was first asked.
SELECT query_id, prompt, created_at FROM (
    SELECT DISTINCT ON (prompt) query_id, prompt, created_at FROM queries
    WHERE created_at > $1 ORDER BY prompt, created_at, query_id
) AS asked
ORDER BY created_at DESC, query_id LIMIT $2

-- name: lift_flags
-- Flags of the screened snippets ($1 miners, $2 ids) that no rule finds any more ($3 miners, $4 ids, $5 reasons found) end at $6.
UPDATE snippet_flags AS flag SET lifted_at = $6
FROM unnest($1::text[], $2::text[]) AS screened (miner_id, snippet_id)
WHERE flag.miner_id = screened.miner_id AND flag.snippet_id = screened.snippet_id AND flag.lifted_at IS NULL
    AND (flag.miner_id, flag.snippet_id, flag.reason) NOT IN (
        SELECT miner_id, snippet_id, reason
        FROM unnest($3::text[], $4::text[], $5::text[]) AS found (miner_id, snippet_id, reason))

-- name: store_flags
-- What the rules found ($1 miners, $2 ids, $3 reasons, $4 details) at $5; a flag that stands keeps its time.
INSERT INTO snippet_flags AS flag (miner_id, snippet_id, reason, detail, found_at)
SELECT miner_id, snippet_id, reason, detail::jsonb, $5
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS found (miner_id, snippet_id, reason, detail)
ON CONFLICT (miner_id, snippet_id, reason) DO UPDATE SET
    detail = excluded.detail, lifted_at = NULL,
    found_at = CASE WHEN flag.lifted_at IS NULL THEN flag.found_at ELSE excluded.found_at END
WHERE flag.lifted_at IS NOT NULL OR flag.detail <> excluded.detail

-- name: mark_flagged
-- Snippets ($1 miners, $2 ids) count or not as their flags say; what nobody here has flagged stays as it is.
UPDATE intent_snippets AS stored SET is_flagged = flags.stands
FROM (
    SELECT flag.miner_id, flag.snippet_id, bool_or(flag.lifted_at IS NULL) AS stands
    FROM snippet_flags AS flag
    JOIN unnest($1::text[], $2::text[]) AS screened (miner_id, snippet_id) USING (miner_id, snippet_id)
    GROUP BY flag.miner_id, flag.snippet_id
) AS flags
WHERE stored.miner_id = flags.miner_id AND stored.snippet_id = flags.snippet_id AND stored.is_current
    AND stored.is_flagged <> flags.stands

-- name: keep_screening_mark
-- Texts of transactions from $1 on are read the next time.
INSERT INTO screening_progress (read_from) VALUES ($1::text::xid8)
ON CONFLICT (is_only) DO UPDATE SET read_from = excluded.read_from

-- ======== Judging: what suppliers are worth and earn, out of what was known at $1. ========

-- name: judging_settings
-- Long reads are meant here, one run at a time.
SELECT set_config('statement_timeout', '0', true), pg_advisory_xact_lock(4862026043) IS NULL AS alone

-- name: count_lists
-- Answered queries of the last $2 days.
SELECT count(*) FROM queries
WHERE created_at <= $1 AND created_at > $1 - make_interval(days => $2) AND NOT is_flagged

-- name: lists
-- Of the last $2 days one in $4 prompts of a submitter on a day, the first time it was asked, and at most $3 of them a day.
WITH asked AS (
    SELECT query_id, tenant_id, coalesce(submitter_id, tenant_id, '') AS submitter, created_at,
        date_trunc('day', created_at, 'UTC') AS day, md5(prompt) AS prompt_key
    FROM queries
    WHERE created_at <= $1 AND created_at > $1 - make_interval(days => $2) AND NOT is_flagged
), sampled AS (
    SELECT * FROM asked WHERE mod(hashtext(concat_ws('/', submitter, day, prompt_key))::bigint + 2147483648, $4::bigint) = 0
), first_asked AS (
    SELECT DISTINCT ON (submitter, day, prompt_key) * FROM sampled
    ORDER BY submitter, day, prompt_key, created_at, query_id
), counted AS (
    SELECT query_id, submitter, row_number() OVER (PARTITION BY submitter, day ORDER BY created_at, query_id) AS turn
    FROM first_asked
)
SELECT list.query_id, list.tenant_id, counted.submitter, extract(epoch FROM list.created_at)::float8 AS created_s,
    list.lead_ids, list.company_ids, list.intent_scores, list.signals::text AS signals,
    coalesce((list.options #>> '{weights,final,intent}')::float8, 0.4) AS intent_weight
FROM counted JOIN queries AS list USING (query_id) WHERE counted.turn <= $3
ORDER BY list.created_at, list.query_id

-- name: told_outcomes
-- Outcomes known at $1 of lists of the last $2 days, within $3 days of their list; any event makes its submitter one who tells.
SELECT DISTINCT told.query_id, told.lead_id, told.company_id, told.event,
    coalesce(asked.submitter_id, asked.tenant_id, '') AS submitter
FROM outcomes AS told JOIN queries AS asked USING (query_id)
WHERE told.occurred_at <= $1 AND told.created_at <= $1 AND told.event IS NOT NULL
    AND asked.created_at <= $1 AND asked.created_at > $1 - make_interval(days => $2)
    AND told.occurred_at >= asked.created_at - interval '5 minutes'
    AND told.occurred_at <= asked.created_at + make_interval(days => $3)
    AND (told.tenant_id IS NULL OR asked.tenant_id IS NULL OR told.tenant_id = asked.tenant_id)

-- name: revisions
-- Every revision known at $1 of the evidence on the businesses of the companies $2, oldest first within a snippet.
SELECT stored.miner_id, stored.snippet_id, company.cluster_id, stored.kind, stored.technologies_added,
    stored.technologies_removed, stored.role_codes, coalesce(stored.simhash, 0) AS simhash,
    extract(epoch FROM stored.seen_at)::float8 AS seen_s
FROM companies AS company JOIN intent_snippets AS stored USING (company_id)
WHERE company.cluster_id IN (SELECT cluster_id FROM companies WHERE company_id = ANY ($2::text[]))
    AND stored.seen_at <= $1
ORDER BY stored.miner_id, stored.snippet_id, stored.seen_at

-- name: struck_out
-- Snippets that were flagged at $1, or repeated one of the supplier `original`.
SELECT miner_id, snippet_id, NULL AS original FROM snippet_flags
WHERE found_at <= $1 AND (lifted_at IS NULL OR lifted_at > $1)
UNION ALL
SELECT miner_id, snippet_id, original_miner_id FROM snippet_repeats WHERE found_at <= $1 AND NOT is_renewal

-- name: suppliers
-- Suppliers known at $1 with what they sent until then, how much of it is flagged or repeats others, and the tenants behind them.
WITH sent AS (
    SELECT miner_id, count(*) AS snippets FROM snippet_keys WHERE seen_at <= $1 GROUP BY miner_id
), flags AS (
    SELECT miner_id, count(DISTINCT snippet_id) AS flagged FROM snippet_flags
    WHERE found_at <= $1 AND (lifted_at IS NULL OR lifted_at > $1) GROUP BY miner_id
), copies AS (
    SELECT miner_id, count(*) AS repeats FROM snippet_repeats
    WHERE found_at <= $1 AND NOT is_renewal GROUP BY miner_id
)
SELECT miner.miner_id, sent.snippets, coalesce(flags.flagged, 0) AS flagged,
    coalesce(copies.repeats, 0) AS repeats,
    array(
        SELECT miner.tenant_id WHERE miner.tenant_id IS NOT NULL
        UNION SELECT tenant_id FROM api_keys WHERE api_keys.miner_id = miner.miner_id
        ORDER BY tenant_id) AS tenants,
    coalesce(miner.throttled_until > $1, false)
        AND miner.attributes ->> 'throttled_by' IS DISTINCT FROM 'judgement' AS throttled_by_hand
FROM miners AS miner JOIN sent USING (miner_id) LEFT JOIN flags USING (miner_id) LEFT JOIN copies USING (miner_id)
ORDER BY miner.miner_id COLLATE "C"

-- name: free_texts
-- Of each supplier the $2 newest texts known at $1 that are written freely, with the words of the company's name.
SELECT miner.miner_id, left(newest.text, 2000) AS text, company.name_key
FROM miners AS miner CROSS JOIN LATERAL (
    SELECT stored.text, stored.company_id FROM intent_snippets AS stored
    WHERE stored.miner_id = miner.miner_id AND stored.is_current AND stored.seen_at <= $1
        AND stored.kind NOT IN ('tech_change', 'funding')
    ORDER BY stored.seen_at DESC, stored.snippet_id LIMIT $2
) AS newest JOIN companies AS company USING (company_id)
ORDER BY miner.miner_id

-- ======== Writing what was judged. ========

-- name: forget_judgement
-- What an earlier run found for the same time.
DELETE FROM miner_judgements WHERE as_of = $1

-- name: forget_report
-- Likewise the report.
DELETE FROM emission_reports WHERE as_of = $1

-- name: store_report
-- The report of $1.
INSERT INTO emission_reports (as_of, treasury, queries, impressions, click_rates, conversion_rates, settings, judged_at)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8)

-- name: take_judgements
-- Suppliers get their newest judgement ($1); throttles of others stay. Returns those whose snippets count now and did not, or the reverse.
WITH judged AS (
    SELECT * FROM miner_judgements
    WHERE as_of = $1 AND NOT EXISTS (SELECT FROM emission_reports WHERE as_of > $1)
), before AS (
    SELECT miner.miner_id, miner.is_flagged, miner.throttled_until,
        miner.attributes ->> 'throttled_by' IS DISTINCT FROM 'judgement' AND miner.throttled_until > $1 AS by_hand
    FROM miners AS miner JOIN judged USING (miner_id)
    ORDER BY miner.miner_id FOR UPDATE OF miner  -- in the order in which an intake takes them
), taken AS (
    UPDATE miners AS miner SET
        impressions = judged.impressions, observed_clicks = judged.clicks, expected_clicks = judged.expected_clicks,
        observed_conversions = judged.conversions, expected_conversions = judged.expected_conversions,
        mqf_score = judged.mqf_score, mqf_upper_bound = judged.mqf_high, is_flagged = judged.is_flagged,
        throttled_until = CASE
            WHEN before.by_hand THEN miner.throttled_until
            -- Readers follow every change of it: a throttle that has half its time left stays as it is.
            WHEN miner.throttled_until > $1 + (judged.throttled_until - $1) / 2 THEN miner.throttled_until
            ELSE judged.throttled_until END,
        attributes = CASE WHEN before.by_hand THEN miner.attributes
            WHEN judged.throttled_until IS NULL THEN miner.attributes - 'throttled_by'
            ELSE miner.attributes || '{"throttled_by": "judgement"}' END,
        updated_at = $2
    FROM judged JOIN before USING (miner_id)
    WHERE miner.miner_id = judged.miner_id
)
SELECT miner_id FROM judged JOIN before USING (miner_id)
WHERE (judged.is_flagged OR judged.throttled_until IS NOT NULL)
    IS DISTINCT FROM (before.is_flagged OR before.throttled_until IS NOT NULL)

-- name: thin_judgements
-- Keep of the day of $1 its last judgement, and none older than $2 days.
DELETE FROM miner_judgements
WHERE (as_of < $1 AND as_of >= date_trunc('day', $1::timestamptz, 'UTC')) OR as_of < $1 - make_interval(days => $2)

-- name: thin_reports
-- Likewise the reports.
DELETE FROM emission_reports
WHERE (as_of < $1 AND as_of >= date_trunc('day', $1::timestamptz, 'UTC')) OR as_of < $1 - make_interval(days => $2)
