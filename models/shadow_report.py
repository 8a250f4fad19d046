"""How a candidate booster's lists differ from the answers that were given, and whether that would have been for the better."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ranking.types import FloatArray

LEAST_PROMPTS: Final = 50
"""Different prompts with at least one hit; below, no verdict: the interval of so few would tell of them alone."""
_RESAMPLES: Final = 2_000
Verdict = Literal["too few outcomes", "better", "worse", "no difference shown"]


@dataclass(frozen=True, slots=True, eq=False)
class ShadowedQuery:
    """One answer and what the candidate makes of it.

    Attributes:
        prompt: queries of one prompt are resampled together.
        listed, shown: lead ids of the candidate's list and of the answer, best first.
        shown_scores: float64[len(shown)]; what the candidate gives the answer's leads.
        correlation, base_shift: of the pool, see `ranking.shadow`; NaN where not defined.
        hits: places in `shown`, from 0, that came to a reply, a meeting or a purchase.
    """

    prompt: str
    listed: Sequence[str]
    shown: Sequence[str]
    shown_scores: FloatArray
    correlation: float
    base_shift: float
    hits: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over queries with its 95 % interval, prompts resampled; all None where nothing defines it."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """Figures of one candidate against one version in production.

    Attributes:
        changed: share of lists that are not the same leads in the same order; `changed_head` of their first k.
        overlap: share of the first k of the answer that are among the first k of the candidate's list.
        hits: queries with a hit, `hit_prompts` different prompts among them.
        gain: hits among the first k of the shown leads in the candidate's order minus in the answer's, per query with a hit.
    """

    queries: int
    prompts: int
    k: int
    correlation: Mean
    overlap: Mean
    changed: Mean
    changed_head: Mean
    base_shift: Mean
    hits: int
    hit_prompts: int
    gain: Mean
    verdict: Verdict


def report(queries: Sequence[ShadowedQuery], k: int, seed: int) -> ShadowReport:
    """The figures; the first `k` places count for overlap and hits.

    Who was not shown has no outcome, so hits are compared among the shown leads only, in either order.
    """
    prompts = [each.prompt for each in queries]
    hit = [each for each in queries if each.hits]
    hit_prompts = [each.prompt for each in hit]
    gain = _mean([_gain(each, k) for each in hit], hit_prompts, seed)
    return ShadowReport(
        queries=len(queries),
        prompts=len(set(prompts)),
        k=k,
        correlation=_mean([each.correlation for each in queries], prompts, seed),
        overlap=_mean([_overlap(each, k) for each in queries], prompts, seed),
        changed=_mean([float(list(each.listed) != list(each.shown)) for each in queries], prompts, seed),
        changed_head=_mean(
            [float(list(each.listed[:k]) != list(each.shown[:k])) for each in queries], prompts, seed
        ),
        base_shift=_mean([each.base_shift for each in queries], prompts, seed),
        hits=len(hit),
        hit_prompts=len(set(hit_prompts)),
        gain=gain,
        verdict=_verdict(gain, len(set(hit_prompts))),
    )


def _overlap(query: ShadowedQuery, k: int) -> float:
    head = query.shown[:k]
    return len(set(head) & set(query.listed[:k])) / len(head) if head else float("nan")


def _gain(query: ShadowedQuery, k: int) -> float:
    ahead = np.argsort(-query.shown_scores, kind="stable")[:k].tolist()
    return float(len(query.hits.intersection(ahead)) - len([place for place in query.hits if place < k]))


def _verdict(gain: Mean, prompts: int) -> Verdict:
    if prompts < LEAST_PROMPTS or gain.low is None or gain.high is None:
        return "too few outcomes"
    if gain.low > 0.0:
        return "better"
    return "worse" if gain.high < 0.0 else "no difference shown"


def _mean(values: Sequence[float], groups: Sequence[str], seed: int) -> Mean:
    defined = np.array([np.isfinite(value) for value in values], dtype=np.bool_)
    if not defined.any():
        return Mean(None, None, None)
    kept = np.asarray(values, dtype=np.float64)[defined]
    _, group = np.unique(np.asarray(groups)[defined], return_inverse=True)
    sums = np.bincount(group, kept).astype(np.float64)
    counts = np.bincount(group).astype(np.float64)
    drawn = _drawn(sums, counts, np.random.default_rng(seed))
    low, high = np.quantile(drawn, (0.025, 0.975)).tolist()
    return Mean(float(kept.mean()), low, high)


def _drawn(sums: FloatArray, counts: FloatArray, random: np.random.Generator) -> NDArray[np.float64]:
    """float64[resamples]; means of groups drawn with replacement, one draw after the other: a table of all would be large."""
    means = np.empty(_RESAMPLES)
    for at in range(_RESAMPLES):
        chosen = random.integers(0, len(sums), len(sums))
        means[at] = sums[chosen].sum() / counts[chosen].sum()
    return means
