"""As customers ask: four queries in ten repeat an earlier one, the popular ones most often."""

from bench.scenario import Holds, Requests, Scenario, Steady

SCENARIO = Scenario(
    name="mixed",
    question="How does it hold 250 queries/s when 40 % repeat an earlier one (Zipf)?",
    shape=Steady(rate_qps=250.0, duration_s=60.0),
    requests=Requests(repeats=0.4),
    holds=Holds(p95_ms=400.0, p99_ms=550.0),
)
