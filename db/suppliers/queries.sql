-- name: newest_report
-- The report of the newest judgement.
SELECT as_of, judged_at, treasury, queries, impressions, click_rates[1:10] AS click_rates,
    conversion_rates[1:10] AS conversion_rates, settings
FROM emission_reports ORDER BY as_of DESC LIMIT 1

-- name: judgements
-- The judgement of $1 of every supplier, who earns most first.
SELECT * FROM miner_judgements WHERE as_of = $1 ORDER BY share DESC, miner_id COLLATE "C"

-- name: supplier
-- A supplier and its newest judgement, if there is one.
SELECT miner.miner_id AS known_id, miner.created_at, miner.throttled_until AS throttled_now_until,
    miner.is_flagged AS is_flagged_now, judged.*, report.click_rates[1:10] AS click_rates,
    report.conversion_rates[1:10] AS conversion_rates, report.settings
FROM miners AS miner
LEFT JOIN LATERAL (
    SELECT * FROM miner_judgements AS each WHERE each.miner_id = miner.miner_id ORDER BY as_of DESC LIMIT 1
) AS judged ON true
LEFT JOIN emission_reports AS report ON report.as_of = judged.as_of
WHERE miner.miner_id = $1

-- name: history
-- The quality of supplier $1 at the end of the last $2 judged days, newest first.
SELECT as_of, mqf_score, mqf_low, mqf_high, is_flagged, throttle_reason, share
FROM miner_judgements WHERE miner_id = $1 ORDER BY as_of DESC LIMIT $2

-- name: flagged_snippets
-- The newest $2 snippets of supplier $1 that break a rule; texts that only a tenant may see are left out.
SELECT flag.snippet_id, keys.company_id, flag.reason, flag.detail, flag.found_at, flag.lifted_at,
    CASE WHEN keys.tenant_id IS NULL THEN left(stored.text, 400) END AS text
FROM snippet_flags AS flag
JOIN snippet_keys AS keys ON keys.miner_id = flag.miner_id AND keys.snippet_id = flag.snippet_id
LEFT JOIN intent_snippets AS stored ON stored.company_id = keys.company_id AND stored.miner_id = keys.miner_id
    AND stored.snippet_id = keys.snippet_id AND stored.seen_at = keys.latest_seen_at
WHERE flag.miner_id = $1
ORDER BY flag.lifted_at IS NOT NULL, flag.found_at DESC, flag.snippet_id, flag.reason LIMIT $2

-- name: repeated_snippets
-- The newest $2 snippets of supplier $1 that repeat an earlier one, with that one; private texts are left out.
SELECT found.snippet_id, keys.company_id, found.distance, found.contained, found.is_renewal, found.found_at,
    keys.seen_at, found.original_miner_id, found.original_snippet_id, first.company_id AS original_company_id,
    first.seen_at AS original_seen_at,
    CASE WHEN keys.tenant_id IS NULL THEN left(stored.text, 400) END AS text,
    CASE WHEN first.tenant_id IS NULL THEN left(original.text, 400) END AS original_text
FROM snippet_repeats AS found
JOIN snippet_keys AS keys ON keys.miner_id = found.miner_id AND keys.snippet_id = found.snippet_id
JOIN snippet_keys AS first
    ON first.miner_id = found.original_miner_id AND first.snippet_id = found.original_snippet_id
LEFT JOIN intent_snippets AS stored ON stored.company_id = keys.company_id AND stored.miner_id = keys.miner_id
    AND stored.snippet_id = keys.snippet_id AND stored.seen_at = keys.latest_seen_at
LEFT JOIN intent_snippets AS original ON original.company_id = first.company_id
    AND original.miner_id = first.miner_id AND original.snippet_id = first.snippet_id
    AND original.seen_at = first.latest_seen_at
WHERE found.miner_id = $1
ORDER BY found.is_renewal, found.found_at DESC, found.snippet_id LIMIT $2
