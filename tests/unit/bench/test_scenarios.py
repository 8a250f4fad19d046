import pytest

from bench import burst, ladder, measuring, overload, steady
from bench.arrivals import Outcome
from bench.measuring import Measured
from bench.options import QUICK_RECORDS, Options
from bench.record import RECORDS
from bench.runner import available, verdict
from bench.scenario import ELSEWHERE, NAMES, Check, Holds, Steady, load_scenario

QUIET = {"busy": 0.5, "system": 0.4, "generator": 0.05, "others": 0.02, "stolen": 0.0}


def measured(
    codes: list[str], ms: list[float], machine: dict[str, float] = QUIET, late_ms: float = 1.0
) -> Measured:
    count = len(codes)
    outcome = Outcome(count, codes, ms, [late_ms] * count, duration_s=count / 10.0, cpu_s=0.002 * count)
    return Measured(outcome, {"ingress": 4.0 * count}, machine, [place / 10.0 for place in range(count)])


def test_the_scenarios_have_the_fixed_names_and_ask_a_question():
    assert NAMES == (
        "unique", "alive", "mixed", "exemplar", "mylist", "bulk", "languages", "burst", "coldstart", "step", "overload",
        "llmhang", "llmerrors", "llmhealthy",
    )  # fmt: skip
    for name in NAMES:
        scenario = load_scenario(name)
        assert scenario.name == name
        assert scenario.question.endswith("?")
        assert sum(scenario.requests.mix.languages) == pytest.approx(1.0) or name == "languages"


def test_the_load_of_the_specification_is_what_unique_offers():
    unique = load_scenario("unique")
    assert unique.shape == Steady(rate_qps=250.0, duration_s=120.0)
    assert (unique.holds.p95_ms, unique.holds.p99_ms) == (400.0, 550.0)
    assert unique.requests.repeats == 0.0
    assert load_scenario("burst").shape.least_answered == {350: 150, 5_000: 950}
    assert load_scenario("mylist").requests.candidates == 500
    assert load_scenario("bulk").requests.limit == 2_000
    assert load_scenario("mixed").requests.repeats == 0.4
    assert load_scenario("exemplar").requests.mix.free_text == 0.3


def test_a_scenario_that_does_not_exist_is_not_found():
    with pytest.raises(KeyError):
        load_scenario("os")
    assert not available("os")
    assert available("unique")
    assert set(ELSEWHERE) == {"peers", "ann", "autoscaling", "batch", "ingest", "freshness"}


def test_a_shortened_run_is_marked_and_kept_apart():
    assert Options("unique").overrides() == {}
    assert Options("unique").records == RECORDS
    short = Options("unique", seconds=5.0, companies=2_000)
    assert short.overrides() == {"seconds": 5.0, "companies": 2_000}
    assert short.records == QUICK_RECORDS
    assert short.folder().name == "2000-500000-47"


def test_given_data_are_taken_as_they_are(tmp_path):
    options = Options("unique", data=tmp_path)
    assert options.overrides() == {}
    assert options.folder() == tmp_path.resolve()
    assert options.prompts() is None
    (tmp_path / "world").mkdir()
    (tmp_path / "world" / "prompts.jsonl").touch()
    assert options.prompts() == tmp_path.resolve() / "world" / "prompts.jsonl"


def test_what_must_hold_is_checked_one_by_one():
    holds = Holds(p95_ms=400.0, p99_ms=550.0, cpu_ms_per_query=5.0)
    found = {
        each.what: each for each in steady.checks(measured(["200"] * 98 + ["503"] * 2, [20.0] * 100), holds)
    }
    assert found["P95 ms"] == Check("P95 ms", 20.0, 400.0, held=True)
    assert found["failed or degraded share"].value == 0.02
    assert not found["failed or degraded share"].held
    assert found["CPU ms per query"].value == 4.0
    assert verdict(list(found.values())) == "missed"
    assert verdict([found["P95 ms"]]) == "held"


def test_a_goal_that_is_not_reached_is_told_and_does_not_spoil_the_verdict():
    load = measured(["200"] * 100, [120.0] * 100)
    wanted = steady.goals(load, Holds(p95_ms=100.0, error_share=None, cpu_ms_per_query=5.0))
    assert [(each.what, each.held, each.is_goal) for each in wanted] == [
        ("P95 ms", False, True), ("CPU ms per query", True, True),
    ]  # fmt: skip
    assert verdict([*steady.checks(load, Holds(p95_ms=400.0, busy_share=0.99)), *wanted]) == "held"


def test_without_any_answer_no_latency_holds():
    found = steady.checks(measured(["timeout"] * 3, [9_000.0] * 3), Holds(p95_ms=400.0))
    assert not found[0].held


def test_a_rate_holds_only_with_fast_whole_answers():
    assert measured(["200"] * 100, [399.0] * 100).holds(400.0, 0.01)
    assert not measured(["200"] * 100, [401.0] * 100).holds(400.0, 0.01)
    assert not measured(["200"] * 98 + ["503"] * 2, [9.0] * 100).holds(400.0, 0.01)
    skipping = measured(["200"] * 100, [9.0] * 100)
    skipping.outcome.degraded = [3, 4]
    assert not skipping.holds(400.0, 0.01)
    assert not measured([], []).holds(400.0, 0.01)


def test_figures_account_for_every_request_and_name_cost_and_generator():
    one = measured(["200", "200", "503"], [10.0, 20.0, 1.0])
    one.outcome.samples = {"leads": 50, "cost_usd": 0.05, "llm_ratio": 0.1, "faulty": 0}
    figures = one.figures()
    assert (figures["offered"], figures["completed"], figures["errors"]) == (3, 2, {"503": 1})
    assert figures["latency_ms"]["p95"] == 20.0
    assert figures["cost_per_lead_usd"] == 0.05 / 50
    assert figures["cpu_ms_per_query"] == {"ingress": 4.0, "total": 4.0}
    assert figures["generator"]["cpu_ms_per_query"] == 2.0


def test_doubts_name_the_worst_of_what_disturbed():
    late = measured(["200"], [9.0], late_ms=30.0)
    busy = measured(["200"], [9.0], QUIET | {"others": 0.4, "stolen": 0.2})
    busy.outcome.samples = {"faulty": 2}
    assert measured(["200"], [9.0]).doubts() == []
    assert measuring.doubts([late, busy]) == [
        "the generator was 30 ms late (P99)", "other programs used 40 % of the machine",
        "the host withheld 20 % of the machine", "2 sampled answers are wrong",
    ]  # fmt: skip


def test_the_course_over_time_counts_by_the_second_due_and_leaves_callers_faults_out():
    course = measuring.per_second(measured(["200"] * 10 + ["503", "422"] + ["200"] * 8, [5.0] * 20))
    assert course == {
        "offered": [10, 10], "completed": [10, 8], "failed": [0, 1], "p50_ms": [5.0, 5.0], "p95_ms": [5.0, 5.0],
    }  # fmt: skip
    nobody = measuring.per_second(measured(["429"], [5.0]))
    assert (nobody["failed"], nobody["p95_ms"]) == ([1], [None])


def test_the_distribution_ends_with_the_slowest():
    found = measuring.cdf([float(value) for value in range(1, 101)])
    assert (found["share"][-1], found["ms"][-1]) == (1.0, 100.0)
    assert found["ms"][found["share"].index(0.5)] == 50.0
    assert measuring.cdf([]) == {}


@pytest.mark.parametrize("capacity", [3.0, 24.0, 25.0, 60.0, 133.7, 799.0])
def test_the_search_finds_the_highest_rate_to_five_percent(capacity):
    asked: list[float] = []

    def holds(rate_qps: float) -> bool:
        asked.append(rate_qps)
        return rate_qps <= capacity

    found = ladder.search(holds, 25.0, 1_600.0, 0.05)
    assert capacity / 1.05 <= found <= capacity
    assert len(asked) <= 12
    assert len(set(asked)) == len(asked)


def test_the_search_ends_at_its_bounds():
    assert ladder.search(lambda _: True, 25.0, 300.0, 0.05) == 300.0
    assert ladder.search(lambda _: False, 25.0, 300.0, 0.05) == 0.0


def test_recovery_is_the_last_bad_second():
    def course(p95: list[float | None], failed: list[float | None]) -> measuring.Series:
        return {"p95_ms": p95, "failed": failed}

    assert overload.seconds_to_recover(course([50.0, 50.0], [0, 0]), 400.0) == 0
    assert overload.seconds_to_recover(course([900.0, 500.0, 50.0], [3, 0, 0]), 400.0) == 2
    assert overload.seconds_to_recover(course([50.0, None, 900.0], [0, 0, 0]), 400.0) is None


def test_a_refusal_costs_what_answers_leave_of_the_cpu():
    calm = measured(["200"] * 10, [9.0] * 10)  # 4 ms each
    worst = measured(["200"] * 10 + ["503"] * 10, [9.0] * 20)  # 80 ms together
    assert overload.refusal_cpu_ms(calm, worst) == (80.0 - 10 * 4.0) / 10
    assert overload.refusal_cpu_ms(calm, calm) is None


def test_totals_add_the_errors_of_all_steps():
    steps = [
        {"offered": 3, "completed": 1, "degraded": 1, "errors": {"503": 2}},
        {"offered": 2, "completed": 0, "degraded": 0, "errors": {"503": 1, "timeout": 1}},
    ]
    assert burst.totals(steps) == {
        "offered": 5,
        "completed": 1,
        "degraded": 1,
        "errors": {"503": 3, "timeout": 1},
    }


def test_what_takes_messages_in_is_no_cost_of_answering():
    cpu_ms = {
        "ingress": 300.0,
        "bm25": 100.0,
        "intake": 70.0,
        "follower": 200.0,
        "tansu": 5.0,
        "postgres": 90.0,
    }
    outcome = Outcome(100, ["200"] * 100, [20.0] * 100, [0.0] * 100)
    assert steady.answering_ms(Measured(outcome, cpu_ms, QUIET, [0.0] * 100)) == 4.0
