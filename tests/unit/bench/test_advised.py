"""Benches of the language model without a system: what is read of `/metrics`, when the breaker moved, what the record says."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from bench import faulty, plots, scoreboard
from bench.arrivals import Outcome
from bench.asking import Directory, Supply
from bench.language_model import configuration
from bench.measuring import Measured
from bench.scenario import Check, Faulty, Passes, load_scenario
from bench.watching import Reading, grown, rates, read
from configs.llm import LlmArgs
from configs.schema import read_serve_file

SERVE_YAML = Path(__file__).parents[3] / "configs" / "serve.yaml"
METRICS = """# HELP leads_breaker_state 0 closed, 1 half-open, 2 open
leads_breaker_state{dependency="llm"} 2.0
leads_llm_calls_total{model="gpt-4o",result="ok"} 7.0
leads_llm_calls_total{model="gpt-4o-mini",result="ok"} 3.0
leads_llm_calls_total{model="gpt-4o",result="timeout"} 1.0
leads_degradations_total{reason="not_waited",stage="llm"} 4.0
leads_query_duration_seconds_sum{stage="total"} 3.0
llm_hit_total 20.0
"""


def states(*each: float) -> list[Reading]:
    return [
        Reading(float(at_s), {("leads_breaker_state", (("dependency", "llm"),)): state})
        for at_s, state in enumerate(each)
    ]


def test_an_exposition_is_read_by_name_and_label():
    reading = read(METRICS, 1.5)
    assert reading.at_s == 1.5
    assert reading.of("leads_llm_calls_total", "result") == {"ok": 7.0 + 3.0, "timeout": 1.0}
    assert reading.of("leads_degradations_total", "stage", "reason") == {"llm not_waited": 4.0}
    assert reading.of("llm_hit_total") == {"": 20.0}
    assert reading.of("leads_query_duration_seconds_sum", "stage") == {}


def test_rates_are_per_second_whatever_the_distance_of_two_looks():
    first, second = read(METRICS, 1.0), read(METRICS.replace("} 7.0", "} 13.0"), 3.0)
    assert rates([first, second], "leads_llm_calls_total", "result") == {"ok": [6.0 / 2.0], "timeout": [0.0]}
    assert grown(first, second) == {"leads_llm_calls_total: gpt-4o, ok": 6.0}


def test_the_breaker_opens_in_the_fault_and_is_closed_for_good_after_it():
    #                 off     fault            recovery
    readings = states(0, 0, 0, 0, 2, 2, 1, 2, 2, 1, 0, 2, 1, 0, 0)
    assert faulty.breaker_times(readings, fault_from_s=2.0, well_from_s=8.0) == {
        "opened_after_s": 4.0 - 2.0, "closed_again_after_s": 13.0 - 8.0,
    }  # fmt: skip


def test_a_breaker_that_never_moves_is_told_as_such():
    assert faulty.breaker_times(states(0, 0, 0, 0), 1.0, 2.0) == {
        "opened_after_s": None, "closed_again_after_s": 0.0,
    }  # fmt: skip
    assert (
        faulty.breaker_times(states(0, 2, 2, 2, 1), 1.0, 3.0)["closed_again_after_s"] is None
    )  # still half-open at the end


def test_p95_counts_answered_queries_from_a_moment_on():
    outcome = Outcome(4, ["200", "200", "503", "200"], [900.0, 20.0, 1.0, 30.0], [0.0] * 4)
    load = Measured(outcome, {}, {}, [0.0, 30.0, 40.0, 50.0])
    assert faulty.p95_ms([load]) == 900.0
    assert faulty.p95_ms([load], 30.0) == 30.0
    assert faulty.p95_ms([load], 60.0) == float("inf")
    assert faulty.p95_ms([load, load], 60.0) == 900.0


@pytest.mark.parametrize("name", ["llmhang", "llmerrors", "llmhealthy"])
def test_their_systems_have_a_valid_configuration_with_money_enough(name, tmp_path):
    endpoint = load_scenario(name).endpoint
    assert endpoint is not None
    path = tmp_path / "serve.yaml"
    path.write_text(yaml.safe_dump(configuration(SERVE_YAML, endpoint.args)))
    told = read_serve_file(path).applications[0].args.llm
    assert told == LlmArgs.model_validate(endpoint.args)
    assert told.spending.global_daily_usd == told.spending.tenant_daily_usd == 1e6


def test_what_the_requirement_asks_is_what_they_check():
    hang, errors, healthy = (load_scenario(name) for name in ("llmhang", "llmerrors", "llmhealthy"))
    assert isinstance(hang.shape, Faulty)
    assert isinstance(errors.shape, Faulty)
    assert isinstance(healthy.shape, Passes)
    assert (hang.shape.rate_qps, hang.shape.fault_s, hang.holds.p95_ratio) == (100.0, 60.0, 1.2)
    assert hang.shape.faults == {"hang": 1.0}
    assert sum(errors.shape.faults.values()) == 0.5
    assert (healthy.holds.llm_ratio, healthy.holds.mean_lead_usd, healthy.holds.p99_lead_usd) == (0.3, 0.002, 0.004)  # fmt: skip
    assert healthy.endpoint is not None
    assert healthy.endpoint.behaviour.latency.median_s == 0.4
    assert LlmArgs.model_validate(healthy.endpoint.args).calls.model == "gpt-4o"


def test_requests_say_whether_the_model_may_be_asked():
    supply = Supply(load_scenario("llmhang").requests, 1, Directory(), None)
    told = supply.batch(1).bodies[0]
    assert '"llm": "auto"' in told
    assert '"as_of": "2026-06-30"' in told
    assert '"llm": "never"' in supply.batch(1, llm="never").bodies[0]


def record() -> dict[str, Any]:
    latency = {"p50": 9.0, "p95": 20.0, "p99": 30.0, "max": 40.0}
    return {
        "scenario": "llmhang", "p95_ms": {"off": 20.0, "fault": 21.5}, "p95_ratio": 1.075,
        "breaker": {"opened_after_s": 20.5, "closed_again_after_s": None, "window_s": 30.0},
        "steps": [{"at": "off", "offered_qps": 100.0, "latency_ms": latency, "errors": {}, "degraded": 0, "offered": 9}],
        "timeline": {
            "at_s": [1.0, 2.0, 3.0, 4.0], "phases": {"off": [0.0, 1.5], "fault": [1.5, 4.0]}, "breaker_state": [0.0, 2.0, 1.0, 0.0],
            "calls_per_s": {"ok": [4.0, 0.0, 1.0, 2.0]}, "degradations_per_s": {"llm breaker_open": [0.0, 9.0, 2.0, 0.0]},
        },
    }  # fmt: skip


def test_the_course_of_a_fault_is_drawn_and_told(tmp_path):
    with Image.open(plots.draw(record(), tmp_path / "x.png")) as image:
        assert image.width == 1_080
    told = scoreboard.headline(record())
    assert told == "P95 ms off 20, fault 22; breaker open after 20.5 s, closed again after never"


def test_what_passes_cost_is_drawn_and_told(tmp_path):
    passes = {
        number: {"llm_ratio": ratio, "per_lead_usd": {"mean": mean, "p99": 0.003}}
        for number, ratio, mean in (("1", 0.12, 0.0011), ("2", 0.02, 0.0001))
    }
    found = {"scenario": "llmhealthy", "passes": passes}
    plots.draw(found, tmp_path / "x.png")
    told = "pass 1 $0.00110 a lead, LLM ratio 0.120; pass 2 $0.00010 a lead, LLM ratio 0.020"
    assert scoreboard.headline(found) == told


def test_small_limits_are_not_rounded_away():
    assert Check.below("mean USD per lead", 0.0000404812, 0.002).value == 0.000040481
