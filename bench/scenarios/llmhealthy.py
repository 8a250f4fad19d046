"""A language model that answers in 400 ms (median, log-normal) at gpt-4o's list prices, and the same prompts a second time."""

from dataclasses import replace

from bench.language_model import LAST_DAY, PLENTY
from bench.prompts import USUAL
from bench.scenario import Endpoint, Holds, Passes, Requests, Scenario
from deployments.standin.behaviour import Behaviour, Latency

SCENARIO = Scenario(
    name="llmhealthy",
    question="What does its judgement cost per lead, and what does a second pass find in the caches?",
    shape=Passes(rate_qps=25.0, duration_s=120.0, passes=2),
    requests=Requests(mix=replace(USUAL, world=0.1), llm="auto", as_of=LAST_DAY),
    holds=Holds(llm_ratio=0.30, mean_lead_usd=0.002, p99_lead_usd=0.004),
    endpoint=Endpoint(
        Behaviour(latency=Latency(median_s=0.4, sigma=0.4)),
        {"calls": {"model": "gpt-4o"}, "spending": PLENTY},
    ),
)
