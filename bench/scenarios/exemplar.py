"""Three queries in ten name a company that nobody stored, so that its name must be embedded."""

from dataclasses import replace

from bench.prompts import USUAL
from bench.scenario import Holds, Requests, Scenario, Steady

SCENARIO = Scenario(
    name="exemplar",
    question="What do free-text exemplars cost, of which each needs the embedder?",
    shape=Steady(rate_qps=100.0, duration_s=60.0),
    requests=Requests(mix=replace(USUAL, free_text=0.3, world=0.0)),
    holds=Holds(p95_ms=400.0, p99_ms=550.0),
    needs=("vectors",),
)
