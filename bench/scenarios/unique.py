"""The load the product is specified for; every prompt is another parse, so that no cache of results could help."""

from bench.scenario import Holds, Scenario, Steady

SCENARIO = Scenario(
    name="unique",
    question="Does it hold 250 queries/s of which no two parse alike?",
    shape=Steady(rate_qps=250.0, duration_s=120.0),
    holds=Holds(p95_ms=400.0, p99_ms=550.0, error_share=0.0, busy_share=0.85),
    goals=Holds(p95_ms=100.0, error_share=None, cpu_ms_per_query=5.0),
)
