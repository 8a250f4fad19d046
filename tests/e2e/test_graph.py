"""The real graph on the local system: HAProxy, ingress, four leaves, embedded servers, over HTTP."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import psutil
import psycopg
import pytest
import redis
import yaml

from configs.schema import DEFAULT_BOOSTER
from db import migrate
from db.embedded import EmbeddedPostgres, EmbeddedRedis
from db.pool import open_pool
from deployments.inprocess import open_in_process
from ingest.importers import import_files
from ingest.indexing import build_generation
from ingest.synthetic import WorldSpec, generate
from models.booster import BoosterModel
from ranking.config import RankingConfig
from ranking.deadline import Deadline
from ranking.journey import RankRequest
from ranking.pipeline import rank_leads
from ranking.prompt import parse
from ranking.taxonomy import load_taxonomy
from tests.fixtures.processes import ROOT, child, wait_until

pytestmark = pytest.mark.alone

SPEC = WorldSpec(companies=400, snippets=2_000, products=8)
AS_OF = datetime(SPEC.as_of.year, SPEC.as_of.month, SPEC.as_of.day, tzinfo=UTC)
PROMPT = "CRM software for companies in Europe with 20-500 employees, not hospitals"
BODY = {"query": PROMPT, "options": {"as_of": AS_OF.isoformat(), "deadline_ms": 20_000}}
_UP = """
import sys
from pathlib import Path
from db.settings import Settings
from deployments.local.system import Plan, run
plan = Plan(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), lambda dsn, folder: None, dashboard=False)
run(plan, Settings(database_url=None, redis_url=None), lambda state: print(state.phase, flush=True))
"""
_DEPLOY = """
import sys
from pathlib import Path
from deployments.local.application import connect, deploy, read_config
connect()
deploy(read_config(Path(sys.argv[1]), int(sys.argv[2])))
"""
"""Deploys a changed configuration on a running system, as `serve deploy` would."""


@dataclass(frozen=True)
class Graph:
    """A running system."""

    pid: int
    folder: Path
    port: int
    config: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def snapshots(self) -> Path:
        return self.folder / "snapshots"

    def ask(self, path: str = "/query", **fields: Any) -> dict[str, Any]:
        response = httpx2.post(f"{self.url}{path}", json={**BODY, **fields}, timeout=30.0)
        assert response.status_code == 200, response.text
        told: dict[str, Any] = response.json()
        return told

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(f"{self.url}{path}", timeout=30.0)

    def replicas(self, node: str = "") -> dict[int, str]:
        """Replicas whose deployment's name is in their title, by process id; a title's end, the method that runs, is left out."""
        found = {}
        for process in psutil.Process(self.pid).children(recursive=True):
            try:
                title = " ".join(process.cmdline())
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
            if title.startswith("ray::ServeReplica") and f":{node}" in title:
                found[process.pid] = title.split()[0].partition(".")[0]
        return found

    def has_replicas(self, node: str, count: int) -> bool:
        return len(self.replicas(node)) == count

    def deploy(self, document: dict[str, Any]) -> None:
        """Deploy a changed configuration; returns when Serve calls it running."""
        changed = self.config.with_name("changed.yaml")
        changed.write_text(json.dumps(document))  # JSON is YAML
        command = [sys.executable, "-c", _DEPLOY, str(changed), str(self.port)]
        environment = _environment_of(self)
        subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True, timeout=60)

    def publish(self) -> str:
        """Build the next generation, in a process of its own as in production."""
        environment = {**os.environ, "DATABASE_URL": EmbeddedPostgres(self.folder).dsn()}
        command = [sys.executable, "-m", "commands.first_snapshot", str(self.folder)]
        subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True)
        return (self.snapshots / "CURRENT").read_text().strip()


@pytest.fixture(scope="module")
def graph() -> Iterator[Graph]:
    with TemporaryDirectory(prefix="leads-test-") as folder:
        root = Path(folder)
        data = root / "data"
        data.mkdir()
        _fill(data, root / "world")
        config, port = root / "serve.yaml", _free_port()
        config.write_bytes((ROOT / "configs" / "serve.yaml").read_bytes())
        with child(_UP, str(data), str(port), str(config)) as system:
            try:
                assert system.readline() == "ready\n"
                yield Graph(system.pid, data.resolve(), port, config)
            finally:
                os.kill(system.pid, signal.SIGTERM)
                system.wait()


def test_an_answer_over_http_is_the_answer_in_one_process(graph: Graph) -> None:
    taxonomy, config = load_taxonomy(), RankingConfig()
    system = open_in_process(graph.snapshots, taxonomy, config, BoosterModel(DEFAULT_BOOSTER))
    request = RankRequest(
        parse(PROMPT, taxonomy), 25, AS_OF.timestamp(), config.final, config.fit.weights, generation=None
    )
    deadline = Deadline.after_ms(20_000, time.monotonic)
    here = asyncio.run(rank_leads(request, system.ports(), config, deadline))
    there = graph.ask()
    assert there["metadata"]["versions"]["snapshot"] == here.generation
    assert [lead["lead_id"] for lead in there["leads"]] == [lead["lead_id"] for lead in here.leads]
    assert [lead["score"] for lead in there["leads"]] == [lead["score"] for lead in here.leads]
    assert [lead["why"] for lead in there["leads"]] == [lead["why"] for lead in here.leads]
    assert {each["stage"] for each in there["metadata"]["degradations"]} <= {"llm"}
    versions = there["metadata"]["versions"]
    assert versions["booster"] == BoosterModel(DEFAULT_BOOSTER).version
    assert versions["embedder"].startswith("all-MiniLM-L6-v2@")


def test_free_text_exemplars_are_embedded(graph: Graph) -> None:
    answer = graph.ask(query="CRM for companies like Qwertyuiop Dynamics in Europe")
    assert answer["metadata"]["unresolved_exemplars"]
    assert "embedder" not in {each["stage"] for each in answer["metadata"]["degradations"]}
    assert answer["leads"]


def test_a_vector_is_held_for_the_next_query_and_in_redis_for_others(graph: Graph) -> None:
    prompt = "CRM for companies like Asdfghjkl Holdings in Europe"
    held = [graph.ask(query=prompt)["metadata"]["cache"]["embedding"] for _ in range(2)]
    assert held == [False, True]
    with redis.Redis.from_url(EmbeddedRedis(graph.folder).url()) as client:
        wait_until(lambda: len(client.keys("emb:*")) > 0 and len(client.keys("fit:*")) > 0)
        assert all(client.ttl(key) > 0 for key in client.keys("*"))
    text = graph.get("/metrics").text
    assert 'leads_cache_requests_total{cache="embedding",result="miss"}' in text


def test_a_logged_query_is_explained_and_downloaded(graph: Graph) -> None:
    answer = graph.ask()
    lead = answer["leads"][3]
    told = httpx2.post(
        f"{graph.url}/explain",
        json={"query_id": answer["query_id"], "lead_id": lead["lead_id"]},
        timeout=30.0,
    ).json()
    assert (told["in_list"], told["rank"], told["score"]) == (True, 4, lead["score"])
    assert (
        graph.get(f"/query/{answer['query_id']}.csv").content.decode("utf-8-sig").startswith("rank,company")
    )


def test_problems_carry_the_id_of_the_answer(graph: Graph) -> None:
    for headers in ({}, {"X-Request-Id": "mine"}):
        response = httpx2.post(f"{graph.url}/query", content=b"{", headers=headers, timeout=30.0)
        assert response.status_code == 422
        assert (
            response.json()["request_id"]
            == response.headers["X-Request-Id"]
            == headers.get("X-Request-Id", response.headers["X-Request-Id"])
        )
        assert len(response.headers.get_list("X-Request-Id")) == 1


def test_readiness_names_every_dependency(graph: Graph) -> None:
    told = graph.get("/readyz").json()
    assert told["status"] == "ready"
    states = {name: state["status"] for name, state in told["dependencies"].items()}
    assert states == dict.fromkeys(
        ("postgres", "redis", "snapshot", "retrieval", "bm25", "gbdt", "embedder", "llm"), "ready"
    )
    assert told["dependencies"]["bm25"]["replicas"] == 1


def test_metrics_show_what_the_leaves_counted(graph: Graph) -> None:
    def counted() -> float:
        lines = graph.get("/metrics").text.splitlines()
        found = [line for line in lines if line.startswith('leads_node_items_total{node="bm25"}')]
        return sum(float(line.split()[1]) for line in found)

    before = counted()
    for _ in range(3):
        graph.ask()
    assert counted() == before + 3.0
    text = graph.get("/metrics").text
    assert 'leads_coalescer_batch_size_count{node="retrieval"}' in text
    assert 'leads_hop_calls_total{node="bm25",way="line"}' in text
    assert 'leads_queries_total{outcome="ok"}' in text
    assert "leads_snapshot_age_seconds" in text


def test_a_new_snapshot_is_served_without_restart_or_error(graph: Graph) -> None:
    replicas = graph.replicas()
    with _stream(graph) as stream:
        generation = graph.publish()
        wait_until(lambda: stream.latest("snapshot") == generation, timeout_s=20.0)
        stream.more(20)
    assert {status for status, _ in stream.answers} == {200}
    assert all(_is_whole(body) for _, body in stream.answers)
    assert graph.get("/readyz").json()["generation"] == generation
    assert graph.replicas() == replicas


def test_clients_that_go_away_do_not_stall_the_others(graph: Graph) -> None:
    async def go() -> list[int]:
        async with httpx2.AsyncClient(base_url=graph.url, timeout=30.0) as client:
            for _ in range(4):
                await asyncio.gather(*(_abandon(client) for _ in range(25)))
            answers = await asyncio.gather(*(client.post("/query", json=BODY) for _ in range(25)))
            return [answer.status_code for answer in answers]

    assert asyncio.run(go()) == [200] * 25
    assert not graph.ask()["metadata"]["degradations"][1:]


def test_a_killed_leaf_costs_no_answer_and_comes_back(graph: Graph) -> None:
    (pid,) = graph.replicas("bm25")
    with _stream(graph) as stream:
        stream.more(5)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: bool(graph.replicas("bm25")) and pid not in graph.replicas("bm25"), timeout_s=40.0)
        wait_until(lambda: not stream.latest_degraded("bm25"), timeout_s=20.0)
        stream.more(10)
    for status, body in stream.answers:
        assert status == 200 or body["code"] in ("unavailable", "overloaded", "deadline_exceeded")
        assert status != 200 or _is_whole(body)
    assert sum(status != 200 for status, _ in stream.answers) <= len(stream.answers) // 10
    assert stream.answers[-1][0] == 200


def test_new_ranking_numbers_are_taken_without_a_restart(graph: Graph) -> None:
    replicas, before = graph.replicas(), graph.ask()
    document = yaml.safe_load(graph.config.read_text())
    for node in document["applications"][0]["deployments"]:
        if "user_config" in node:
            node["user_config"]["final"] = {"fit": 1.0, "intent": 0.0}
    with _stream(graph) as stream:
        graph.deploy(document)
        wait_until(
            lambda: graph.ask()["metadata"]["versions"]["config"] != before["metadata"]["versions"]["config"]
        )
    assert {status for status, _ in stream.answers} == {200}
    assert all(lead["score"] == lead["fit_score"] for lead in graph.ask()["leads"])
    assert graph.replicas() == replicas


def test_replicas_of_ingress_and_leaf_come_and_go_without_an_error(graph: Graph) -> None:
    document = yaml.safe_load(graph.config.read_text())
    nodes = {node["name"]: node for node in document["applications"][0]["deployments"]}
    with _stream(graph) as stream:
        for count in (2, 1):
            for name in ("ingress", "bm25"):
                bounds = {"min_replicas": count, "max_replicas": count}
                nodes[name]["autoscaling_config"] = {**nodes[name]["autoscaling_config"], **bounds}
            graph.deploy(document)
            for name in ("ingress", "bm25"):
                wait_until(partial(graph.has_replicas, name, count), timeout_s=40.0)
            stream.more(40)
    assert {status for status, _ in stream.answers} == {200}
    assert all(_is_whole(body) for _, body in stream.answers)


class _Stream:
    """Queries one after the other from two threads until it is closed, every answer kept."""

    def __init__(self, graph: Graph) -> None:
        self.answers: list[tuple[int, dict[str, Any]]] = []
        self._graph = graph
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(2)

    def __enter__(self) -> "_Stream":
        self._running = [self._pool.submit(self._run) for _ in range(2)]
        self.more(2)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for each in self._running:
            each.result(timeout=60)
        self._pool.shutdown()

    def more(self, count: int) -> None:
        """Return after `count` further answers."""
        wanted = len(self.answers) + count
        wait_until(lambda: len(self.answers) >= wanted, timeout_s=30.0)

    def latest(self, version: str) -> str | None:
        body = self.answers[-1][1]
        found: str | None = body.get("metadata", {}).get("versions", {}).get(version)
        return found

    def latest_degraded(self, stage: str) -> bool:
        status, body = self.answers[-1]
        return status != 200 or stage in {each["stage"] for each in body["metadata"]["degradations"]}

    def _run(self) -> None:
        with httpx2.Client(base_url=self._graph.url, timeout=30.0) as client:
            while not self._stop.is_set():
                response = client.post(
                    "/query", json={**BODY, "options": {**BODY["options"], "deadline_ms": 2_000}}
                )
                self.answers.append((response.status_code, response.json()))
                self._stop.wait(0.02)


def _stream(graph: Graph) -> _Stream:
    return _Stream(graph)


def _is_whole(body: dict[str, Any]) -> bool:
    return len(body["leads"]) == 25 and len({lead["company_id"] for lead in body["leads"]}) == 25


async def _abandon(client: httpx2.AsyncClient) -> None:
    """Ask and hang up at once."""
    with suppress(httpx2.TimeoutException):
        await client.post("/query", json=BODY, timeout=0.005)


def test_what_is_committed_is_ranked_and_what_is_deleted_is_not_within_seconds(graph: Graph) -> None:
    dsn, word = EmbeddedPostgres(graph.folder).dsn(), "zyxqualm"
    company = graph.ask()["leads"][0]["company_id"]

    def shown() -> set[str]:
        now = {"llm": "never", "deadline_ms": 20_000}
        told = graph.ask(query=f"{word} software", candidates=[company], limit=1, options=now)
        return {signal["snippet_id"] for lead in told["leads"] for signal in lead["signals"]}

    environment = {**os.environ, "DATABASE_URL": dsn}
    command = [sys.executable, "-m", "commands.freshness", str(graph.folder)]
    with psycopg.connect(dsn, autocommit=True) as database:
        follower = subprocess.Popen(command, cwd=ROOT, env=environment)
        try:
            wait_until(lambda: bool(list(graph.snapshots.glob("*/later/LAST"))), timeout_s=30.0)
            database.execute(
                "INSERT INTO snippet_keys (miner_id, snippet_id, company_id, seen_at, latest_seen_at, content_hash) "
                "VALUES ('feed', 'fresh', %(id)s, now(), now(), '')", {"id": company},
            )  # fmt: skip
            database.execute(
                "INSERT INTO intent_snippets (miner_id, snippet_id, company_id, seen_at, kind, text, content_hash) "
                "SELECT miner_id, snippet_id, company_id, seen_at, 'news', %(text)s, '' FROM snippet_keys "
                "WHERE snippet_id = 'fresh'", {"text": f"They are looking for {word} software this month"},
            )  # fmt: skip
            wait_until(lambda: shown() == {"fresh"}, timeout_s=15.0)
            assert "+" in graph.get("/readyz").json()["generation"]
            for table in ("intent_snippets", "snippet_keys"):
                database.execute(f"DELETE FROM {table} WHERE snippet_id = 'fresh'".encode())
            wait_until(lambda: shown() == set(), timeout_s=15.0)
        finally:
            follower.terminate()
            follower.wait(timeout=20.0)


def _environment_of(graph: Graph) -> dict[str, str]:
    """What the application was started with: the address and token of its Ray."""
    for process in psutil.Process(graph.pid).children(recursive=True):
        if "deployments.local.application" in process.cmdline():
            return process.environ()
    raise AssertionError("no application runs")


def _fill(data: Path, world: Path) -> None:
    """Import a small world and publish its first snapshot, as `leads import` does before `leads up`."""
    generate(SPEC, world)
    server = EmbeddedPostgres(data)
    try:
        dsn = server.start()
        migrate.upgrade(dsn)
        asyncio.run(_import(dsn, world, data / "snapshots"))
    finally:
        server.stop()


async def _import(dsn: str, world: Path, snapshots: Path) -> None:
    async with await open_pool(dsn) as pool:
        await import_files(pool, [world / f"{kind}.jsonl" for kind in ("companies", "leads", "snippets")])
        await build_generation(pool, snapshots, load_taxonomy(), clock=time.time)


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
