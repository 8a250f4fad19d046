"""What a worker of the usual stack holds in memory: the lexical index, and a few columns per snippet.

`python -m bench.peers.usual.corpus DATA` builds both from Postgres (DATABASE_URL) under DATA/peers, once per snapshot generation.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import asyncpg
import numpy as np
from numpy.typing import NDArray

from bench.peers.usual import lexical
from db.pool import PoolLimits, open_pool
from db.snapshot.reader import current_generation
from db.statements import parse
from ranking.types import SNIPPET_KINDS

_BUILD_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """Snippets by company.

    Attributes:
        index: over all of them.
        companies: ids; a company's place is its number, `numbers` the way back.
        starts: int64[companies + 1]; snippets of company n are starts[n]:starts[n + 1].
        snippets: ids of the snippets.
        happened_s: float64[snippets] when, seconds since the epoch; undated: bool[snippets].
        kind: uint8[snippets], place in SNIPPET_KINDS; miner: int32[snippets].
    """

    index: lexical.LexicalIndex
    companies: NDArray[np.object_]
    numbers: dict[str, int]
    starts: NDArray[np.int64]
    snippets: NDArray[np.str_]
    happened_s: NDArray[np.float64]
    undated: NDArray[np.bool_]
    kind: NDArray[np.uint8]
    miner: NDArray[np.int32]


def folder_of(data: Path) -> Path:
    """Where the index of the published snapshot's rows lies."""
    return data / "peers" / current_generation(data / "snapshots")


def open_corpus(folder: Path) -> Corpus:
    """Open what `build` left in `folder`."""
    held = np.load(folder / "columns.npz")
    companies = held["companies"].astype(object)
    return Corpus(
        index=lexical.LexicalIndex(folder / "bm25s"),
        companies=companies,
        numbers={company: number for number, company in enumerate(companies.tolist())},
        **{name: held[name] for name in ("starts", "snippets", "happened_s", "undated", "kind", "miner")},
    )


def build(dsn: str, folder: Path) -> None:
    """Read all snippets, index them, and move both into `folder` complete; those of older generations go."""
    shutil.rmtree(folder.parent, ignore_errors=True)
    partial = folder.with_name("partial")
    partial.mkdir(parents=True)
    companies, rows = asyncio.run(_read(dsn))
    numbers = {company: number for number, company in enumerate(companies)}
    rows = [row for row in rows if row["company_id"] in numbers]
    owners = np.array([numbers[row["company_id"]] for row in rows], dtype=np.int64)
    order = np.argsort(owners, kind="stable")
    rows = [rows[place] for place in order.tolist()]
    lexical.build([row["text"] for row in rows], partial / "bm25s")
    np.savez(partial / "columns.npz", **_columns(rows, companies, owners))  # type: ignore[arg-type]
    partial.rename(folder)


async def _read(dsn: str) -> tuple[list[str], list[asyncpg.Record]]:
    limits = PoolLimits(statement_timeout_s=_BUILD_TIMEOUT_S)
    async with await open_pool(dsn, limits, application_name="peers-build") as pool:
        companies = [row["company_id"] for row in await pool.fetch(statements()["all_companies"])]
        rows = await pool.fetch(statements()["all_snippets"])
    return companies, rows


def _columns(
    rows: list[asyncpg.Record], companies: list[str], owners: NDArray[np.int64]
) -> dict[str, NDArray[np.generic]]:
    kinds = {kind: number for number, kind in enumerate(SNIPPET_KINDS)}
    miners = {miner: number for number, miner in enumerate(sorted({row["miner_id"] for row in rows}))}
    counts = np.bincount(owners, minlength=len(companies))
    return {
        "companies": np.array(companies, dtype=np.str_),
        "starts": np.concatenate(([0], np.cumsum(counts))),
        "snippets": np.array([row["snippet_id"] for row in rows], dtype=np.str_),
        "happened_s": np.array([row["happened_s"] for row in rows], dtype=np.float64),
        "undated": np.array([row["undated"] for row in rows], dtype=np.bool_),
        "kind": np.array([kinds[row["kind"]] for row in rows], dtype=np.uint8),
        "miner": np.array([miners[row["miner_id"]] for row in rows], dtype=np.int32),
    }


@cache
def statements() -> Mapping[str, str]:
    """The statements of `statements.sql` by name."""
    return parse((Path(__file__).parent / "statements.sql").read_text("utf-8"))


if __name__ == "__main__":
    build(os.environ["DATABASE_URL"], folder_of(Path(sys.argv[1])))
