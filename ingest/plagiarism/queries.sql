-- name: hold_judging
-- One transaction judges at a time, until it ends: it sees all that was judged before.
SELECT pg_advisory_xact_lock(4862026021)

-- name: last_change
-- The latest judgement, of any member.
SELECT coalesce(max(change), 0) FROM snippet_sketches

-- name: changed_sketches
-- Sketches judged after $1, oldest first, in rows of one width: keys are filled up to 128 bytes.
SELECT change, ref, wording, simhash, company, shingles, is_original,
    CASE octet_length(keys) WHEN 128 THEN keys ELSE keys || decode(repeat('00', 128 - octet_length(keys)), 'hex') END AS keys
FROM snippet_sketches WHERE change > $1 AND change <= $2 ORDER BY change

-- name: revised_snippets
-- What was judged before of revised snippets ($1: miners, $2: snippets): its text, and since when it was said.
SELECT sketched.ref, sketched.credited_at, stored.text
FROM unnest($1::text[], $2::text[]) AS given (miner_id, snippet_id)
JOIN snippet_sketches sketched USING (miner_id, snippet_id)
JOIN intent_snippets stored ON stored.miner_id = sketched.miner_id AND stored.snippet_id = sketched.snippet_id
    AND stored.revision = sketched.revision

-- name: sketched_texts
-- The current texts of the judged snippets named by their references ($1), with the time that decides who was first.
SELECT sketched.ref, known.company_id, known.miner_id, known.snippet_id, sketched.credited_at, known.tenant_id,
    stored.text, stored.observed_at, stored.technologies_added, stored.technologies_removed, stored.role_codes
FROM unnest($1::bigint[]) AS wanted (ref)
JOIN snippet_sketches sketched ON sketched.ref = wanted.ref
JOIN snippet_keys known ON known.miner_id = sketched.miner_id AND known.snippet_id = sketched.snippet_id
JOIN intent_snippets stored ON stored.company_id = known.company_id AND stored.miner_id = known.miner_id
    AND stored.snippet_id = known.snippet_id AND stored.seen_at = known.latest_seen_at

-- name: repeats_of
-- References of the snippets that repeat the snippets $1 (miners), $2 (snippets).
SELECT sketched.ref
FROM unnest($1::text[], $2::text[]) AS given (miner_id, snippet_id)
JOIN snippet_repeats found ON found.original_miner_id = given.miner_id AND found.original_snippet_id = given.snippet_id
JOIN snippet_sketches sketched ON sketched.miner_id = found.miner_id AND sketched.snippet_id = found.snippet_id

-- name: ruled_apart
-- Pairs that were ruled not to repeat one another, where one is among the references $1.
SELECT ref, other_ref FROM snippet_rulings WHERE ruling = 'apart' AND ref = ANY ($1::bigint[])
UNION
SELECT ref, other_ref FROM snippet_rulings WHERE ruling = 'apart' AND other_ref = ANY ($1::bigint[])

-- name: store_sketches
-- Sketches of snippets that are stored already; a revision's takes the place of the one before.
INSERT INTO snippet_sketches (miner_id, snippet_id, ref, company, wording, simhash, shingles, keys, credited_at,
    revision, is_original, change)
SELECT given.miner_id, given.snippet_id, given.ref, given.company, given.wording, given.simhash, given.shingles, given.keys,
    given.credited_at, known.revision, given.is_original, nextval('snippet_sketch_changes')
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::integer[], $8::bytea[],
    $9::timestamptz[], $10::boolean[])
    AS given (miner_id, snippet_id, ref, company, wording, simhash, shingles, keys, credited_at, is_original)
JOIN snippet_keys known USING (miner_id, snippet_id)
ON CONFLICT (miner_id, snippet_id) DO UPDATE SET
    ref = excluded.ref, company = excluded.company, wording = excluded.wording, simhash = excluded.simhash,
    shingles = excluded.shingles, keys = excluded.keys, credited_at = excluded.credited_at,
    revision = excluded.revision, is_original = excluded.is_original, change = excluded.change

-- name: clear_repeats
-- What was found of these snippets ($1: miners, $2: snippets) before they were judged again.
DELETE FROM snippet_repeats found
USING unnest($1::text[], $2::text[]) AS judged (miner_id, snippet_id)
WHERE found.miner_id = judged.miner_id AND found.snippet_id = judged.snippet_id

-- name: hold_originals
-- Those of the snippets $1 (miners), $2 (snippets) that are still there, and stay until this transaction ends.
SELECT known.miner_id, known.snippet_id FROM snippet_keys known
WHERE (known.miner_id, known.snippet_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))
FOR KEY SHARE

-- name: store_repeats
-- Repeats ($1: miners, $2: snippets), their originals ($3, $4), how alike they are ($5, $6), renewals ($7), when found ($8).
INSERT INTO snippet_repeats (
    miner_id, snippet_id, original_miner_id, original_snippet_id, distance, contained, is_renewal, found_at)
SELECT miner_id, snippet_id, original_miner_id, original_snippet_id, distance, contained, is_renewal, $8::timestamptz
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::real[], $7::boolean[])
    AS given (miner_id, snippet_id, original_miner_id, original_snippet_id, distance, contained, is_renewal)
ON CONFLICT (miner_id, snippet_id) DO UPDATE SET
    original_miner_id = excluded.original_miner_id, original_snippet_id = excluded.original_snippet_id,
    distance = excluded.distance, contained = excluded.contained, is_renewal = excluded.is_renewal,
    found_at = excluded.found_at

-- name: mark_repeats
-- Repeats that are no renewals ($1: miners, $2: snippets, $3: the originals' keys) no longer count as evidence.
UPDATE intent_snippets stored SET duplicate_of = judged.original
FROM unnest($1::text[], $2::text[], $3::text[]) AS judged (miner_id, snippet_id, original)
JOIN snippet_keys known USING (miner_id, snippet_id)
WHERE stored.company_id = known.company_id AND stored.miner_id = known.miner_id
    AND stored.snippet_id = known.snippet_id AND stored.seen_at = known.latest_seen_at
    AND stored.duplicate_of IS DISTINCT FROM judged.original

-- name: list_waiting
-- Snippets of which the current revision was not judged yet, in the order in which they were first seen; gone with the session.
CREATE TEMPORARY TABLE waiting_snippets AS
SELECT row_number() OVER (ORDER BY known.latest_seen_at, known.miner_id, known.snippet_id) AS place,
    known.miner_id, known.snippet_id
FROM snippet_keys known
LEFT JOIN snippet_sketches sketched USING (miner_id, snippet_id)
WHERE known.revision > 0 AND sketched.revision IS DISTINCT FROM known.revision

-- name: forget_waiting
DROP TABLE IF EXISTS waiting_snippets

-- name: waiting_texts
-- Places $1 to $2 of those that still wait.
SELECT known.company_id, known.miner_id, known.snippet_id, known.seen_at, known.latest_seen_at, known.revision,
    known.tenant_id, stored.text, stored.observed_at, stored.technologies_added, stored.technologies_removed, stored.role_codes
FROM waiting_snippets waiting
JOIN snippet_keys known USING (miner_id, snippet_id)
JOIN intent_snippets stored ON stored.company_id = known.company_id AND stored.miner_id = known.miner_id
    AND stored.snippet_id = known.snippet_id AND stored.seen_at = known.latest_seen_at
LEFT JOIN snippet_sketches sketched ON sketched.miner_id = known.miner_id AND sketched.snippet_id = known.snippet_id
WHERE waiting.place BETWEEN $1 AND $2 AND sketched.revision IS DISTINCT FROM known.revision
ORDER BY waiting.place

-- name: find_repeat
-- What is on record of one flagged snippet ($1: miner, $2: snippet): the original, and both references and times.
SELECT own.ref, own.credited_at, found.original_miner_id, found.original_snippet_id, first.ref AS original_ref,
    first.credited_at AS original_credited_at
FROM snippet_repeats found
JOIN snippet_sketches own ON own.miner_id = found.miner_id AND own.snippet_id = found.snippet_id
JOIN snippet_sketches first ON first.miner_id = found.original_miner_id AND first.snippet_id = found.original_snippet_id
WHERE found.miner_id = $1 AND found.snippet_id = $2

-- name: keep_ruling
INSERT INTO snippet_rulings (miner_id, snippet_id, ref, other_miner_id, other_snippet_id, other_ref, ruling, reason, ruled_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (miner_id, snippet_id, other_miner_id, other_snippet_id) DO UPDATE SET
    ruling = excluded.ruling, reason = excluded.reason, ruled_at = excluded.ruled_at

-- name: drop_rulings
-- Earlier rulings on the same two snippets, whichever was the first ($1, $2 and $3, $4).
DELETE FROM snippet_rulings WHERE (miner_id, snippet_id, other_miner_id, other_snippet_id)
    IN (($1, $2, $3, $4), ($3, $4, $1, $2))

-- name: flagged_repeats
-- Snippets that repeat others, the latest found first, at most $4: of supplier $1, about company $2, with renewals of one's own ($3);
-- who was first by the time since when each says so.
SELECT found.miner_id, found.snippet_id, own.company_id, stored.kind, left(stored.text, 300) AS text, judged.credited_at AS seen_at,
    found.original_miner_id, found.original_snippet_id, origin.company_id AS original_company_id,
    left(original.text, 300) AS original_text, earlier.credited_at AS original_seen_at,
    found.distance, found.contained, found.is_renewal, found.found_at
FROM snippet_repeats found
JOIN snippet_keys own ON own.miner_id = found.miner_id AND own.snippet_id = found.snippet_id
JOIN intent_snippets stored ON stored.company_id = own.company_id AND stored.miner_id = own.miner_id
    AND stored.snippet_id = own.snippet_id AND stored.seen_at = own.latest_seen_at
JOIN snippet_keys origin ON origin.miner_id = found.original_miner_id AND origin.snippet_id = found.original_snippet_id
JOIN intent_snippets original ON original.company_id = origin.company_id AND original.miner_id = origin.miner_id
    AND original.snippet_id = origin.snippet_id AND original.seen_at = origin.latest_seen_at
JOIN snippet_sketches judged ON judged.miner_id = found.miner_id AND judged.snippet_id = found.snippet_id
JOIN snippet_sketches earlier
    ON earlier.miner_id = found.original_miner_id AND earlier.snippet_id = found.original_snippet_id
WHERE ($1::text IS NULL OR found.miner_id = $1) AND ($2::text IS NULL OR own.company_id = $2)
    AND ($3::boolean OR NOT found.is_renewal)
ORDER BY found.found_at DESC, found.miner_id, found.snippet_id
LIMIT $4

-- name: count_repeats
-- How many there are in all.
SELECT count(*)
FROM snippet_repeats found
JOIN snippet_keys own ON own.miner_id = found.miner_id AND own.snippet_id = found.snippet_id
WHERE ($1::text IS NULL OR found.miner_id = $1) AND ($2::text IS NULL OR own.company_id = $2)
    AND ($3::boolean OR NOT found.is_renewal)
