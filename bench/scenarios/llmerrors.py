"""A language model of which every second call fails, in four ways."""

from bench.language_model import LAST_DAY, PLENTY
from bench.scenario import Endpoint, Faulty, Holds, Requests, Scenario
from deployments.standin.behaviour import Behaviour, Latency

SCENARIO = Scenario(
    name="llmerrors",
    question="Does a language model with 50 % errors leave latency as it is without one?",
    shape=Faulty(
        100.0, off_s=60.0, fault_s=60.0, recovery_s=60.0, closed_again_s=45.0,
        faults={"rate_limited": 0.125, "server_error": 0.125, "invalid_json": 0.125, "reset": 0.125},
    ),
    requests=Requests(llm="auto", as_of=LAST_DAY),
    holds=Holds(p95_ratio=1.2),
    endpoint=Endpoint(Behaviour(latency=Latency(median_s=0.4, sigma=0.4)), {"spending": PLENTY}),
)  # fmt: skip
