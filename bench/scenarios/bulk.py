"""The largest answers that may be asked for: K = 2,000."""

from bench.scenario import Holds, Requests, Scenario, Steady

SCENARIO = Scenario(
    name="bulk",
    question="What do answers of 2,000 leads cost?",
    shape=Steady(rate_qps=5.0, duration_s=60.0),
    requests=Requests(limit=2_000),
    holds=Holds(p95_ms=400.0, p99_ms=550.0),
)
