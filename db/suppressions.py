"""Who must not be contacted, as the filters in memory need it (F-2)."""

from typing import Literal, NamedTuple

import asyncpg

from db.statements import load


class Suppression(NamedTuple):
    """One entry in force; `tenant` None holds for everybody, `value` is an id or a domain key."""

    tenant: str | None
    kind: Literal["company", "lead", "domain"]
    value: str


async def load_suppressions(pool: asyncpg.Pool) -> tuple[Suppression, ...]:
    """Every entry in force, e-mail addresses resolved to the leads that have them."""
    rows = await pool.fetch(load()["suppressions_in_force"])
    return tuple(Suppression(row["tenant_id"], row["kind"], row["value"]) for row in rows)
