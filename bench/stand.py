"""The stand on which a scenario's loads run: a started system, a supply of requests, and the options of the run."""

import time
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from bench.arrivals import Load, due_times
from bench.asking import Batch, Supply
from bench.measuring import Measured, measure
from bench.options import Options
from bench.scenario import Scenario
from deployments.local.registry import SystemState
from deployments.standin.process import StandInProcess

WARM_UP_S = 10.0
_REST_S = 1.0
_LIMIT_S = 5.0


@dataclass(frozen=True)
class Stand:
    """Offers loads to the running system `state`, which asks `standin` where the scenario has a language model."""

    scenario: Scenario
    options: Options
    state: SystemState
    supply: Supply
    console: Console
    standin: StandInProcess | None = None

    def warm_up(self, rate_qps: float, seconds: float) -> dict[str, Any]:
        """A third of the rate for ten seconds, or as long as the run itself where that is less; says what was done."""
        warm_qps, warm_s = max(1.0, rate_qps / 3.0), min(WARM_UP_S, seconds)
        measured, _ = self.offer(warm_qps, warm_s)
        return {"offered_qps": round(warm_qps, 2), "duration_s": warm_s, **measured.counts()}

    def offer(
        self, rate_qps: float, seconds: float, deadline_ms: int | None = None
    ) -> tuple[Measured, Batch]:
        """Poisson arrivals of that rate for so long; rests a moment afterwards."""
        return self.offer_at(self.due_times(rate_qps, seconds), deadline_ms)

    def offer_at(self, due_s: list[float], deadline_ms: int | None = None) -> tuple[Measured, Batch]:
        """Requests at these times."""
        batch = self.supply.batch(len(due_s), deadline_ms)
        return self.send(batch, due_s, deadline_ms), batch

    def due_times(self, rate_qps: float, seconds: float) -> list[float]:
        """Poisson arrivals of that rate for so long; the same each time it is asked."""
        count = max(1, round(rate_qps * seconds))
        return due_times(count, rate_qps, self.options.seed + count)

    def send(self, batch: Batch, due_s: list[float], deadline_ms: int | None = None) -> Measured:
        """These requests at these times; rests a moment afterwards."""
        waits_ms = deadline_ms or self.supply.requests.deadline_ms
        load = Load(self.state.base_url, batch.bodies, due_s, timeout_s=waits_ms / 1000.0 + _LIMIT_S)
        beside = None if self.standin is None else self.standin.pid
        measured = measure(load, self.state.pid, standin_pid=beside)
        time.sleep(_REST_S)
        return measured
