"""docs/api.md out of the application's OpenAPI schema and the answer's types: `python -m deployments.api_page`."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

from fastapi import FastAPI

from deployments.http import Wiring, build_app
from deployments.problems import problems
from deployments.telemetry import Telemetry
from ranking import answer

PAGE = Path(__file__).parents[1] / "docs" / "api.md"
_ANSWER = (
    answer.RankedLead, answer.Contact, answer.Signal, answer.WaterfallPart, answer.Degradation, answer.Shortfall,
    answer.Routes, answer.Cost,
)  # fmt: skip
_INTRO = """# HTTP interface

<!-- Made by `python -m deployments.api_page` out of the OpenAPI schema; a test compares the two. -->

JSON in, JSON out. `GET /openapi.json` is the schema that machines read, `GET /docs` the same to try out. Every answer carries
`X-Request-Id` (the caller's, when it is 1 to 128 letters, digits, `.`, `_` or `-`). Unknown fields are refused.

## Examples

```
curl -s localhost:8000/query -d '{"query": "HR software for hospitals in DACH, not in Austria", "limit": 10}'
curl -s localhost:8000/query -d '{"query": "CRM", "filters": {"countries": ["DE"], "employee_min": 50}}'
curl -s localhost:8000/query -d '{"query": "CRM", "candidates": ["c-17", "c-404"]}'
curl -s localhost:8000/parse -d '{"query": "payroll for restaurants in Texas, no franchises"}'
curl -s localhost:8000/explain -d '{"query_id": "<of an answer>", "company_id": "c-17"}'
curl -s localhost:8000/rerank -d '{"query_id": "<of an answer>", "weights": {"final": {"fit": 0.3, "intent": 0.7}}}'
curl -s localhost:8000/query/<query_id>.csv
curl -s localhost:8000/outcomes -d '[{"query_id": "<of one>", "lead_id": "l-1", "event": "click", "occurred_at": "2026-01-31T10:00Z"}]'
curl -s localhost:8000/track/performance -d '{"query_id": "<of an answer>", "ctr": 0.12, "conversion_rate": 0.02}'
```

The second overrides what the prompt says about places and size; exclusions are united instead. The third ranks only
these companies or leads: nothing is relaxed, and `metadata.dropped` says why one of them is missing. A corrected
`parsed` object of an earlier answer may be sent back as `parsed`; it is used instead of parsing.

Outcomes are stored once, by `event_id`, else by what they say; the answer counts `stored` and `unchanged` and names under
`unknown` each event whose query, lead or company is not known to the caller, by its place in the list.

## Who asks

`Authorization: Bearer <key>`; `leads keys create` makes keys. Once there was one, everything but `/healthz`, `/readyz`,
`/metrics` and the documentation needs one (401), and a tenant sees its own queries only: another's `query_id` is a 404. Before,
only this machine is answered, and its queries are nobody's in particular.

Answered queries are judged by rules (docs/configuration.md, `quality.rules`). A submitter of whom more than 30 % are flagged,
or whose score falls below .5, after ten queries at the earliest, is throttled for a day: `POST /query` answers 429 `throttled`
with `Retry-After` and the way back. One query a minute is still answered, and ordinary ones lift the throttle.

Every answer to a caller says how much he may still ask of the replica that answers: `RateLimit-Limit` requests in a window,
`RateLimit-Remaining` of them left, `RateLimit-Reset` seconds until it ends (`quality.rate`). Beyond the limit it is 429
`rate_limited` with `Retry-After`; keys made with `--trusted` and this machine's own queries are never refused. To a throttled
submitter they say when his next query is answered.

## Errors

`application/problem+json` (RFC 9457) with `code`, `request_id` and, for bad input, `errors[]` with JSON pointers.

| code | status |
|---|---|
"""


def page() -> str:
    """The whole page."""
    paths: Mapping[str, Any] = _schema()["paths"]
    routes = [
        _route(method, path, told) for path, methods in paths.items() for method, told in methods.items()
    ]
    return "\n".join([_INTRO + _codes(), "## Routes\n", *routes, _answer()])


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")


def _schema() -> Mapping[str, Any]:
    wiring = Wiring(flow=_absent, readiness=_absent, versions=dict, telemetry=Telemetry(), lifespan=_lifespan)
    return build_app(wiring).openapi()


def _codes() -> str:
    """One row per code: its statuses and what it says."""
    known = sorted(problems(), key=lambda each: (each.code, each.status))
    return "".join(f"| `{each.code}` | {each.status}: {each.title} |\n" for each in known)


def _absent() -> NoReturn:
    raise AssertionError("the schema is read, nothing is served")


@asynccontextmanager
async def _lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield


def _route(method: str, path: str, told: Mapping[str, Any]) -> str:
    lines = [f"### `{method.upper()} {path}`", "", f"{told.get('summary', '')}."]
    body = told.get("requestBody")
    if body:
        rows = _fields(body["content"]["application/json"]["schema"], "")
        lines += ["", "| field | type | default | bounds |", "|---|---|---|---|", *rows]
    return "\n".join([*lines, ""])


def _fields(schema: Mapping[str, Any], prefix: str) -> Iterator[str]:
    if "items" in schema:
        yield from _fields(schema["items"], f"{prefix}[].")
        return
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        options = field.get("anyOf", [field])
        objects = [each for each in options if each.get("properties")]
        if name == "parsed":
            yield "| `parsed` | object or null | `None` | the `parsed` object of an answer, corrected |"
            continue
        if objects:
            yield from _fields(objects[0], f"{prefix}{name}.")
            continue
        kind = " or ".join(dict.fromkeys(_kind(each) for each in options))
        default = "required" if name in required else f"`{field.get('default')}`"
        yield f"| `{prefix}{name}` | {kind} | {default} | {_bounds(options)} |"


def _kind(option: Mapping[str, Any]) -> str:
    if "enum" in option:
        return ", ".join(f"`{each}`" for each in option["enum"])
    if option.get("type") == "array":
        return f"list of {_kind(option.get('items', {}))}"
    return str(option.get("format", option.get("type", "value")))


def _bounds(options: list[Mapping[str, Any]]) -> str:
    names = (
        ("minimum", ">="), ("maximum", "<="), ("minLength", "characters >="), ("maxLength", "characters <="),
        ("maxItems", "items <="),
    )  # fmt: skip
    return ", ".join(
        f"{sign} {option[key]:,.10g}" for option in options for key, sign in names if key in option
    )


def _answer() -> str:
    """The types that an answer's leads and metadata are made of."""
    lines = ["## The answer of `POST /query`", "", _ENVELOPE]
    for kind in _ANSWER:
        doc = " ".join((kind.__doc__ or "").split())
        names = ", ".join(f"`{name}`" for name in kind.__annotations__)
        lines.append(f"- **{kind.__name__}**: {doc} {names}.")
    return "\n".join([*lines, ""])


_ENVELOPE = """`query_id`, `parsed` (product, include, exclude, exemplars, language, confidence, `spans` with the words
that caused each field), `leads` (best first) and `metadata`: `returned`, `pool`, `available`, `shortfall`, `relaxation`
(companies each step added), `routes` (who scored the pool), `dropped`, `degradations`, `timings_ms`, `cost`,
`versions`, `as_of`, `cache`, `parsed_by` (`rules`; `llm` where a language model read the prompt as well; `caller` where
`parsed` was given), `unresolved_exemplars`, `note` (how to read the scores, and that nothing of the prompt was
understood where that is so: the leads are then anybody). Where two rankings share the list `challenger` says what differs in the
second; each lead has `picked_by`, places are those of the draft, scores and waterfalls the standing ranking's. Scores compare within
one answer only; `confidence` is not calibrated.
"""


if __name__ == "__main__":
    main()
