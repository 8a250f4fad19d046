"""The highest rate that holds: climbed by doubling, then bisected to 5 %."""

from bench.scenario import Holds, Ladder, Scenario

SCENARIO = Scenario(
    name="step",
    question="What is the highest rate with P95 below 100 ms, and below 400 ms?",
    shape=Ladder(p95_ms=(100.0, 400.0), first_qps=25.0, most_qps=1_600.0, step_s=20.0, precision=0.05),
    holds=Holds(error_share=None, highest_qps={400.0: 250.0}),
)
