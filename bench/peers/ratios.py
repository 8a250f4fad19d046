"""How many times more one server holds than another, with an interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.peers.ladder import GALLOP, Step, holds

_RESAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class Ratio:
    """Ours over theirs, with a 95 % interval; `at_least` where the other held no rate of the grid and its lowest stands for it."""

    value: float
    low: float
    high: float
    at_least: bool = False


def held_rates(
    rounds: Sequence[Sequence[Step]], spacing: float, rng: np.random.Generator, resamples: int = _RESAMPLES
) -> NDArray[np.float64]:
    """float64[resamples] highest rates held, 0 for none, were the measurement made again.

    Each resample draws one of the rounds, draws the queries of each of its steps again with replacement, takes the
    highest step below the first that fails, and places the true rate anywhere between that step and the next of the
    grid (`spacing` times it): what the grid cannot tell apart. Where the lowest step held and fails when drawn again, the climb
    would have asked further down: the rate is one of the places that it passes over.
    """
    found = np.zeros(resamples)
    for number in range(resamples):
        steps = sorted(rounds[int(rng.integers(len(rounds)))], key=lambda step: step.place)
        for step in steps:
            if not _again(step, rng):
                break
            found[number] = step.rate_qps
        if steps and steps[0].holds and not found[number]:
            found[number] = steps[0].rate_qps / spacing ** int(rng.integers(1, GALLOP + 1))
    return found * spacing ** rng.random(resamples)


def ratio(
    ours: Sequence[Sequence[Step]],
    theirs: Sequence[Sequence[Step]],
    lowest_qps: float,
    spacing: float,
    seed: int,
) -> Ratio | None:
    """Highest rate held by us over theirs, of rounds of steps; None when we held none.

    Where a peer holds no rate, `lowest_qps` counts for it: the ratio is then at least that.
    """
    own, other = held(ours), held(theirs)
    if own <= 0.0:
        return None
    rng = np.random.default_rng(seed)
    drawn = held_rates(ours, spacing, rng) / np.maximum(held_rates(theirs, spacing, rng), lowest_qps)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Ratio(
        round(own / max(other, lowest_qps), 2),
        round(float(low), 2),
        round(float(high), 2),
        at_least=other <= 0.0,
    )


def held(rounds: Sequence[Sequence[Step]]) -> float:
    """Mean over rounds of the highest rate that held, in queries per second; a round in which none did counts 0."""
    return float(
        np.mean([max((step.rate_qps for step in steps if step.holds), default=0.0) for steps in rounds])
    )


def mean_ratio(
    numerators: Sequence[float], denominators: Sequence[float], seed: int, resamples: int = _RESAMPLES
) -> Ratio:
    """Mean of the first over mean of the second, of pairs (one per query), with an interval over the pairs.

    Args:
        numerators, denominators: the same queries' figures, > 0, in one order.
    """
    above, below = np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)
    drawn = np.random.default_rng(seed).integers(len(above), size=(resamples, len(above)))
    low, high = np.quantile(above[drawn].sum(axis=1) / below[drawn].sum(axis=1), (0.025, 0.975))
    return Ratio(round(float(above.sum() / below.sum()), 2), round(float(low), 2), round(float(high), 2))


def _again(step: Step, rng: np.random.Generator) -> bool:
    """Whether the step holds with its queries drawn again."""
    failures = int(rng.binomial(step.offered, step.failed / step.offered))
    latencies = np.asarray(step.latencies_ms)
    drawn = latencies[rng.integers(len(latencies), size=len(latencies))] if len(latencies) else latencies
    return holds(drawn.tolist(), failures, step.offered)
