-- name: producer_keys
-- Those of the keys $1 that are registered.
SELECT key_id, role, miner_id, public_key, label, created_at, revoked_at
FROM producer_keys WHERE key_id = ANY ($1::text[])

-- name: all_producer_keys
-- Every registered key, oldest first.
SELECT key_id, role, miner_id, public_key, label, created_at, revoked_at
FROM producer_keys ORDER BY created_at, key_id

-- name: add_producer_key
-- Register a key ($1: id, $2: role, $3: miner or NULL, $4: public key, $5: label, $6: now), or find it registered.
INSERT INTO producer_keys AS known (key_id, role, miner_id, public_key, label, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (key_id) DO UPDATE SET key_id = known.key_id
RETURNING key_id, role, miner_id, public_key, label, created_at, revoked_at

-- name: revoke_producer_keys
-- Revoke the key of id $1, or all keys of the miner of id $1 ($2: now).
UPDATE producer_keys SET revoked_at = $2
WHERE (key_id = $1 OR miner_id = $1) AND revoked_at IS NULL
RETURNING key_id, role, miner_id, public_key, label, created_at, revoked_at
