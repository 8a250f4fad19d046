"""Rank my list: every query brings 500 candidates of its own, and nothing is relaxed."""

from bench.scenario import Holds, Requests, Scenario, Steady

SCENARIO = Scenario(
    name="mylist",
    question="How fast are lists of 500 candidates ranked?",
    shape=Steady(rate_qps=100.0, duration_s=60.0),
    requests=Requests(candidates=500),
    holds=Holds(p95_ms=400.0, p99_ms=550.0),
)
