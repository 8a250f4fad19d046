"""Seven languages in equal shares; latency is reported for each."""

from dataclasses import replace

from bench.prompts import USUAL
from bench.scenario import Holds, Requests, Scenario, Steady

SCENARIO = Scenario(
    name="languages",
    question="Is any of the seven languages slower than the others?",
    shape=Steady(rate_qps=140.0, duration_s=60.0),
    requests=Requests(mix=replace(USUAL, languages=(1.0,) * 7, slang=0.0, world=0.0)),
    holds=Holds(p95_ms=400.0, p99_ms=550.0),
)
