"""What customers tell of their leads: stored once, checked against their own queries, nothing lost for a neighbour's fault."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from db.statements import load
from ingest.importers.canonical import Canonicaliser
from ingest.importers.context import RowContext
from ingest.importers.outcomes import outcome_row
from ranking.taxonomy import load_taxonomy
from tests.fixtures.served_app import NOW, ServedApp
from tests.fixtures.served_world import ServedWorld
from tests.fixtures.submitting import bearing, key_of, submit, submitted_to

CLICK = {"lead_id": "l-1", "event": "click", "occurred_at": "2025-01-02T03:04:05+01:00"}
UNKNOWN_QUERY = "0" * 32
MALFORMED: list[tuple[Any, str]] = [
    ({}, ""),
    ([], ""),
    ([{}], "/0"),
    ([{"query_id": "q", "event": "click", "occurred_at": "2025-01-01"}], "/0"),
    ([{"query_id": "q", "lead_id": "l-1", "event": "click"}], "/0"),
    ([{"prompt": "CRM", **CLICK, "event": "bought"}], "/0/event"),
    ([{"prompt": "CRM", **CLICK}, {"prompt": "CRM", **CLICK, "occurred_at": 7}], "/1/occurred_at"),
    ([{"prompt": "CRM", **CLICK, "occurred_at": "2999-01-01"}], "/0/occurred_at"),
    ([{"prompt": "CRM", **CLICK, "occurred_at": "1066-10-14"}], "/0/occurred_at"),
    ([{"prompt": "CRM", **CLICK, "position": 0}], "/0/position"),
    ([{"prompt": "CRM", **CLICK, "label": 2}], "/0/label"),
    ([{"prompt": "CRM", **CLICK, "miner_id": "m"}], "/0/miner_id"),
    ([{"prompt": "a\0b", **CLICK}], "/0/prompt"),
    ([{"prompt": "CRM", **CLICK, "attributes": {"a\0": 1}}], "/0/attributes/a\0"),
]


@pytest.fixture
async def app(
    served_world: ServedWorld, database: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ServedApp]:
    monkeypatch.setattr("deployments.query_log._READ_PAUSE_S", 0.01)
    async with submitted_to(served_world, database) as opened:
        yield opened


async def tell(app: ServedApp, events: Any, key: str | None = None) -> httpx2.Response:
    return await app.client.post("/outcomes", json=events, headers=bearing(key))


async def told(app: ServedApp, events: list[dict[str, Any]], key: str | None = None) -> dict[str, Any]:
    response = await tell(app, events, key)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    assert found["received"] == found["stored"] + found["unchanged"] + len(found["unknown"])
    return found


async def own_query(app: ServedApp, key: str | None = None) -> str:
    query_id: str = (await submit(app, key)).json()["query_id"]
    return query_id


async def keyed(app: ServedApp, tenant: str) -> str:
    key = await key_of(app.pool, tenant)
    await app.access.refresh(app.pool)
    return key


async def test_an_outcome_is_stored_at_once_and_once(app: ServedApp) -> None:
    event = {"query_id": await own_query(app), **CLICK}
    assert (await told(app, [event]))["stored"] == 1
    assert (await told(app, [event, event]))["unchanged"] == 2
    rows = await app.pool.fetch("SELECT * FROM outcomes")
    assert [(row["query_id"], row["lead_id"], row["company_id"], row["event"]) for row in rows] == [
        (event["query_id"], "l-1", "c-1", "click")
    ]
    assert rows[0]["occurred_at"] == datetime(2025, 1, 2, 2, 4, 5, tzinfo=UTC)


async def test_an_event_with_an_id_is_what_was_last_said_of_it(app: ServedApp) -> None:
    event = {"event_id": "e1", "prompt": "CRM", **CLICK}
    assert (await told(app, [event, {**event, "event": "reply"}]))["stored"] == 1
    assert (await told(app, [{**event, "event": "meeting"}]))["stored"] == 1
    assert await app.pool.fetch("SELECT event_id, event FROM outcomes") == [("e1", "meeting")]


async def test_unknown_ids_are_named_and_nothing_else_is_lost(app: ServedApp) -> None:
    query_id = await own_query(app)
    found = await told(
        app,
        [
            {"query_id": UNKNOWN_QUERY, **CLICK},
            {"query_id": query_id, **CLICK},
            {"query_id": query_id, **CLICK, "lead_id": "l-9"},
            {"query_id": query_id, "company_id": "c-2", "event": "reply", "occurred_at": "2025-01-03"},
            {"query_id": query_id, "company_id": "c-9", "label": 1},
        ],
    )
    assert (found["received"], found["stored"], found["unchanged"]) == (5, 2, 0)
    assert found["unknown"] == [
        {"index": 0, "field": "query_id", "value": UNKNOWN_QUERY},
        {"index": 2, "field": "lead_id", "value": "l-9"},
        {"index": 4, "field": "company_id", "value": "c-9"},
    ]
    assert await app.pool.fetchval("SELECT count(*) FROM outcomes") == 2


async def test_another_tenants_query_and_events_are_out_of_reach(app: ServedApp) -> None:
    acme, umbra = await keyed(app, "acme"), await keyed(app, "umbra")
    query_id = await own_query(app, acme)
    event = {"event_id": "e1", "query_id": query_id, **CLICK}
    assert (await told(app, [event], umbra))["unknown"] == [
        {"index": 0, "field": "query_id", "value": query_id}
    ]
    assert (await told(app, [event], acme))["stored"] == 1
    assert (await told(app, [{"event_id": "e1", "prompt": "CRM", **CLICK}], umbra))["stored"] == 1, (
        "ids are each tenant's own"
    )
    owners = await app.pool.fetch("SELECT tenant_id, event_id FROM outcomes ORDER BY 1")
    assert owners == [("acme", "acme/e1"), ("umbra", "umbra/e1")]


async def test_an_outcome_over_http_is_the_one_that_a_file_or_a_message_brings(app: ServedApp) -> None:
    event = {
        "query_id": await own_query(app), **CLICK, "position": 3, "attributes": {"b": [1, 2.5], "a": "ü"},
    }  # fmt: skip
    await told(app, [event])
    context = RowContext(NOW, Canonicaliser(load_taxonomy()), "import", {}, {}, {})
    row = outcome_row(event, context)
    stored = await app.pool.fetchrow("SELECT event_id, content_hash FROM outcomes")
    assert tuple(stored) == (row.event_id, row.content_hash)


async def test_a_malformed_list_is_told_by_pointer_and_stores_nothing(app: ServedApp) -> None:
    for events, pointer in MALFORMED:
        response = await tell(app, events)
        assert response.status_code == 422, events
        assert pointer in [each["pointer"] for each in response.json()["errors"]]
    assert await app.pool.fetchval("SELECT count(*) FROM outcomes") == 0


async def test_a_tenants_outcomes_train_the_shared_ranker_only_where_it_shares_them(app: ServedApp) -> None:
    key = await keyed(app, "acme")
    query_id = await own_query(app, key)
    await told(app, [{"query_id": query_id, **CLICK}], key)
    await app.pool.execute(
        "INSERT INTO outcomes (event_id, query_id, lead_id, event, occurred_at, content_hash) "
        "VALUES ('by-kafka', $1, 'l-1', 'reply', now(), '')",
        query_id,
    )
    learnt = load()["outcomes_with_prompts"]
    assert await app.pool.fetch(learnt) == []
    await app.pool.execute("UPDATE tenants SET shares_outcomes = true")
    assert {row["event"] for row in await app.pool.fetch(learnt)} == {"click", "reply"}


async def test_performance_is_kept_and_the_last_word_counts(app: ServedApp) -> None:
    query_id = await own_query(app)
    for ctr in (0.1, 0.25):
        body = {"query_id": query_id, "ctr": ctr, "conversion_rate": 0}
        response = await app.client.post("/track/performance", json=body)
        assert (response.status_code, response.content) == (204, b"")
    stored = await app.pool.fetch("SELECT query_id, tenant_id, ctr, conversion_rate FROM query_performance")
    assert stored == [(query_id, None, 0.25, 0.0)]


async def test_performance_of_a_query_that_is_not_ones_own_is_not_found(app: ServedApp) -> None:
    query_id = await own_query(app)
    key = await keyed(app, "acme")
    for asked in (query_id, UNKNOWN_QUERY):
        body = {"query_id": asked, "ctr": 0.1, "conversion_rate": 0.0}
        response = await app.client.post("/track/performance", json=body, headers=bearing(key))
        assert response.status_code == 404


async def test_performance_is_a_pair_of_shares(app: ServedApp) -> None:
    for fields in ({"ctr": 1.01}, {"conversion_rate": -0.1}, {"ctr": "0.1"}, {"ctr": None}):
        body = {"query_id": "q", "ctr": 0.1, "conversion_rate": 0.0, **fields}
        response = await app.client.post("/track/performance", json=body)
        assert response.status_code == 422
        assert [each["pointer"] for each in response.json()["errors"]] == [f"/{name}" for name in fields]
