"""Vectors of companies: what changed since it was embedded is embedded again, batch by batch."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

import asyncpg
from asyncpg import Record
from pgvector.asyncpg import register_vector

from db.statements import load
from ranking.types import Float32Array

# all-MiniLM-L6-v2 reads 256 word pieces, about this many characters of prose.
_EMBEDDED_CHARACTERS = 1_000
_PAGE_ROWS = 2_000

Embed = Callable[[list[str]], Float32Array]
Progress = Callable[[int, int], None]


class _Stale(NamedTuple):
    """A company whose stored vector is not that of its words."""

    company_id: str
    text: str
    hash: str


def embedded_text(name: str, description: str, tags: Sequence[str], industry: str | None) -> str:
    """What is embedded of a company: what it does. Its name says little and counts only without a description."""
    parts = [description, ", ".join(tags)]
    if not description.strip():
        parts += [name, industry or ""]
    return "\n".join(part for part in parts if part.strip())[:_EMBEDDED_CHARACTERS]


def embedding_hash(model: str, text: str) -> str:
    """Identity of a vector: the model and the text it was made of."""
    return sha256(f"{model}\n{text}".encode()).hexdigest()


async def embed_companies(
    pool: asyncpg.Pool,
    embed: Embed,
    model: str,
    *,
    batch_size: int = 256,
    progress: Progress = lambda _done, _total: None,
) -> int:
    """Embed the companies whose vector is missing or made of other words or by another model; returns how many.

    Each batch is committed by itself: what an interrupted run stored is not embedded again.

    Args:
        embed: list of n texts -> float32[n, 384]; runs in a thread.
        model: name and version of the model, part of the stored hash.
        progress: called after each batch with companies done and companies to do.
    """
    async with pool.acquire() as connection:
        await register_vector(connection)
        total = 0
        async for page in _stale_pages(connection, model):
            total += len(page)
        done = 0
        async for page in _stale_pages(connection, model):
            companies = iter(page)
            while batch := list(islice(companies, batch_size)):
                vectors = await asyncio.to_thread(embed, [company.text for company in batch])
                await _store(connection, batch, vectors)
                done += len(batch)
                progress(done, max(done, total))
        return done


async def _stale_pages(connection: asyncpg.Connection, model: str) -> AsyncIterator[list[_Stale]]:
    """Pages of companies to embed in order of their ids; nothing is held in the database between pages."""
    last_id = ""
    while records := await connection.fetch(load()["page_of_embeddable_companies"], last_id, _PAGE_ROWS):
        last_id = records[-1]["company_id"]
        page = []
        for record in records:
            company = _company(record, model)
            if company.hash != record["embedding_hash"]:
                page.append(company)
        yield page


def _company(record: Record, model: str) -> _Stale:
    text = embedded_text(record["name"], record["description"], record["tags"], record["industry_raw"])
    return _Stale(record["company_id"], text, embedding_hash(model, text))


async def _store(connection: asyncpg.Connection, batch: Sequence[_Stale], vectors: Float32Array) -> None:
    rows = [
        (company.company_id, vector, company.hash) for company, vector in zip(batch, vectors, strict=True)
    ]
    async with connection.transaction():
        await connection.execute(load()["stage_embeddings"])
        await connection.copy_records_to_table("staged_embeddings", records=rows)
        await connection.execute(load()["store_embeddings"])
