"""What a scenario says: its question, the requests, the shape of the load, and what must hold."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bench.prompts import USUAL, Mix
from deployments.standin.behaviour import Behaviour, Fault

NAMES = (
    "unique", "alive", "mixed", "exemplar", "mylist", "bulk", "languages", "burst", "coldstart", "step", "overload",
    "llmhang", "llmerrors", "llmhealthy",
)  # fmt: skip
# Scenarios that run themselves: the module whose `run(options)` writes the record.
ELSEWHERE = {
    "peers": "bench.peers", "ann": "bench.ann", "autoscaling": "bench.capacity.autoscaling", "batch": "bench.offline",
    "ingest": "bench.ingest", "freshness": "bench.freshness",
}  # fmt: skip
Need = Literal["vectors"]
LlmMode = Literal["never", "auto", "wait"]


@dataclass(frozen=True)
class Requests:
    """What is asked.

    `repeats`: share of queries that repeat an earlier one, popular ones more often (Zipf, exponent 1). `candidates`: ids sent with each
    ("rank my list"). `limit`: K of all instead of the mix's. `deadline_ms`: as the client sets it; long by default, so that
    latencies are not cut off at it. `llm`: whether the language model may be asked. `as_of`: the day that ages count from, today when None.
    """

    mix: Mix = USUAL
    repeats: float = 0.0
    candidates: int = 0
    limit: int | None = None
    deadline_ms: int = 5_000
    llm: LlmMode = "never"
    as_of: str | None = None


@dataclass(frozen=True)
class Steady:
    """One rate for so long, after a warm-up at a third of it."""

    rate_qps: float
    duration_s: float


@dataclass(frozen=True)
class Burst:
    """So many at one moment, once for each deadline, `rounds` times over; `least_answered` by deadline."""

    size: int
    least_answered: dict[int, int]
    rounds: int
    drained_s: float
    left_mib: float


@dataclass(frozen=True)
class ColdStart:
    """From nothing running to the first answer, then the first queries."""

    queries: int
    rate_qps: float


@dataclass(frozen=True)
class Ladder:
    """The highest rate with P95 below each target, to `precision` of itself; `step_s` at each rate."""

    p95_ms: tuple[float, ...]
    first_qps: float
    most_qps: float
    step_s: float
    precision: float


@dataclass(frozen=True)
class Overload:
    """Capacity (P95 below `p95_ms`) times each factor, then recovery at `recover_at` of it."""

    factors: tuple[float, ...]
    step_s: float
    recover_at: float
    recover_s: float
    p95_ms: float


@dataclass(frozen=True)
class Faulty:
    """One rate without the language model, with it while it fails (`faults` by share of calls), and when it is well again.

    The first two take turns, `turns` times, and without it comes once more: a machine that grows slower is not taken for the fault.
    `closed_again_s`: within so many seconds of its recovery the breaker must be closed.
    """

    rate_qps: float
    off_s: float
    fault_s: float
    recovery_s: float
    faults: Mapping[Fault, float]
    closed_again_s: float
    turns: int = 2


@dataclass(frozen=True)
class Passes:
    """The same prompts so many times over, with a pause after each until no call is under way."""

    rate_qps: float
    duration_s: float
    passes: int = 2


Shape = Steady | Burst | ColdStart | Ladder | Overload | Faulty | Passes


@dataclass(frozen=True)
class Endpoint:
    """The stand-in that a scenario's system asks: how it behaves when it is well, and the graph's `llm` arguments."""

    behaviour: Behaviour
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Holds:
    """What must hold; None is not asked.

    `error_share` counts refusals, failures and answers in which a stage was skipped; `busy_share` is of the whole machine.
    `p95_ratio`: P95 with a failing language model over P95 without one. `answering_cpu_ratio`: CPU per query of what answers
    queries, with messages over without. `behind_s`: from the last message of the load until the intake has dealt with all.
    """

    p95_ms: float | None = None
    p99_ms: float | None = None
    error_share: float | None = 0.01
    cpu_ms_per_query: float | None = None
    busy_share: float | None = None
    highest_qps: dict[float, float] | None = None
    goodput_share: float | None = None
    recovery_s: float | None = None
    ready_s: float | None = None
    p95_ratio: float | None = None
    answering_cpu_ratio: float | None = None
    behind_s: float | None = None
    llm_ratio: float | None = None
    mean_lead_usd: float | None = None
    p99_lead_usd: float | None = None


@dataclass(frozen=True)
class Scenario:
    """One scenario of the benchmark; `goals` are told and do not count for the verdict.

    `messages_per_s`: suppliers' snippets sent through the broker meanwhile; a steady rate is offered without them before.
    """

    name: str
    question: str
    shape: Shape
    holds: Holds
    requests: Requests = Requests()
    needs: tuple[Need, ...] = ()
    goals: Holds = Holds(error_share=None)
    endpoint: Endpoint | None = None
    messages_per_s: float = 0.0


@dataclass(frozen=True)
class Check:
    """One thing that must hold, or is a goal, and whether it did."""

    what: str
    value: float
    limit: float
    held: bool
    is_goal: bool = False

    @classmethod
    def below(cls, what: str, value: float, limit: float) -> "Check":
        """Held when `value` is at most `limit`."""
        return cls(what, _rounded(value), limit, value <= limit)

    @classmethod
    def least(cls, what: str, value: float, limit: float) -> "Check":
        """Held when `value` is at least `limit`."""
        return cls(what, _rounded(value), limit, value >= limit)


def _rounded(value: float) -> float:
    """To five digits."""
    return float(f"{value:.5g}")


def load_scenario(name: str) -> Scenario:
    """The scenario of that name.

    Raises:
        KeyError: there is none.
    """
    if name not in NAMES:
        raise KeyError(name)
    module: Any = importlib.import_module(f"bench.scenarios.{name}")
    scenario: Scenario = module.SCENARIO
    return scenario
