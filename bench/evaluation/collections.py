"""The lexical and the dense leg, and fusions of both, on collections that people have judged: Cranfield and CACM.

Lexical is the service's own index and query; dense is cosine to the vectors of the service's own encoder; fusions are those of
`variants`. Nothing is tuned on these collections, yet half of the queries is kept for the last column all the same.
"""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.evaluation.cases import HALVES, half_of
from bench.evaluation.measures import average_precision, ndcg_at
from bench.evaluation.resampling import Resampler
from bench.evaluation.variants import reciprocal_ranks, standardised
from bench.lexical_quality import Collection, cacm, cranfield, score
from models.embedder import Encoder
from models.lexical import LexicalIndex, build
from ranking.hits import TermLimits
from ranking.taxonomy import Taxonomy
from ranking.types import Float32Array, FloatArray

READERS: Final[Mapping[str, Callable[[Path], Collection]]] = {"cranfield": cranfield, "cacm": cacm}
REFERENCE: Final = "lexical"
DEPTH: Final = 10
LISTED: Final = 1000
WAYS: Final[Mapping[str, Callable[[FloatArray, FloatArray], FloatArray]]] = {
    "lexical": lambda lexical, _: lexical,
    "dense": lambda _, dense: dense,
    "rrf": reciprocal_ranks,
    "dbsf": lambda lexical, dense: standardised(lexical) + standardised(dense),
    "rrf, k 10": lambda lexical, dense: reciprocal_ranks(lexical, dense, k=10.0),
    "dbsf, lexical twice": lambda lexical, dense: 2.0 * standardised(lexical) + standardised(dense),
    "dbsf, dense twice": lambda lexical, dense: standardised(lexical) + 2.0 * standardised(dense),
}


def judge(
    name: str, collection: Collection, encoder: Encoder, taxonomy: Taxonomy, seed: int
) -> dict[str, Any]:
    """nDCG@10 and average precision of each way, by half of the queries; queries that nobody judged are left out."""
    numbers = list(collection.texts)
    asked = [number for number in collection.queries if collection.relevant.get(number)]
    vectors = encoder.encode(list(collection.texts.values()))
    questions = encoder.encode([collection.queries[number] for number in asked])
    values: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        build(collection.texts.values(), np.arange(len(numbers), dtype=np.int32), Path(folder), taxonomy)
        index = LexicalIndex.open(Path(folder))
        for number, question in zip(asked, questions, strict=True):
            relevant = np.isin(numbers, list(collection.relevant[number]))
            lexical, dense = _scores(index, collection.queries[number], vectors, question)
            for way, fuse in WAYS.items():
                order = np.argsort(-fuse(lexical, dense), kind="stable")[:LISTED]
                listed = order[lexical[order] > 0.0] if way == REFERENCE else order
                hits, wanted = relevant[listed], int(relevant.sum())
                values[way].append((ndcg_at(hits, wanted, DEPTH), average_precision(hits, wanted)))
    half = np.array([half_of(f"{name} {number}") for number in asked])
    return {
        "texts": len(numbers), "queries": len(asked),
        **{each: _half({way: np.array(found)[half == each] for way, found in values.items()}, seed) for each in HALVES},
    }  # fmt: skip


def _scores(
    index: LexicalIndex, question: str, vectors: Float32Array, vector: Float32Array
) -> tuple[FloatArray, FloatArray]:
    return score(index, question, TermLimits()), (vectors @ vector).astype(np.float64)


def _half(values: Mapping[str, FloatArray], seed: int) -> dict[str, Any]:
    """Rows of one half: float64[queries, 2] per way."""
    draws = Resampler([str(each) for each in range(len(values[REFERENCE]))], seed)
    found: dict[str, Any] = {}
    for way, measured in values.items():
        row: dict[str, Any] = {}
        for place, measure in enumerate(("ndcg_at_10", "average_precision")):
            row[measure] = draws.mean(measured[:, place]).rounded()
            if way != REFERENCE:
                gain, better = draws.better(measured[:, place], values[REFERENCE][:, place])
                row[f"{measure}_gain"] = {**gain.rounded(), "better": round(better, 3)}
        found[way] = row
    return found
