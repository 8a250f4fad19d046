"""The load the product is specified for, while suppliers stream 200 snippets a second into it."""

from bench.messages import MESSAGES_PER_S
from bench.scenario import Holds, Scenario, Steady

SCENARIO = Scenario(
    name="alive",
    question="Does it hold 250 queries/s of which no two parse alike while 200 snippets a second come in?",
    shape=Steady(rate_qps=250.0, duration_s=120.0),
    holds=Holds(p95_ms=400.0, p99_ms=550.0, error_share=0.0, answering_cpu_ratio=1.1, behind_s=5.0),
    messages_per_s=MESSAGES_PER_S,
)
