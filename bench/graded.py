"""Ranked lists graded against the truth of a synthetic world: Precision@25, nDCG@25, and intervals over products."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.cascade_quality import Case, K
from ranking.answer import RankedList
from ranking.types import FloatArray

_RESAMPLES = 2_000


@dataclass(frozen=True)
class Grade:
    """One answer: its quality, what it took, and what the language model had to do with it.

    `cpu_ms`: CPU of this process from the prompt's arrival to the answer, calls that ran meanwhile included. Calls, tokens and
    companies sent are those that the prompt has set going, however late their answers came.
    """

    product: str
    precision: float
    ndcg: float
    leads: int
    judged: int
    pool: int
    cpu_ms: float
    tokens_in: int = 0
    tokens_out: int = 0
    calls: int = 0
    sent: int = 0


def precision_at(hits: Sequence[bool]) -> float:
    """Hits among the first K over K."""
    return sum(hits[:K]) / K


def ndcg_at(hits: Sequence[bool], buyers: int) -> float:
    """Discounted gain of the hits among the first K over that of as many hits as there could be; 0 without buyers.

    Source: K. Jarvelin, J. Kekalainen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20 (2002), binary gains.
    """
    discounts = 1.0 / np.log2(np.arange(2, K + 2))
    best = float(discounts[: min(K, buyers)].sum())
    return float(discounts[: len(hits)][np.asarray(hits[:K], dtype=bool)].sum()) / best if best else 0.0


def graded(
    case: Case, ranked: RankedList, cpu_ms: float, usage: tuple[int, int, int] = (0, 0, 0), sent: int = 0
) -> Grade:
    """The grade of one answer; `usage` are calls, tokens in and tokens out, late ones included."""
    hits = [lead["company_id"] in case.buyers for lead in ranked.leads]
    calls, tokens_in, tokens_out = usage
    return Grade(
        case.product, precision_at(hits), ndcg_at(hits, len(case.buyers)), len(hits), ranked.routes.llm, ranked.pool,
        cpu_ms, tokens_in, tokens_out, calls, sent,
    )  # fmt: skip


def summary(grades: Sequence[Grade], against: Sequence[Grade] | None, seed: int) -> dict[str, Any]:
    """Both measures with 95 % intervals, and how far they lie above those of the same prompts in `against`."""
    found: dict[str, Any] = {}
    for name in ("precision", "ndcg"):
        values = np.array([getattr(each, name) for each in grades])
        found[f"{name}_at_25"] = interval(values, [each.product for each in grades], seed)
        if against is not None:
            before = np.array([getattr(each, name) for each in against])
            found[f"{name}_gain"] = interval(values - before, [each.product for each in grades], seed)
    return found


def interval(values: FloatArray, products: Sequence[str], seed: int) -> dict[str, float]:
    """Mean with a 95 % bootstrap interval that draws whole products: the prompts of one in seven languages are no independent sample."""
    names = sorted(set(products))
    means = np.array(
        [values[[product == name for product in products]].mean() for name in names]
    )  # products have equally many prompts
    drawn = np.random.default_rng(seed).choice(means, (_RESAMPLES, len(means))).mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return {
        "mean": _rounded(values.mean()), "low": _rounded(low), "high": _rounded(high), "prompts": len(values),
    }  # fmt: skip


def _rounded(value: float) -> float:
    return round(float(value), 4) + 0.0  # no minus zero
