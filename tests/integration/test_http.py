"""The HTTP surface over the real pipeline: shapes, determinism, corrections, filters, lists, explanations."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from openapi_spec_validator import validate

from ranking.deadline import Deadline
from ranking.ports import Boosted
from ranking.types import Float32Array
from tests.fixtures.served_app import AS_OF, ServedApp, serving, with_ports
from tests.fixtures.served_world import ServedWorld

pytestmark = pytest.mark.asyncio(loop_scope="module")
LEAD = {
    "rank", "lead_id", "company_id", "company_name", "domain", "industry", "employee_count", "country", "city", "contact",
    "score", "fit_score", "intent_score", "confidence", "intent_source", "step", "unverified", "signals", "waterfall",
    "why", "merged",
}  # fmt: skip
SIGNAL = {
    "miner_id", "snippet_id", "kind", "text", "source_url", "observed_at", "age_days", "decay", "points", "matched_terms",
}  # fmt: skip
METADATA = {
    "returned", "pool", "available", "shortfall", "relaxation", "routes", "dropped", "degradations", "timings_ms", "cost",
    "versions", "cache",
}  # fmt: skip
COST = {"total_usd", "per_lead_usd", "llm_calls", "llm_ratio", "tokens_in", "tokens_out", "pending_usd"}


async def test_an_answer_has_every_field_of_the_interface(served: ServedApp) -> None:
    answer = await served.query()
    assert answer.keys() == {"query_id", "parsed", "leads", "metadata"}
    parsed = {"product", "include", "exclude", "exemplars", "language", "confidence", "spans"}
    assert parsed <= answer["parsed"].keys()
    assert answer["metadata"].keys() >= METADATA
    assert answer["metadata"]["cost"].keys() == COST
    assert {"parse", "retrieve", "total"} <= answer["metadata"]["timings_ms"].keys()
    assert answer["metadata"]["as_of"] == AS_OF
    assert {frozenset(lead) for lead in answer["leads"]} == {frozenset(LEAD)}
    assert {frozenset(each) for lead in answer["leads"] for each in lead["signals"]} == {frozenset(SIGNAL)}
    assert {"name", "title", "seniority", "email"} <= answer["leads"][0]["contact"].keys()


async def test_who_is_not_understood_is_told_so(served: ServedApp) -> None:
    for prompt in (
        "asdf qwer zxcv",
        "\U0001f680\U0001f525",
        "\u0628\u0631\u0646\u0627\u0645\u062c \u0645\u062d\u0627\u0633\u0628\u0629",
    ):
        answer = await served.query(prompt, limit=3)
        assert answer["metadata"]["note"].startswith(
            "the prompt names no product or target that is known here"
        )
    for prompt in (
        "CRM",
        "companies in Germany",
        "asdf qwer for banks",
        "asdf, for companies like Zzyzx Qwop",
    ):
        answer = await served.query(prompt, limit=3)
        assert answer["metadata"]["note"].startswith("scores compare within this answer only")


async def test_ranks_ascend_scores_descend_and_companies_are_distinct(served: ServedApp) -> None:
    leads = (await served.query(limit=200))["leads"]
    assert len(leads) == 200
    assert [lead["rank"] for lead in leads] == list(range(1, 201))
    order = [(-lead["score"], -lead["fit_score"], lead["lead_id"].encode()) for lead in leads]
    assert order == sorted(order)
    assert len({lead["company_id"] for lead in leads}) == len({lead["lead_id"] for lead in leads}) == 200


async def test_the_waterfall_sums_to_the_score(served: ServedApp) -> None:
    for lead in (await served.query(limit=100))["leads"]:
        assert math.isclose(sum(part["points"] for part in lead["waterfall"]), lead["score"], abs_tol=1e-6)
        assert lead["score"] == pytest.approx(0.6 * lead["fit_score"] + 0.4 * lead["intent_score"] / 100.0)
        for part in lead["waterfall"]:
            assert part["points"] == pytest.approx(part["weight"] * part["value"])


async def test_the_signals_of_a_lead_that_bm25_decides_share_its_base(served_world: ServedWorld) -> None:
    async with serving(served_world, served_world.system.ports()) as app:
        intent = app.flow.config.intent.model_copy(update={"bm25_threshold": 0.5})
        app.flow.config = app.flow.config.model_copy(update={"intent": intent})
        found = (await app.query("ERP for companies", limit=600))["leads"]
    leads = [lead for lead in found if lead["intent_source"] == "bm25"]
    assert leads
    for lead in leads:
        base = next(part["points"] for part in lead["waterfall"] if part["part"] == "intent.base")
        points = [signal["points"] for signal in lead["signals"] if signal["points"] is not None]
        assert sum(points) == pytest.approx(base, abs=1e-6)
        assert all(first >= second for first, second in pairwise(points))
        assert all(signal["matched_terms"] for signal in lead["signals"] if signal["points"])


async def test_signals_have_no_points_where_bm25_does_not_decide(served_world: ServedWorld) -> None:
    async with serving(served_world, with_ports(served_world, booster=Constant(50.0))) as app:
        intent = app.flow.config.intent.model_copy(update={"bm25_threshold": 1e9})
        app.flow.config = app.flow.config.model_copy(update={"intent": intent})
        leads = (await app.query(limit=50))["leads"]
    assert {lead["intent_source"] for lead in leads} == {"gbdt"}
    assert {signal["points"] for lead in leads for signal in lead["signals"]} == {None}


async def test_the_same_question_has_byte_identical_leads(served: ServedApp) -> None:
    body = {
        "query": "CRM for companies in Europe",
        "limit": 50,
        "options": {"as_of": AS_OF, "deadline_ms": 20_000},
    }
    first = (await served.client.post("/query", json=body)).content
    second = (await served.client.post("/query", json=body)).content
    assert first.split(b'"metadata"')[0][70:] == second.split(b'"metadata"')[0][70:]


async def test_no_signal_is_dated_after_as_of(served: ServedApp) -> None:
    answer = await served.query(limit=200, options={"as_of": "2025-06-01"})
    dates = [signal["observed_at"] for lead in answer["leads"] for signal in lead["signals"]]
    assert any(dates)
    assert max(filter(None, dates)) <= "2025-06-02"  # a day ahead is a clock's error (F-5)


async def test_without_as_of_ages_count_from_the_hour(served: ServedApp) -> None:
    answer = await served.post("/query", {"query": "CRM", "options": {"deadline_ms": 20_000}})
    assert answer["metadata"]["as_of"].endswith(":00:00+00:00")


async def test_a_corrected_parse_is_used_instead_of_the_prompt(served: ServedApp) -> None:
    parsed = (await served.post("/parse", {"query": "CRM software for companies in Germany"})).copy()
    assert parsed["include"]["countries"] == ["DE"]
    parsed["include"]["countries"] = ["France"]  # names are read like codes
    answer = await served.query("CRM software for companies in Germany", parsed=parsed, limit=5)
    assert answer["parsed"]["include"]["countries"] == ["FR"]
    assert answer["parsed"]["product"] == parsed["product"]
    strict = [lead for lead in answer["leads"] if lead["step"] == "strict"]
    assert strict
    assert {lead["country"] for lead in strict} == {"FR"}


async def test_every_parse_is_accepted_back_unchanged(served: ServedApp) -> None:
    parsed = await served.post(
        "/parse", {"query": "HR software like Personio for SMBs in DACH, not banks, top 7"}
    )
    answer = await served.query("anything", parsed=parsed)
    assert answer["parsed"] == parsed


async def test_filters_override_and_exclusions_unite(served: ServedApp) -> None:
    asked = {"countries": ["France"], "exclude": {"countries": ["Spain"], "keywords": ["Bank!"]}}
    answer = await served.query("CRM for companies in Germany, not in Italy", filters=asked)
    parsed = answer["parsed"]
    assert (parsed["include"]["countries"], parsed["include"]["cities"]) == (["FR"], [])
    assert set(parsed["exclude"]["countries"]) == {"IT", "ES"}
    assert parsed["exclude"]["keywords"][-1] == "bank"
    assert not {"IT", "ES"} & {lead["country"] for lead in answer["leads"]}


async def test_only_listed_candidates_are_ranked_and_the_others_named(served: ServedApp) -> None:
    known = (await served.query(limit=30))["leads"]
    by_lead, by_company = known[0], known[1]
    violator = next(lead for lead in known if lead["country"] not in (None, by_lead["country"]))
    ids = [by_lead["lead_id"], by_company["company_id"], violator["company_id"], "nobody", "nobody"]
    barred = {"exclude": {"countries": [violator["country"]], "companies": []}}
    answer = await served.query(candidates=ids, filters=barred)
    kept = {each["company_id"] for each in (by_lead, by_company) if each["country"] != violator["country"]}
    assert {lead["company_id"] for lead in answer["leads"]} == kept
    assert answer["leads"][0]["lead_id"] in {by_lead["lead_id"], by_company["lead_id"]}
    reasons = {each["id"]: each["reason"] for each in answer["metadata"]["dropped"]}
    assert reasons["nobody"] == "unknown_id"
    assert reasons[violator["company_id"]] == "exclude.location"
    assert [step["step"] for step in answer["metadata"]["relaxation"]] == ["candidates"]


async def test_the_other_leads_of_a_company_are_not_taken_for_a_listed_one(served: ServedApp) -> None:
    merged = next(lead for lead in (await served.query(limit=200))["leads"] if lead["merged"])
    other = merged["merged"][0]
    answer = await served.query(candidates=[other])
    assert [lead["lead_id"] for lead in answer["leads"]] == [other]
    assert answer["leads"][0]["merged"] == []


@pytest.mark.parametrize(
    ("prompt", "fields", "returned"),
    [
        ("CRM for companies in Europe", {"limit": 3}, 3),
        ("CRM for companies in Europe", {"desired_count": 4}, 4),
        ("top 5 companies in Europe for CRM", {}, 5),
        ("top 5 companies in Europe for CRM", {"limit": 6}, 6),
        ("CRM for companies in Europe", {}, 25),
    ],
)
async def test_as_many_leads_come_back_as_are_asked_for(
    served: ServedApp, prompt: str, fields: dict[str, int], returned: int
) -> None:
    answer = await served.query(prompt, **fields)
    assert len(answer["leads"]) == answer["metadata"]["returned"] == returned
    assert answer["metadata"]["shortfall"] is None


async def test_a_shortfall_says_what_is_missing(served: ServedApp) -> None:
    answer = await served.query(limit=200)
    bar = answer["leads"][9]["score"]
    short = await served.query(limit=200, options={"min_score": bar})
    assert min(lead["score"] for lead in short["leads"]) >= bar
    told = short["metadata"]["shortfall"]
    assert (told["requested"], told["returned"]) == (200, len(short["leads"]))
    assert f"min_score {bar:g}" in told["reason"]
    listed = await served.query(candidates=[answer["leads"][0]["lead_id"]])
    assert "only 1 " in listed["metadata"]["shortfall"]["reason"]


async def test_without_explain_the_account_is_left_out(served: ServedApp) -> None:
    plain, full = await served.query(options={"explain": False}), await served.query()
    assert {(lead["why"], len(lead["waterfall"])) for lead in plain["leads"]} == {("", 0)}
    assert [lead["score"] for lead in plain["leads"]] == [lead["score"] for lead in full["leads"]]


async def test_weights_of_the_request_are_used(served: ServedApp) -> None:
    weights = {"final": {"fit": 1.0, "intent": 0.0}, "fit": {"industry": 0.0, "size": 0.0, "region": 1.0}}
    leads = (await served.query(options={"weights": weights}, limit=50))["leads"]
    for lead in leads:
        assert lead["score"] == lead["fit_score"]
        region = next(part for part in lead["waterfall"] if part["part"] == "fit.region")
        assert (region["weight"], region["points"]) == (1.0, lead["score"])


async def test_parse_answers_the_parse_alone(served: ServedApp) -> None:
    parsed = await served.post("/parse", {"query": "CRM for hospitals in Berlin"})
    assert parsed == (await served.query("CRM for hospitals in Berlin"))["parsed"]
    again = await served.query("CRM for hospitals in Berlin")
    assert again["metadata"]["cache"]["parse"] is True


async def test_rerank_says_how_far_each_lead_moved(served: ServedApp) -> None:
    answer = await served.query(limit=40)
    weights = {"final": {"fit": 1.0, "intent": 0.0}}
    told = await served.post("/rerank", {"query_id": answer["query_id"], "weights": weights})
    before = {lead["lead_id"]: lead["rank"] for lead in answer["leads"]}
    assert len(told["leads"]) == 40
    assert told["same_snapshot"] is True
    for lead in told["leads"]:
        was = before.get(lead["lead_id"])
        assert lead["rank_before"] == was
        assert lead["rank_change"] == (None if was is None else was - lead["rank"])
        assert lead["score"] == lead["fit_score"]
    assert any(lead["rank_change"] for lead in told["leads"])
    short = await served.post("/rerank", {"query_id": answer["query_id"], "weights": weights, "limit": 5})
    assert len(short["leads"]) == 5


async def test_operations(served: ServedApp) -> None:
    await served.query()
    assert (await served.client.get("/healthz")).json() == {"status": "ok"}
    assert (await served.client.get("/readyz")).json() == {"status": "ready"}
    metrics = (await served.client.get("/metrics")).text
    for name in ("lead_cost_usd_bucket", 'leads_query_duration_seconds_bucket{le="0.4",stage="total"}'):
        assert name in metrics
    assert 'leads_queries_total{outcome="ok"}' in metrics
    assert "swagger" in (await served.client.get("/docs")).text
    schema = (await served.client.get("/openapi.json")).json()
    validate(schema)
    body = schema["paths"]["/query"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert {"query", "limit", "filters", "candidates", "parsed", "options"} <= body["properties"].keys()
    assert "$ref" not in str(body)


async def test_request_ids_are_the_callers_when_sensible(served: ServedApp) -> None:
    given = await served.client.get("/healthz", headers={"X-Request-Id": "abc-1.2_3"})
    assert given.headers["X-Request-Id"] == "abc-1.2_3"
    for silly in ("a b", "x" * 129, "ü", ""):
        made = await served.client.get("/healthz", headers={"X-Request-Id": silly.encode()})
        assert len(made.headers["X-Request-Id"]) == 32
    refused = await served.client.post("/query", json={}, headers={"X-Request-Id": "mine"})
    assert refused.json()["request_id"] == refused.headers["X-Request-Id"] == "mine"


async def test_an_unknown_failure_tells_nothing_but_its_id(served_world: ServedWorld) -> None:
    async with serving(served_world, with_ports(served_world, retrieval=Broken())) as app:
        response = await app.client.post("/query", json={"query": "CRM"}, headers={"X-Request-Id": "mine"})
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["X-Request-Id"] == response.json()["request_id"] == "mine"
    assert response.json()["code"] == "internal"
    assert "secret" not in response.text


class Broken:
    """A retrieval that fails in a way nobody has foreseen."""

    async def retrieve(self, *_: Any) -> None:
        raise ZeroDivisionError("secret")


class Constant:
    """A booster that gives everybody the same base intent."""

    def __init__(self, score: float) -> None:
        self._score = score

    async def score(self, features: Float32Array, _deadline: Deadline) -> Boosted:
        return Boosted("constant", np.full(len(features), self._score))
