"""More than it can hold: what is still answered in time, what refusing costs, how soon it recovers."""

from bench.scenario import Holds, Overload, Requests, Scenario

SCENARIO = Scenario(
    name="overload",
    question="Does it go on answering as much as it can at twice and three times its capacity?",
    shape=Overload(factors=(1.0, 2.0, 3.0), step_s=30.0, recover_at=0.5, recover_s=20.0, p95_ms=400.0),
    requests=Requests(deadline_ms=350),
    holds=Holds(error_share=None, goodput_share=0.8, recovery_s=5.0),
)
