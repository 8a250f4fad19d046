"""Two local systems side by side: on loopback only, apart from each other, and gone without a trace however they end."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import psycopg
import pytest

from db.embedded import EmbeddedBroker, EmbeddedPostgres
from db.embedded.folders import runtime_folder
from deployments.local import registry
from ingest.streams.signing import read_key
from tests.fixtures.processes import ROOT, child, wait_until, wait_until_gone
from tests.fixtures.streaming import ADD_COMPANY, publish, snippet

pytestmark = pytest.mark.alone

_RUN = """
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from db.settings import Settings
from deployments.local.system import Plan, run
plan = Plan(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), lambda dsn, folder: None, sys.argv[4] == "dashboard")
run(plan, Settings(database_url=None, redis_url=None), lambda state: print(state.phase, flush=True))
"""
_CONFIG = {
    "proxy_location": "EveryNode",
    "http_options": {"host": "0.0.0.0", "port": 8000},
    "applications": [{"name": "tiny", "route_prefix": "/", "import_path": "tests.e2e.tiny_app:app"}],
}


@dataclass(frozen=True)
class Address:
    ip: str
    port: int


@dataclass(frozen=True)
class System:
    pid: int
    folder: Path
    http_port: int

    def family(self) -> list[psutil.Process]:
        """The supervisor and everything it started."""
        supervisor = psutil.Process(self.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def ask(self, path: str = "/") -> str:
        connection = HTTPConnection("127.0.0.1", self.http_port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def systems() -> Iterator[tuple[System, System]]:
    """Two systems that were started at the same moment, the second without Ray's dashboard."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(TemporaryDirectory(prefix="leads-test-")))
        config = root / "serve.yaml"
        config.write_text(json.dumps(_CONFIG))  # JSON is YAML
        ports = (_free_port(), _free_port())
        first = stack.enter_context(child(_RUN, str(root / "a"), str(ports[0]), str(config), "dashboard"))
        stack.callback(_leads, "down", "--data", str(root / "b"))
        plain = ("--port", str(ports[1]), "--config", str(config), "--no-dashboard")
        assert f"Ready on http://127.0.0.1:{ports[1]}" in _leads(
            "up", "--detach", "--data", str(root / "b"), *plain
        )
        assert "own broker, intake pid" in _leads("status", "--data", str(root / "b"))
        assert first.readline() == "ready\n"
        second = registry.system_of(root / "b")
        assert second is not None
        yield System(first.pid, root / "a", ports[0]), System(second.pid, root / "b", ports[1])


def test_both_answer_through_their_own_graph(systems: tuple[System, System]) -> None:
    assert [system.ask() for system in systems] == [str(2 * 21)] * 2
    known = {state.data_dir: state.http_port for state in registry.running_systems()}
    assert {system.folder: system.http_port for system in systems}.items() <= known.items()


def test_replicas_are_counted_as_serve_counts_them(systems: tuple[System, System]) -> None:
    assert json.loads(systems[0].ask("/replicas")) == [{"Leaf": 1}, {"Leaf": 1}]


def test_status_tells_what_scripts_need(systems: tuple[System, System]) -> None:
    told = json.loads(_leads("status", "--json", "--data", str(systems[1].folder)))
    assert (told["phase"], told["http_port"], told["pid"]) == ("ready", systems[1].http_port, systems[1].pid)
    assert told["dashboard_port"] is None


def test_every_socket_is_on_loopback(systems: tuple[System, System]) -> None:
    open_sockets = [(address, name) for system in systems for name, address in _bound(system)]
    assert {"haproxy", "gcs_server", "raylet"} <= {name for _, name in open_sockets}
    assert (
        sum(name.startswith("ray::ServeReplic") for _, name in open_sockets) >= 2 * 3
    )  # HTTP and two gRPC each
    assert [found for found in open_sockets if not _is_loopback(found[0].ip)] == []


def test_another_address_of_the_machine_is_refused(systems: tuple[System, System]) -> None:
    ports = {address.port for system in systems for _, address in _bound(system)}
    others = ["127.0.0.2"]  # answers whatever listens on all interfaces, on every machine
    others += [
        address.address
        for interface in psutil.net_if_addrs().values()
        for address in interface
        if address.family == socket.AF_INET and not address.address.startswith("127.")
    ]
    assert [(other, port) for other in others for port in sorted(ports) if _connects(other, port)] == []


def test_no_port_of_one_is_a_port_of_the_other(systems: tuple[System, System]) -> None:
    first, second = ({address.port for _, address in _bound(system)} for system in systems)
    assert first & second == set()


def test_a_second_system_on_the_same_folder_is_refused(
    systems: tuple[System, System], tmp_path: Path
) -> None:
    arguments = (str(systems[0].folder), str(_free_port()), str(tmp_path / "none.yaml"), "plain")
    with child(
        f"{_RUN.replace('run(plan', 'try: run(plan')}except Exception as err: print(err)", *arguments
    ) as twin:
        assert f"one runs on {systems[0].folder} already" in twin.readline()
    assert systems[0].ask() == str(2 * 21)


def test_a_killed_database_comes_back(systems: tuple[System, System]) -> None:
    def postgres_of(system: System) -> psutil.Process | None:
        found = [
            process
            for process in psutil.Process(system.pid).children()
            if process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE
        ]
        return found[0] if found else None

    before = postgres_of(systems[1])
    assert before is not None
    before.kill()
    wait_until(lambda: (after := postgres_of(systems[1])) is not None and after.pid != before.pid)


def test_what_is_produced_is_stored_though_broker_and_intake_are_killed(
    systems: tuple[System, System], tmp_path: Path
) -> None:
    folder = systems[1].folder
    wait_until(lambda: _answers(EmbeddedPostgres(folder).dsn()))  # the test before killed it
    with psycopg.connect(EmbeddedPostgres(folder).dsn(), autocommit=True) as database:
        database.execute(ADD_COMPANY.replace("$1", "%(id)s").encode(), {"id": "acme"})

        def stored() -> set[str]:
            return {row[0] for row in database.execute("SELECT snippet_id FROM intent_snippets").fetchall()}

        first = tmp_path / "snippets.jsonl"
        first.write_text(json.dumps({"snippet_id": "s0", "company_id": "acme", "text": "Hiring"}), "utf8")
        assert "1 messages to miner.snippets" in _leads("produce", str(first), "--data", str(folder))
        wait_until(lambda: stored() == {"s0"}, timeout_s=60.0)
        key = read_key(folder / "keys" / "local.pem")
        for number, part in ((1, "tansu"), (2, "intake")):
            before = _reading(systems[1])
            _part(systems[1], part).kill()
            wait_until(lambda before=before: _reading(systems[1]) not in (None, before), timeout_s=60.0)  # type: ignore[misc]
            message = (b"acme", snippet(number))
            asyncio.run(publish(EmbeddedBroker(folder).address(), message, signed_by=key))
            wait_until(lambda number=number: f"s{number}" in stored(), timeout_s=60.0)  # type: ignore[misc]
    told = json.loads(_leads("status", "--json", "--data", str(folder)))["ingest"]
    assert (told["is_embedded"], told["intake_pid"]) == (True, _reading(systems[1]))


def test_killing_the_supervisor_ends_all_of_its_processes(systems: tuple[System, System]) -> None:
    family = systems[0].family()
    assert len(family) > 10
    os.kill(systems[0].pid, signal.SIGKILL)
    wait_until_gone(family[1:], timeout_s=10.0)
    assert registry.system_of(systems[0].folder) is None
    assert systems[1].ask() == str(2 * 21)


def test_down_leaves_nothing_but_data_and_logs(systems: tuple[System, System]) -> None:
    family = systems[1].family()
    assert _leads("down", "--data", str(systems[1].folder)) == f"Stopped the system on {systems[1].folder}.\n"
    wait_until_gone(family, timeout_s=1.0)
    assert not runtime_folder(systems[1].folder).exists()
    assert registry.system_of(systems[1].folder) is None
    left = {path.name for path in systems[1].folder.iterdir()}
    assert left == {
        "broker.json", "broker.lock", "keys", "logs", "postgres", "postgres.lock", "redis", "redis.lock", "snapshots",
        "system.lock",
    }  # fmt: skip
    assert _leads("status", "--data", str(systems[1].folder)) == "No system runs.\n"


def _answers(dsn: str) -> bool:
    try:
        psycopg.connect(dsn).close()
    except psycopg.OperationalError:
        return False
    return True


def _reading(system: System) -> int | None:
    """The intake's process, None while there is none."""
    state = registry.system_of(system.folder)
    assert state is not None
    return state.ingest.intake_pid if state.ingest is not None else None


def _part(system: System, name: str) -> psutil.Process:
    """The broker or the intake of a system."""
    pid = _reading(system)
    found = [
        process
        for process in psutil.Process(system.pid).children()
        if process.name() == name or (name == "intake" and process.pid == pid)
    ]
    assert len(found) == 1
    return found[0]


def _leads(*arguments: str) -> str:
    """What a `leads` command that succeeds prints."""
    ran = subprocess.run(
        [sys.executable, "-m", "cli", *arguments], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def _bound(system: System) -> list[tuple[str, Address]]:
    """Name and local address of every TCP listener and every UDP socket of the system."""
    found = []
    for process in system.family():
        try:
            name, connections = process.name(), process.net_connections("inet")
        except psutil.NoSuchProcess:
            continue
        for connection in connections:
            if connection.type == socket.SOCK_DGRAM or connection.status == psutil.CONN_LISTEN:
                found.append((name, Address(*connection.laddr)))
    return found


def _is_loopback(address: str) -> bool:
    return address.removeprefix("::ffff:").startswith("127.") or address == "::1"


def _connects(address: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((address, port)) == 0


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
