"""Who may ask: nobody without a key once there was one, nobody for another tenant's queries."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from db.pool import open_pool
from db.submitters.keys import id_of, read_keys, revoke_key
from deployments.access import OPEN_PATHS, Access
from deployments.rounds import Rounds
from ranking.errors import Forbidden, Unauthorized, Unavailable
from tests.fixtures.served_app import ServedApp
from tests.fixtures.served_world import ServedWorld
from tests.fixtures.submitting import bearing, key_of, submit, submitted_to, submitter_of

WRONG = (
    "", "Bearer", "Bearer ", "Basic bGs6bGs=", "Bearer lk_0_0", "Bearer lk__", "Bearer nonsense", "Bearer lk_é_ü",
    "Bearer " + "lk_" * 5_000,
)  # fmt: skip


def problem(response: httpx2.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


async def keyed(app: ServedApp, tenant: str) -> str:
    key = await key_of(app.pool, tenant)
    await app.access.refresh(app.pool)
    return key


async def test_without_keys_this_machine_is_answered(served_world: ServedWorld, database: str) -> None:
    async with submitted_to(served_world, database) as app:
        assert (await submit(app, None)).status_code == 200
        assert (await submit(app, "lk_no_key")).status_code == 200


async def test_without_keys_another_machine_is_not_answered(served_world: ServedWorld, database: str) -> None:
    async with submitted_to(served_world, database) as app:
        transport = httpx2.ASGITransport(app=app.app, client=("203.0.113.7", 1234))
        async with httpx2.AsyncClient(transport=transport, base_url="http://leads") as stranger:
            assert problem(await stranger.post("/query", json={"query": "CRM"})) == (403, "forbidden")
            assert problem(await stranger.post("/parse", json={"query": "CRM"})) == (403, "forbidden")
            assert (await stranger.get("/healthz")).status_code == 200


async def test_a_missing_or_wrong_key_is_401(served_world: ServedWorld, database: str) -> None:
    async with submitted_to(served_world, database) as app:
        key = await keyed(app, "acme")
        forged = f"Bearer {key[:-1]}{'0' if key[-1] != '0' else '1'}"
        for header in (None, *WRONG, forged):
            headers = {} if header is None else {"Authorization": header.encode()}
            for path in ("/query", "/parse"):
                response = await app.client.post(path, json={"query": "CRM"}, headers=headers)
                assert problem(response) == (401, "unauthorized"), header
                assert response.headers["www-authenticate"].startswith("Bearer")
                assert response.json()["request_id"] == response.headers["x-request-id"]
        assert (await submit(app, key)).status_code == 200


async def test_everything_but_the_open_paths_needs_a_key(served_world: ServedWorld, database: str) -> None:
    async with submitted_to(served_world, database) as app:
        key = await keyed(app, "acme")
        for path, methods in app.app.openapi()["paths"].items():
            for method in methods:
                response = await app.client.request(method.upper(), path, json={})
                assert (response.status_code == 401) == (path not in OPEN_PATHS), path
                if path not in OPEN_PATHS:
                    allowed = await app.client.request(method.upper(), path, json={}, headers=bearing(key))
                    assert allowed.status_code not in (401, 403), path
        for sly in ("//query", "/healthz/../query-quality/reputation", "/HEALTHZ", "/healthz/", "/nowhere"):
            assert (await app.client.get(sly)).status_code in (401, 404)
        assert problem(await app.client.get("/nowhere")) == (401, "unauthorized")


async def test_another_tenants_query_is_not_there(
    served_world: ServedWorld, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.query_log._READ_PAUSE_S", 0.02)
    async with submitted_to(served_world, database) as app:
        local_id = (await submit(app, None)).json()["query_id"]
        acme, umbra = await keyed(app, "acme"), await keyed(app, "umbra")
        own_id = (await submit(app, acme)).json()["query_id"]
        colleague = await keyed(app, "acme")
        for body in ({"company_id": "c-1"}, {"weights": {"final": {"fit": 0.3, "intent": 0.7}}}):
            path = "/explain" if "company_id" in body else "/rerank"
            for key, query_id in ((umbra, own_id), (acme, local_id)):
                response = await app.client.post(
                    path, json={"query_id": query_id, **body}, headers=bearing(key)
                )
                assert problem(response) == (404, "not_found")
        response = await app.client.get(f"/query/{own_id}.json", headers=bearing(umbra))
        assert problem(response) == (404, "not_found")
        assert (await app.client.get(f"/query/{own_id}.json", headers=bearing(colleague))).status_code == 200


async def test_tenant_and_submitter_are_logged(served_world: ServedWorld, database: str) -> None:
    async with submitted_to(served_world, database) as app:
        await submit(app, None)
        key = await keyed(app, "acme")
        await submit(app, key)
        await app.log.flush()
        rows = await app.pool.fetch(
            "SELECT tenant_id, submitter_id, quality_score, is_flagged FROM queries ORDER BY created_at, tenant_id NULLS FIRST"
        )
        assert [tuple(row) for row in rows] == [
            (None, "local", 1, False),
            ("acme", submitter_of(key), 1, False),
        ]


async def test_a_revoked_key_is_refused_and_the_last_one_locks(
    served_world: ServedWorld, database: str
) -> None:
    async with submitted_to(served_world, database) as app:
        key = await keyed(app, "acme")
        await revoke_key(app.pool, submitter_of(key))
        await app.access.refresh(app.pool)
        assert problem(await submit(app, key)) == (401, "unauthorized")
        assert problem(await submit(app, None)) == (401, "unauthorized")


async def test_a_suppliers_key_opens_nothing_and_locks_nobody_out(
    served_world: ServedWorld, database: str
) -> None:
    async with submitted_to(served_world, database) as app:
        supplier = await key_of(app.pool, "miners")
        await app.pool.execute("UPDATE api_keys SET miner_id = 'm1'")
        await app.access.refresh(app.pool)
        assert (await submit(app, None)).status_code == 200
        await keyed(app, "acme")
        assert problem(await submit(app, supplier)) == (403, "forbidden")


async def test_keys_are_stored_hashed(database: str) -> None:
    pool = await open_pool(database)
    try:
        key = await key_of(pool, "acme")
        stored = str(await pool.fetchrow("SELECT * FROM api_keys"))
        assert key.rsplit("_", 1)[1] not in stored
        assert [each.key_id for each in await read_keys(pool)] == [id_of(key)]
    finally:
        await pool.close()


async def test_new_and_revoked_keys_are_known_without_a_restart(database: str) -> None:
    pool = await open_pool(database)
    access = Access()
    followed = Rounds("API keys", lambda: access.refresh(pool), 0.02)
    followed.start()
    try:
        key = await key_of(pool, "acme")
        scope = {"headers": [(b"authorization", f"Bearer {key}".encode())]}
        await until(lambda: caller(access, scope) == submitter_of(key))
        await revoke_key(pool, submitter_of(key))
        await until(lambda: caller(access, scope) is None)
    finally:
        await followed.close()
        await pool.close()


async def test_keys_stay_as_read_while_postgres_is_away(database: str) -> None:
    pool = await open_pool(database)
    access = Access()
    key = await key_of(pool, "acme")
    await access.refresh(pool)
    await pool.close()
    followed = Rounds("API keys", lambda: access.refresh(pool), 3600.0)
    followed.start()
    await followed.close()
    scope = {"headers": [(b"authorization", f"bearer {key}".encode())]}
    assert access.caller(scope).tenant == "acme"


def test_nobody_gets_in_before_the_keys_were_read() -> None:
    with pytest.raises(Unavailable):
        Access().caller({"headers": [], "client": ("127.0.0.1", 1)})


def test_a_proxy_of_the_same_machine_may_ask_without_keys() -> None:
    access = Access.without_keys()
    assert access.caller({"client": ("10.0.0.5", 1), "server": ("10.0.0.5", 80)}).submitter == "local"
    with pytest.raises(Forbidden):
        access.caller({"client": ("10.0.0.6", 1), "server": ("10.0.0.5", 80)})


def caller(access: Access, scope: dict[str, Any]) -> str | None:
    try:
        return access.caller({"client": ("203.0.113.7", 1), **scope}).submitter
    except (Unauthorized, Forbidden, Unavailable):
        return None


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(2_000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to hold")
