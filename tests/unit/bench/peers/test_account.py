from bench.peers.ladder import Step
from bench.peers.retrieval import Timed, summary
from bench.peers.scenario import SERVERS, Supply, Visit, account, checks

ANSWER = {"leads": [{"company_id": "a", "lead_id": "1"}]}


def step(rate_qps, latency_ms, timeouts=0):
    answered = 20 - timeouts
    record = {
        "offered_qps": rate_qps,
        "offered": 20,
        "completed": answered,
        "errors": {"timeout": timeouts} if timeouts else {},
    }
    return Step(
        round(rate_qps), rate_qps, 20, timeouts, [latency_ms] * answered, {"total": 1000.0 / rate_qps}, record
    )


def visit(best_qps):
    return Visit([ANSWER], step(8.0, 10.0), (step(best_qps, 50.0), step(1.1 * best_qps, 50.0, timeouts=3)))


def test_the_account_names_rates_ratios_cpu_and_loses_no_request():
    told = account({name: [visit(100.0 if name == "ours" else 20.0)] * 2 for name in SERVERS}, seed=1)
    assert told["highest_held_qps"]["ours"] == {"mean": 100.0, "rounds": [100.0, 100.0]}
    assert told["ratios"]["ours/fastapi"]["value"] == 5.0
    assert told["ratios"]["ours/fastapi"]["target"] == 3.0
    assert told["cpu_ms_per_query_at_highest"]["ours"] == {"total": 10.0}
    assert told["same_answers"]["plain"]["equal"] == 1
    assert told["common_rate"]["ours"]["cpu_ms_per_query"] == [125.0, 125.0]
    assert told["offered"] == told["completed"] + sum(told["errors"].values()) == 5 * 2 * 3 * 20


def test_every_server_is_asked_the_same_prompts():
    one, other = Supply(7, None), Supply(7, None)
    assert one.span(0, 4) + one.span(4, 6) == other.span(0, 10)
    assert one.span(2, 3) == other.span(2, 3)
    assert len(set(one.span(0, 10))) == 10


def test_retrieval_legs_are_compared_per_query():
    ours = Timed([2.0, 2.0], [1.0, 1.0], [{"a", "b"}, set()])
    other = Timed([6.0, 6.0], [5.0, 5.0], [{"a"}, {"c"}])
    built = {"ours": 1.0, "tantivy": 2.0}
    told = summary({"ours": ours, "tantivy": other}, built, built, seed=1)
    assert told["ratios"]["tantivy/ours"]["latency"]["value"] == 3.0
    assert told["ratios"]["tantivy/ours"]["cpu"]["value"] == 5.0
    assert told["legs"]["tantivy"]["of_our_best_25"] == 0.5


def test_targets_and_equal_answers_must_hold():
    told = account({name: [visit(100.0 if name == "ours" else 30.0)] for name in SERVERS}, seed=1)
    held = {check.what: check.held for check in checks(told)}
    assert held == {
        "times the rate of defaults": False, "times the rate of fastapi": True, "times the rate of plain": True,
        "answers of defaults equal to ours": True, "answers of plain equal to ours": True,
    }  # fmt: skip
