"""From nothing running, with data present, to the first answer; then the first hundred queries."""

from bench.scenario import ColdStart, Holds, Scenario

SCENARIO = Scenario(
    name="coldstart",
    question="How long until the first answer, and how slow are the first hundred?",
    shape=ColdStart(queries=100, rate_qps=10.0),
    holds=Holds(p95_ms=400.0, ready_s=60.0),
)
