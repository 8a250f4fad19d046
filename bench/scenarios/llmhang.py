"""A language model that takes every call and never answers: nobody may notice but for the judgement that is missing."""

from bench.language_model import LAST_DAY, PLENTY
from bench.scenario import Endpoint, Faulty, Holds, Requests, Scenario
from deployments.standin.behaviour import Behaviour, Latency

SCENARIO = Scenario(
    name="llmhang",
    question="Does a language model that hangs for ever leave latency as it is without one?",
    shape=Faulty(100.0, off_s=60.0, fault_s=60.0, recovery_s=60.0, faults={"hang": 1.0}, closed_again_s=45.0),
    requests=Requests(llm="auto", as_of=LAST_DAY),
    holds=Holds(p95_ratio=1.2),
    endpoint=Endpoint(Behaviour(latency=Latency(median_s=0.4, sigma=0.4)), {"spending": PLENTY}),
)
