import re
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pytest

from bench.peers import legs_postgres
from bench.peers.usual import corpus
from bench.peers.usual.corpus import Corpus
from bench.peers.usual.evidence import boost, weigh
from bench.peers.usual.filters import Asked
from ranking.prompt import parse
from ranking.taxonomy import load_taxonomy

AS_OF_S = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
DAY_S = 86_400.0


@dataclass
class NoIndex:
    pass


def held(days, starts):
    count = len(days)
    return Corpus(
        index=NoIndex(), companies=np.array(["a", "b"], dtype=object), numbers={"a": 0, "b": 1},
        starts=np.array(starts), snippets=np.array([f"s{n}" for n in range(count)]),
        happened_s=AS_OF_S - DAY_S * np.array(days, dtype=np.float64), undated=np.zeros(count, dtype=bool),
        kind=np.zeros(count, dtype=np.uint8), miner=np.zeros(count, dtype=np.int32),
    )  # fmt: skip


def highest_placeholder(sql):
    return max(int(number) for number in re.findall(r"\$(\d+)", sql))


@pytest.fixture(scope="module")
def asked():
    taxonomy = load_taxonomy()
    prompt = "CRM software for banks in Germany with 50-500 employees, not in Berlin, CFO"
    return Asked.of(parse(prompt, taxonomy), taxonomy)


def test_every_placeholder_of_the_statements_has_its_parameter(asked):
    parameters = asked.parameters(asked.strict, admit_unknown=False, evidence=[], known=[], direction=None)
    assert len(parameters) == highest_placeholder(corpus.statements()["candidates"])
    assert 2 + len(asked.conditions()) == highest_placeholder(legs_postgres.statements()["search"])


def test_rungs_only_widen_and_exclusions_stay(asked):
    names = [name for name, _, _ in asked.rungs()]
    filters = [rung for _, rung, _ in asked.rungs()]
    assert names == ["strict", "unknown", "region_widened", "industry_dropped"]
    assert filters[0].industries < filters[2].industries
    assert filters[3].industries is None
    excluded = [
        asked.parameters(rung, admit_unknown=True, evidence=[], known=[], direction=None)[10:21]
        for rung in filters
    ]
    assert excluded == [excluded[0]] * 4
    assert excluded[0][4] == ["berlin"]


def test_evidence_is_the_five_best_halved_from_one_to_the_next():
    found = weigh(
        held([0, 0, 0], [0, 2, 3]), np.array([0, 1]), np.array([4.0, 6.0, 0.0], dtype=np.float32), AS_OF_S
    )
    assert found.total.tolist() == [6.0 + 0.5 * 4.0, 0.0]
    assert found.best_raw.tolist() == [6.0, 0.0]
    assert found.base[0] == pytest.approx(100 * (1 - 2 ** (-8.0 / 8.0)))
    assert found.snippet[found.shown(0)].tolist() == [1, 0]
    assert found.snippet[found.shown(1)].tolist() == []


def test_older_evidence_fades_to_a_tenth_and_the_future_does_not_count():
    corpus_ = held([90, 3000, -30], [0, 3, 3])
    found = weigh(corpus_, np.array([0]), np.array([5.0, 5.0, 5.0], dtype=np.float32), AS_OF_S)
    assert found.decay.tolist() == pytest.approx([np.exp(-1.0), 0.1])


def test_the_best_removal_and_the_best_posting_count():
    def event(company, kind, days, removed=(), roles=()):
        return {
            "company_id": company, "kind": kind, "happened_at": datetime.fromtimestamp(AS_OF_S - days * DAY_S, UTC),
            "technologies_removed": list(removed), "technologies_added": [], "role_codes": list(roles),
        }  # fmt: skip

    events = [
        event("a", "tech_change", 60, removed=["hubspot"]),
        event("a", "tech_change", 0, removed=["other"]),
        event("b", "job_posting", 0, roles=["sales"]),
        event("b", "job_posting", 45, roles=["sdr"]),
    ]
    found = boost(events, {"a": 0, "b": 1}, {"hubspot": 1.0}, {"sales": 0.5, "sdr": 1.0}, AS_OF_S)
    assert found.churn.tolist() == pytest.approx([20.0 * np.exp(-1.0), 0.0])
    assert found.job.tolist() == pytest.approx([0.0, 15.0 * 0.5])
