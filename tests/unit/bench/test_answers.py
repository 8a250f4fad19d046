import json

import pytest

from bench.answers import checked, fault_of


def answer(**changes: object) -> dict[str, object]:
    def lead(rank: int, score: float) -> dict[str, object]:
        parts = [{"part": "fit", "points": 0.6 * score}, {"part": "intent", "points": 0.4 * score}]
        return {"rank": rank, "company_id": f"co-{rank}", "score": score, "waterfall": parts}

    cost = {"total_usd": 0.004, "llm_ratio": 0.25}
    metadata = {"returned": 2, "routes": {"bm25": 2}, "cost": cost}
    return {"leads": [lead(1, 0.9), lead(2, 0.5)], "metadata": metadata} | changes


def with_lead(**changes: object) -> dict[str, object]:
    whole = answer()
    whole["leads"][1] |= changes
    return whole


def test_a_whole_answer_has_no_fault():
    assert fault_of(json.dumps(answer()).encode(), 25) is None


@pytest.mark.parametrize(
    ("body", "limit", "said"),
    [
        (json.dumps(answer())[:-9], 25, "not an answer"),
        (json.dumps(answer()), 1, "of 1 asked for"),
        (json.dumps(with_lead(rank=3)), 25, "ranks"),
        (json.dumps(with_lead(company_id="co-1")), 25, "twice"),
        (json.dumps(with_lead(score=0.95)), 25, "order"),
        (json.dumps(with_lead(waterfall=[{"points": 0.4}])), 25, "waterfall"),
        (json.dumps({"leads": []}), 25, "KeyError"),
        ("[]", 25, "TypeError"),
    ],
)
def test_each_fault_is_told(body, limit, said):
    assert said in (fault_of(body.encode(), limit) or "")


def test_a_sample_is_summed_over_whole_answers():
    found = checked([(json.dumps(answer()).encode(), '{"limit": 2}'), (b"{", "{}")])
    assert (found["checked"], found["faulty"], found["leads"]) == (2, 1, 2)
    assert found["cost_usd"] == 0.004
    assert found["llm_ratio"] == 0.25
    assert checked([])["llm_ratio"] is None
