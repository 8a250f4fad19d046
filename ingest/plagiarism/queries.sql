-- name: load_sketches
-- Sketches of the newest $1 originals, oldest first.
SELECT ref, wording, shingles, keys
FROM (SELECT * FROM snippet_sketches ORDER BY seen_at DESC, ref LIMIT $1) AS newest
ORDER BY seen_at, ref DESC

-- name: sketched_texts
-- The current texts of the originals named by their references ($1); seen_at is the first revision's.
SELECT sketched.ref, known.company_id, known.miner_id, known.snippet_id, known.seen_at, known.tenant_id,
    stored.text, stored.technologies_added, stored.technologies_removed, stored.role_codes
FROM unnest($1::bigint[]) AS wanted (ref)
JOIN snippet_sketches sketched ON sketched.ref = wanted.ref
JOIN snippet_keys known ON known.miner_id = sketched.miner_id AND known.snippet_id = sketched.snippet_id
JOIN intent_snippets stored ON stored.company_id = known.company_id AND stored.miner_id = known.miner_id
    AND stored.snippet_id = known.snippet_id AND stored.seen_at = known.latest_seen_at

-- name: store_sketches
-- Sketches of snippets that are stored already, in the same transaction; a revision takes the place of the one before.
INSERT INTO snippet_sketches (ref, miner_id, snippet_id, wording, shingles, keys, seen_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (ref) DO UPDATE SET
    wording = excluded.wording, shingles = excluded.shingles, keys = excluded.keys, seen_at = excluded.seen_at

-- name: drop_sketches
-- Sketches of snippets ($1: references) that were found to repeat others.
DELETE FROM snippet_sketches WHERE ref = ANY ($1::bigint[])

-- name: clear_repeats
-- What was found of these snippets ($1: miners, $2: snippets) before they were judged again.
DELETE FROM snippet_repeats found
USING unnest($1::text[], $2::text[]) AS judged (miner_id, snippet_id)
WHERE found.miner_id = judged.miner_id AND found.snippet_id = judged.snippet_id

-- name: store_repeats
-- A repeat, its original, how alike they are, and when that was found.
INSERT INTO snippet_repeats (
    miner_id, snippet_id, original_miner_id, original_snippet_id, distance, contained, is_renewal, found_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (miner_id, snippet_id) DO UPDATE SET
    original_miner_id = excluded.original_miner_id, original_snippet_id = excluded.original_snippet_id,
    distance = excluded.distance, contained = excluded.contained, is_renewal = excluded.is_renewal,
    found_at = excluded.found_at

-- name: mark_repeats
-- Repeats that are no renewals ($1: miners, $2: snippets, $3: the originals' keys) no longer count as evidence.
UPDATE intent_snippets stored SET duplicate_of = judged.original
FROM unnest($1::text[], $2::text[], $3::text[]) AS judged (miner_id, snippet_id, original)
WHERE stored.miner_id = judged.miner_id AND stored.snippet_id = judged.snippet_id AND stored.is_current

-- name: repoint_repeats
-- What repeated a snippet ($1: miners, $2: snippets) that itself repeats an earlier one ($3, $4) repeats that one.
UPDATE snippet_repeats found SET original_miner_id = moved.to_miner, original_snippet_id = moved.to_snippet
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS moved (miner_id, snippet_id, to_miner, to_snippet)
WHERE found.original_miner_id = moved.miner_id AND found.original_snippet_id = moved.snippet_id
    AND (found.miner_id, found.snippet_id) <> (moved.to_miner, moved.to_snippet)
