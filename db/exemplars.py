"""Exemplar companies in Postgres: found by name or domain, their vectors and their direction (F-2b)."""

from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from db.statements import load
from ranking.exemplars import Namesake, Resolution, direction, resolve
from ranking.text import company_name_key, domain_key
from ranking.types import Float32Array


class StoredExemplars(NamedTuple):
    """Resolved exemplars: the businesses they are, and their mean direction (None without any vector)."""

    resolution: Resolution
    cluster_ids: tuple[str, ...]
    direction: Float32Array | None


async def find_exemplars(
    connection: asyncpg.Connection, names: Sequence[str], free_text: Float32Array | None, tenant: str | None
) -> StoredExemplars:
    """Resolve names among the records that the tenant may see, and take the mean of their vectors."""
    if not names:
        return StoredExemplars(Resolution((), ()), (), direction((), free_text, 1))
    keys = [company_name_key(name) for name in names], [domain_key(name) for name in names]
    found = await connection.fetch(load()["namesakes"], tenant, list(names), *keys)
    resolution = resolve(names, [Namesake(*record) for record in found])
    chosen = [choice.company_id for choice in resolution.choices]
    records = await connection.fetch(load()["exemplar_vectors"], tenant, chosen)
    vectors = [record["embedding"].to_numpy() for record in records if record["embedding"] is not None]
    mean = direction(vectors, free_text, len(resolution.unresolved))
    return StoredExemplars(resolution, tuple(record["cluster_id"] for record in records), mean)
