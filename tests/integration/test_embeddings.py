"""Companies get vectors once, again when their words or the model change, and never lose a finished batch."""

from collections.abc import AsyncIterator

import asyncpg
import numpy as np
import pytest

from db.pool import open_pool
from ingest.embeddings import embed_companies, embedded_text, embedding_hash
from ranking.types import Float32Array
from tests.fixtures.snapshot_world import add_company


class CountingEmbedder:
    """Makes a vector of a text's length and remembers what it was asked."""

    def __init__(self, fails_at_call: int | None = None) -> None:
        self.batches: list[list[str]] = []
        self._fails_at_call = fails_at_call

    def __call__(self, texts: list[str]) -> Float32Array:
        if len(self.batches) == self._fails_at_call:
            raise ConnectionError
        self.batches.append(texts)
        return np.repeat(np.array([[len(text)] for text in texts], dtype=np.float32), 384, axis=1)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await open_pool(database)
    for number in range(5):
        await add_company(opened, f"c{number}", description="chairs" * (number + 1))
    yield opened
    await opened.close()


async def stored_lengths(pool: asyncpg.Pool) -> list[int | None]:
    rows = await pool.fetch("SELECT embedding FROM companies ORDER BY company_id")
    return [None if row["embedding"] is None else int(row["embedding"].to_numpy()[0]) for row in rows]


async def test_every_company_is_embedded_once(pool: asyncpg.Pool) -> None:
    embed, seen = CountingEmbedder(), []
    done = await embed_companies(
        pool, embed, "m1", batch_size=2, progress=lambda done, total: seen.append((done, total))
    )
    assert done == 5
    assert [len(batch) for batch in embed.batches] == [2, 2, 1]
    assert seen == [(2, 5), (4, 5), (5, 5)]
    assert await stored_lengths(pool) == [6 * (number + 1) for number in range(5)]
    assert await embed_companies(pool, embed, "m1") == 0
    assert len(embed.batches) == 3


async def test_changed_words_and_another_model_are_embedded_again(pool: asyncpg.Pool) -> None:
    await embed_companies(pool, CountingEmbedder(), "m1")
    await pool.execute("UPDATE companies SET description = 'new' WHERE company_id = 'c3'")
    embed = CountingEmbedder()
    assert await embed_companies(pool, embed, "m1") == 1
    assert embed.batches == [["new"]]
    assert await embed_companies(pool, CountingEmbedder(), "m2") == 5


async def test_an_interrupted_run_keeps_its_finished_batches(pool: asyncpg.Pool) -> None:
    with pytest.raises(ConnectionError):
        await embed_companies(pool, CountingEmbedder(fails_at_call=1), "m1", batch_size=2)
    assert await stored_lengths(pool) == [6, 12, None, None, None]
    assert await embed_companies(pool, CountingEmbedder(), "m1") == 3


def test_the_name_counts_only_without_a_description() -> None:
    assert embedded_text("Acme", "We make chairs", ["wood", "home"], "Retail") == "We make chairs\nwood, home"
    assert embedded_text("Acme", " ", [], "Retail") == "Acme\nRetail"
    assert embedded_text("Acme", "", ["wood"], None) == "wood\nAcme"


def test_long_texts_are_cut_and_the_hash_depends_on_model_and_text() -> None:
    assert len(embedded_text("Acme", "x" * 5_000, [], None)) == 1_000
    assert len({embedding_hash(model, text) for model in "ab" for text in "xy"}) == 4
