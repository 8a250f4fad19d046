"""Whatever is wrong with a request, the answer is a problem document that names the field, and never a 500."""

import json
from typing import Any

import pytest

from tests.fixtures.served_app import ServedApp

pytestmark = pytest.mark.asyncio(loop_scope="module")
UNKNOWN = "0" * 32


def _query(**fields: Any) -> bytes:
    return json.dumps({"query": "CRM for companies in Europe", **fields}).encode()


def _parsed(**fields: Any) -> bytes:
    return _query(parsed=fields)


def _options(**options: Any) -> bytes:
    return _query(options=options)


def _filters(**filters: Any) -> bytes:
    return _query(filters=filters)


BODIES: list[tuple[str, bytes, str]] = [
    ("no body", b"", ""),
    ("not JSON", b"hello", ""),
    ("half JSON", b'{"query": "CR', ""),
    ("a list", b"[]", ""),
    ("a text", b'"CRM"', ""),
    ("null", b"null", ""),
    ("a number", b"7", ""),
    ("NaN", b'{"query": NaN}', ""),
    ("infinity", b'{"query": "CRM", "options": {"min_score": 1e999}}', ""),
    ("invalid UTF-8", b'{"query": "CRM \xff\xfe"}', ""),
    ("UTF-16", '{"query": "CRM"}'.encode("utf-16"), ""),
    ("a byte order mark", b'\xef\xbb\xbf{"query": "CRM"}', ""),
    ("a lone surrogate", b'{"query": "CRM \\ud800"}', ""),
    ("a control character", b'{"query": "CRM\x01"}', ""),
    ("deep lists", b"[" * 900 + b"]" * 900, ""),
    ("deeper lists", b"[" * 100_000 + b"]" * 100_000, ""),
    ("deep objects", b'{"parsed":' * 800 + b"1" + b"}" * 800, ""),
    ("a body of 3 MB", _query(candidates=["c" * 100] * 30_000), ""),
    ("NUL", b'{"query": "CRM\\u0000 for banks"}', "/query"),
    ("NUL in a name", b'{"query": "CRM", "a\\u0000": 1}', "/a\0"),
    ("NUL in a filter", _filters(exclude={"companies": ["a", "b\0"]}), "/filters/exclude/companies/1"),
    ("a member twice", b'{"query": "CRM", "query": "HR"}', "/query"),
    ("a member twice below", b'{"query": "CRM", "filters": {"roles": [], "roles": ["cto"]}}', "/filters/roles"),
    ("no prompt", b"{}", "/query"),
    ("an empty prompt", b'{"query": ""}', "/query"),
    ("a blank prompt", b'{"query": " \\n\\t\\u00a0"}', "/query"),
    ("a prompt that is null", b'{"query": null}', "/query"),
    ("a prompt that is a number", b'{"query": 7}', "/query"),
    ("a prompt that is a list", b'{"query": ["CRM"]}', "/query"),
    ("a prompt of 100 kB", json.dumps({"query": "CRM " * 25_000}).encode(), "/query"),
    ("limit 0", _query(limit=0), "/limit"),
    ("limit 2001", _query(limit=2001), "/limit"),
    ("limit -1", _query(limit=-1), "/limit"),
    ("limit 1.5", _query(limit=1.5), "/limit"),
    ("limit as a text", _query(limit="25"), "/limit"),
    ("limit true", _query(limit=True), "/limit"),
    ("limit beyond 64 bits", b'{"query": "CRM", "limit": 99999999999999999999999}', "/limit"),
    ("desired_count 0", _query(desired_count=0), "/desired_count"),
    ("limit and desired_count", _query(limit=5, desired_count=6), "/desired_count"),
    ("an unknown field", _query(qeury="CRM"), "/qeury"),
    ("an unknown field with a slash", _query(**{"a/b~c": 1}), "/a~1b~0c"),
    ("an unknown filter", _filters(industry=["banks"]), "/filters/industry"),
    ("an unknown exclusion", _filters(exclude={"company": ["x"]}), "/filters/exclude/company"),
    ("an unknown option", _options(deadline=5), "/options/deadline"),
    ("an unknown weight", _options(weights={"final": {"fit": 1, "intent": 0, "luck": 0}}), "/options/weights/final/luck"),
    ("an unknown set of weights", _options(weights={"last": {}}), "/options/weights/last"),
    ("an unknown parsed field", _parsed(produkt={}), "/parsed/produkt"),
    ("an unknown parsed target", _parsed(include={"planets": []}), "/parsed/include/planets"),
    ("an unknown parsed exclusion", _parsed(exclude={"planets": []}), "/parsed/exclude/planets"),
    ("an unknown field of a span", _parsed(spans=[{"x": 1}]), "/parsed/spans/0/x"),
    ("filters as a list", _query(filters=[]), "/filters"),
    ("options as null", _query(options=None), "/options"),
    ("an unknown industry", _filters(industries=["banks", "qwertyuiop"]), "/filters/industries/1"),
    ("an unknown country", _filters(countries=["Atlantis"]), "/filters/countries/0"),
    ("an unknown region", _filters(regions=["Mordor"]), "/filters/regions/0"),
    ("an unknown role", _filters(roles=["qwertyuiop"]), "/filters/roles/0"),
    ("an unknown seniority", _filters(seniorities=["qwertyuiop"]), "/filters/seniorities/0"),
    ("an unknown excluded country", _filters(exclude={"countries": ["Atlantis"]}), "/filters/exclude/countries/0"),
    ("a technology without a word", _filters(technologies=["!!!"]), "/filters/technologies/0"),
    ("a keyword without a word", _filters(exclude={"keywords": ["..."]}), "/filters/exclude/keywords/0"),
    ("a company without a word", _filters(exclude={"companies": ["-"]}), "/filters/exclude/companies/0"),
    ("an empty industry", _filters(industries=[""]), "/filters/industries/0"),
    ("an industry of 300 letters", _filters(industries=["b" * 300]), "/filters/industries/0"),
    ("201 industries", _filters(industries=["banks"] * 201), "/filters/industries"),
    ("employee_min above employee_max", _filters(employee_min=500, employee_max=50), "/filters/employee_min"),
    ("employee_min below 0", _filters(employee_min=-1), "/filters/employee_min"),
    ("employee_max as a text", _filters(employee_max="50"), "/filters/employee_max"),
    ("a country asked for and excluded", _filters(countries=["DE"], exclude={"countries": ["Germany"]}), "/filters/exclude/countries"),
    ("a country of an excluded region", _filters(countries=["DE"], exclude={"regions": ["DACH"]}), "/filters/exclude/countries"),
    ("a part of an excluded industry", _filters(industries=["hospitals"], exclude={"industries": ["healthcare"]}),
     "/filters/exclude/industries"),
    ("a role asked for and excluded", _filters(roles=["CTO"], exclude={"roles": ["CTO"]}), "/filters/exclude/roles"),
    ("no candidates", _query(candidates=[]), "/candidates"),
    ("10,001 candidates", _query(candidates=["c"] * 10_001), "/candidates"),
    ("an empty candidate", _query(candidates=["c", ""]), "/candidates/1"),
    ("a candidate that is a number", _query(candidates=[7]), "/candidates/0"),
    ("deadline 19 ms", _options(deadline_ms=19), "/options/deadline_ms"),
    ("deadline 30,001 ms", _options(deadline_ms=30_001), "/options/deadline_ms"),
    ("an unknown llm mode", _options(llm="always"), "/options/llm"),
    ("min_score 2", _options(min_score=2), "/options/min_score"),
    ("a negative budget", _options(max_cost_usd=-1), "/options/max_cost_usd"),
    ("explain as a text", _options(explain="yes"), "/options/explain"),
    ("as_of in words", _options(as_of="yesterday"), "/options/as_of"),
    ("as_of as a number", _options(as_of=1_700_000_000), "/options/as_of"),
    ("as_of in the future", _options(as_of="2099-01-01T00:00:00Z"), "/options/as_of"),
    ("as_of in the year 9999", _options(as_of="9999-12-31T23:59:59-14:00"), "/options/as_of"),
    ("as_of in the year 1", _options(as_of="0001-01-01T00:00:00+14:00"), "/options/as_of"),
    ("final weights that sum to 1.1", _options(weights={"final": {"fit": 0.7, "intent": 0.4}}), "/options/weights/final"),
    ("fit weights that sum to 0", _options(weights={"fit": {"industry": 0, "size": 0, "region": 0}}), "/options/weights/fit"),
    ("a negative weight", _options(weights={"final": {"fit": 1.5, "intent": -0.5}}), "/options/weights/final/fit"),
    ("a parsed industry nobody knows", _parsed(include={"industries": ["qwertyuiop"]}), "/parsed/include/industries/0"),
    ("a parsed exclusion nobody knows", _parsed(exclude={"industries": ["qwertyuiop"]}), "/parsed/exclude/industries/0"),
    ("a parsed concept nobody knows", _parsed(product={"concepts": ["qwertyuiop"]}), "/parsed/product/concepts/0"),
    ("a parsed range upside down", _parsed(include={"employees": [{"minimum": 9, "maximum": 1}]}), "/parsed/include/employees/0"),
    ("a parsed range of nothing", _parsed(exclude={"employees": [{}]}), "/parsed/exclude/employees/0"),
    ("a parsed limit of 0", _parsed(limit=0), "/parsed/limit"),
    ("a parsed confidence of 2", _parsed(confidence=2), "/parsed/confidence"),
    ("300 parsed keywords", _parsed(product={"keywords": ["a"] * 300}), "/parsed/product/keywords"),
    ("a parsed language of 300 letters", _parsed(language="e" * 300), "/parsed/language"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "pointer"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
async def test_a_bad_query_is_refused_by_name(served: ServedApp, body: bytes, pointer: str) -> None:
    response = await served.client.post("/query", content=body)
    problem = response.json()
    assert (response.status_code, problem["code"]) == (422, "invalid_query"), response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["request_id"] == response.headers["X-Request-Id"]
    assert pointer in [each["pointer"] for each in problem["errors"]]
    assert all(each["detail"] for each in problem["errors"])


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/parse", {}, "/query"),
        ("/parse", {"query": "CRM", "limit": 5}, "/limit"),
        ("/explain", {"query_id": UNKNOWN}, ""),
        ("/explain", {"query_id": UNKNOWN, "lead_id": "a", "company_id": "b"}, ""),
        ("/explain", {"lead_id": "a"}, "/query_id"),
        ("/rerank", {"query_id": UNKNOWN}, "/weights"),
        (
            "/rerank",
            {"query_id": UNKNOWN, "weights": {"final": {"fit": 2, "intent": -1}}},
            "/weights/final/fit",
        ),
        ("/rerank", {"query_id": UNKNOWN, "weights": {}, "limit": 2001}, "/limit"),
    ],
)
async def test_other_bad_bodies_are_refused_by_name(
    served: ServedApp, path: str, body: dict[str, Any], pointer: str
) -> None:
    response = await served.client.post(path, json=body)
    assert response.status_code == 422
    assert pointer in [each["pointer"] for each in response.json()["errors"]]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/query", 405, "method_not_allowed"),
        ("DELETE", "/healthz", 405, "method_not_allowed"),
        ("GET", "/nowhere", 404, "not_found"),
        ("POST", "/query/", 404, "not_found"),
        ("GET", f"/query/{UNKNOWN}.csv", 404, "not_found"),
        ("GET", f"/query/{UNKNOWN}.pdf", 422, "invalid_query"),
        ("GET", "/query/..%2f..%2fetc.csv", 404, "not_found"),
        ("GET", "/query/nonsense.csv", 422, "invalid_query"),
    ],
)
async def test_bad_paths_get_problems_too(
    served: ServedApp, method: str, path: str, status: int, code: str
) -> None:
    response = await served.client.request(method, path)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert "X-Request-Id" in response.headers
    assert ("allow" in response.headers) == (status == 405)


@pytest.mark.parametrize("path", ["/explain", "/rerank"])
async def test_an_unknown_query_is_not_found(served: ServedApp, path: str) -> None:
    body = {"query_id": UNKNOWN, **({"lead_id": "a"} if path == "/explain" else {"weights": {}})}
    response = await served.client.post(path, json=body)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_odd_but_usable_requests_are_answered(served: ServedApp) -> None:
    prompts = (
        "🙂" * 50,
        "x",
        "?!",
        "a" * 8_000,
        "DROP TABLE companies; --",
        "\u202eCRM\u202c für Münchner Ämter",
        "1" * 500,
    )
    for prompt in prompts:
        answer = await served.query(prompt, limit=3)
        assert len(answer["leads"]) == 3
    wide = await served.query(filters={"employee_min": 0, "exclude": {"companies": ["c"] * 200}})
    assert len(wide["leads"]) == 25
    many = await served.query(candidates=[f"c{number}" for number in range(10_000)])
    assert (len(many["leads"]), len(many["metadata"]["dropped"])) == (0, 10_000)


async def test_faults_are_told_in_words_of_the_interface(served: ServedApp) -> None:
    for body, pointer, said in (
        ([1], "", "Input should be an object"),
        ({"query": "CRM", "options": [1]}, "/options", "Input should be an object"),
        ({"query": "  "}, "/query", "must say something"),
    ):
        response = await served.client.post("/query", json=body)
        assert response.status_code == 422
        assert response.json()["errors"] == [{"pointer": pointer, "detail": said}]
