"""Who may produce what: public keys in the database, each bound to one supplier, to a relay, or to a teller of outcomes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Literal

from asyncpg import Pool, Record

from db.statements import parse
from ingest.streams.signing import key_id_of

Role = Literal["miner", "relay", "outcomes"]
"""miner: snippets of its own; relay: snippets of anyone, whom it has authenticated itself, and outcomes; outcomes: only these."""


@dataclass(frozen=True, slots=True)
class ProducerKey:
    """A registered key; `miner_id` is set for a miner's and for no other."""

    key_id: str
    role: Role
    miner_id: str | None
    public_key: bytes
    label: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Keys:
    """The registered keys of a database."""

    pool: Pool

    async def named(self, key_ids: Collection[str]) -> Mapping[str, ProducerKey]:
        """Those of the ids that are registered, revoked ones too."""
        rows = await self.pool.fetch(_statements()["producer_keys"], sorted(key_ids))
        return {row["key_id"]: _key(row) for row in rows}

    async def all(self) -> list[ProducerKey]:
        """Every key, oldest first."""
        return [_key(row) for row in await self.pool.fetch(_statements()["all_producer_keys"])]

    async def add(
        self, public_key: bytes, role: Role, miner_id: str | None, label: str, now: datetime
    ) -> ProducerKey:
        """Register a key; one that is registered stays as it is, and is returned as it is."""
        row = await self.pool.fetchrow(
            _statements()["add_producer_key"], key_id_of(public_key), role, miner_id, public_key, label, now
        )
        assert row is not None
        return _key(row)

    async def revoke(self, name: str, now: datetime) -> list[ProducerKey]:
        """Revoke the key of that id, or every key of the miner of that id; returns those that this revoked."""
        return [_key(row) for row in await self.pool.fetch(_statements()["revoke_producer_keys"], name, now)]


def _key(row: Record) -> ProducerKey:
    return ProducerKey(**dict(row))


@cache
def _statements() -> Mapping[str, str]:
    return parse(files("ingest.streams").joinpath("queries.sql").read_text("utf-8"))
