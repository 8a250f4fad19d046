"""API keys of tenants: `lk_<key id>_<secret>`, of which the SHA-256 is stored.

A key has 256 random bits, so nobody can go through them, and a slow hash, made for words that people choose, would only
cost every request a core's tenth of a second.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NewType

import asyncpg

from db.submitters.statements import statements
from ranking.errors import FieldError, InvalidQuery, NotFound

Scope = Literal["trusted", "operator"]
"""`trusted`: judged, never throttled. `operator`: sees the standings of every tenant."""
KeyId = NewType("KeyId", str)
PREFIX: Final = "lk"
_ID_BYTES: Final = 6
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A row of api_keys. `miner_id` is set for a supplier's key, which opens nothing over HTTP."""

    key_id: KeyId
    tenant_id: str
    key_hash: bytes
    scopes: frozenset[str]
    miner_id: str | None
    label: str
    created_at: datetime
    revoked_at: datetime | None


def hash_of(key: str) -> bytes:
    """What is stored of a whole key: 32 bytes."""
    return hashlib.sha256(key.encode()).digest()


def id_of(key: str) -> KeyId | None:
    """The public part of a key, None when the text is no key."""
    parts = key.split("_", 2)
    return KeyId(parts[1]) if len(parts) == 3 and parts[0] == PREFIX else None


async def read_keys(pool: asyncpg.Pool) -> tuple[StoredKey, ...]:
    """Every key, revoked ones included, oldest first."""
    rows = await pool.fetch(statements()["every_key"])
    return tuple(
        StoredKey(
            KeyId(row["key_id"]), row["tenant_id"], row["key_hash"], frozenset(row["scopes"]), row["miner_id"], row["label"],
            row["created_at"], row["revoked_at"],
        )
        for row in rows
    )  # fmt: skip


async def create_key(
    pool: asyncpg.Pool,
    tenant_id: str,
    label: str,
    scopes: tuple[Scope, ...],
    random_bytes: Callable[[int], bytes],
) -> str:
    """A new key of the tenant, who is made where there is none; the key is told once and kept nowhere.

    Raises:
        InvalidQuery: the tenant's name cannot be one.
    """
    if not tenant_id.strip() or len(tenant_id) > 100 or not tenant_id.isprintable() or "/" in tenant_id:
        raise InvalidQuery(
            "A tenant's name has 1 to 100 printable characters and no slash.",
            (FieldError("/tenant", "unusable"),),
        )
    key_id = random_bytes(_ID_BYTES).hex()
    key = f"{PREFIX}_{key_id}_{random_bytes(_SECRET_BYTES).hex()}"
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(statements()["make_tenant"], tenant_id)
        await connection.execute(
            statements()["make_key"], key_id, tenant_id, hash_of(key), label, list(scopes)
        )
    return key


async def revoke_key(pool: asyncpg.Pool, key_id: str) -> None:
    """From now on the key opens nothing; replicas know within seconds.

    Raises:
        NotFound: there is no such key, or it is revoked already.
    """
    if await pool.fetchval(statements()["revoke_key"], key_id) is None:
        raise NotFound(f"key {key_id}")
