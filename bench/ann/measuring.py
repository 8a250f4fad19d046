"""One method, one setting, one filter: recall, latency one at a time, CPU with the server's, throughput of 32 at once."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.ann.contestant import Contestant, Setting
from bench.ann.subsets import Subset
from bench.ann.truth import K, recall
from bench.record import quantiles
from ranking.types import Float32Array, IntArray

AT_ONCE = 32
_WARM = 3
ENOUGH = 0.99
_FEWEST = 10


@dataclass(frozen=True, eq=False)
class Trial:
    """What every method is asked: queries within one subset, and the exact answers' thresholds."""

    vectors: Float32Array
    asked: Float32Array
    subset: Subset
    thresholds: Sequence[tuple[float, int]]
    longest_s: float


def sweep(contestant: Contestant, trial: Trial) -> list[dict[str, Any]]:
    """Settings from cheap to dear until the recall is enough, or hardly any query is answered within the time."""
    results = []
    for setting in contestant.settings:
        result = measured(contestant, setting, trial)
        results.append(result)
        if result["recall"] >= ENOUGH or result["completed"] < min(_FEWEST, result["offered"]):
            break
    return results


def measured(contestant: Contestant, setting: Setting, trial: Trial) -> dict[str, Any]:
    """The figures of one setting; queries not asked within the time are counted under `out_of_time`."""
    for one in trial.asked[:_WARM]:
        contestant.search(one, trial.subset, setting, K)
    found: list[IntArray] = []
    taken_ms: list[float] = []
    server_s, own_s, started = contestant.server_cpu_s(), time.process_time(), time.perf_counter()
    for one in trial.asked:
        before = time.perf_counter()
        found.append(contestant.search(one, trial.subset, setting, K))
        after = time.perf_counter()
        taken_ms.append(1000.0 * (after - before))
        if after - started > trial.longest_s:
            break
    cpu_s = time.process_time() - own_s + contestant.server_cpu_s() - server_s
    left = len(trial.asked) - len(found)
    return {
        "method": contestant.name,
        "filter": trial.subset.name,
        "rows": trial.subset.limit,
        "setting": dict(setting),
        "offered": len(trial.asked),
        "completed": len(found),
        "errors": {"out_of_time": left} if left else {},
        "recall": round(mean_recall(trial, found), 4),
        "latency_ms": quantiles(taken_ms),
        "cpu_ms": round(1000.0 * cpu_s / len(found), 3),
    }


def mean_recall(trial: Trial, found: Sequence[IntArray]) -> float:
    """Mean share of the exact answers over the queries that were answered."""
    return float(
        np.mean(
            [
                recall(trial.vectors, one, trial.subset, rows, threshold)
                for one, rows, threshold in zip(trial.asked, found, trial.thresholds, strict=False)
            ]
        )
    )


def at_once(contestant: Contestant, setting: Setting, trial: Trial) -> float:
    """Queries per second of CPU when 32 are asked at once."""
    asked = np.resize(trial.asked, (AT_ONCE, trial.asked.shape[1]))
    server_s, own_s = contestant.server_cpu_s(), time.process_time()
    contestant.search_many(asked, trial.subset, setting, K)
    spent = time.process_time() - own_s + contestant.server_cpu_s() - server_s
    return round(AT_ONCE / spent, 1) if spent else float("inf")


def cheapest(
    results: Sequence[Mapping[str, Any]], method: str, where: str, recall_wanted: float
) -> Mapping[str, Any] | None:
    """The setting of a method that takes the least CPU among those that reach the recall under a filter.

    CPU, not latency: on one thread of an idle machine the two are the same, and on a busy one only CPU can be compared.
    """
    fit = [
        each
        for each in results
        if each["method"] == method and each["filter"] == where and each["recall"] >= recall_wanted
    ]
    return min(fit, key=lambda each: each["cpu_ms"], default=None)
