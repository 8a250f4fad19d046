"""A thousand queries at one moment, with a short and with a long deadline, twice over."""

from bench.scenario import Burst, Holds, Scenario

SCENARIO = Scenario(
    name="burst",
    question="Is each of 1,000 simultaneous queries answered or refused politely, and is nothing left behind?",
    shape=Burst(
        size=1_000, least_answered={350: 150, 5_000: 950}, rounds=2, drained_s=5.0, left_mib=16.0,
    ),
    holds=Holds(error_share=None),
)  # fmt: skip
