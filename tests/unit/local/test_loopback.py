"""What Ray is told so that it stays on loopback and apart from a second system."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import ray
from ray._common import tls_utils
from ray._private import ray_constants

from deployments.local import loopback
from deployments.local.application import read_config
from deployments.local.loopback import RayFolders
from deployments.local.ports import PortBlock
from deployments.schemas import OptionsBody


@pytest.mark.parametrize(
    ("given", "wanted"),
    [("[::]:0", "127.0.0.1:0"), ("0.0.0.0:81", "127.0.0.1:81"), ("127.0.0.1:9", "127.0.0.1:9")],
)
def test_a_wildcard_becomes_loopback(given: str, wanted: str) -> None:
    assert loopback.on_loopback(given) == wanted


def test_a_worker_that_loads_replicas_later_binds_them_to_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        tls_utils, "add_port_to_grpc_server", lambda server, address: asked.append(address) or 7
    )
    monkeypatch.delitem(sys.modules, "ray.serve._private.replica", raising=False)
    loopback.bind_calls_to_loopback()
    assert tls_utils.add_port_to_grpc_server(object(), "[::]:0") == 7
    assert asked == ["127.0.0.1:0"]


def test_a_worker_that_loaded_replicas_already_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray.serve._private.replica", SimpleNamespace())
    with pytest.raises(RuntimeError, match="cannot be bound to loopback any more"):
        loopback.bind_calls_to_loopback()


def test_no_ray_client_server_is_started() -> None:
    parameters = SimpleNamespace(ray_client_server_port=10001)
    loopback.without_client_server(parameters, head=True)
    assert parameters.ray_client_server_port is None


def test_the_hooks_are_named_where_ray_finds_them() -> None:
    environment = loopback.environment(RayFolders(Path("/run/x")), PortBlock(20000))
    for name in ("RAY_START_HOOK", "__RAY_WORKER_PROCESS_SETUP_HOOK_ENV_VAR"):
        module, _, function = environment[name].rpartition(".")
        assert module == loopback.__name__
        assert callable(getattr(loopback, function))


def test_ray_reads_every_setting_that_it_is_given() -> None:
    files = ("serve/_private/constants.py", "dashboard/modules/reporter/reporter_consts.py")
    read = "".join((Path(ray.__file__).parent / file).read_text() for file in files)
    environment = loopback.environment(RayFolders(Path("/run/x")), PortBlock(20000))
    settings = [name for name in environment if name.startswith(("RAY_SERVE_", "REPORTER_"))]
    assert [name for name in settings if f'"{name}"' not in read] == []
    assert len(settings) > 20


def test_replicas_start_no_nicer_than_other_programs() -> None:
    environment = loopback.environment(RayFolders(Path("/run/x")), PortBlock(20000))
    assert environment[ray_constants.RAY_WORKER_NICENESS] == "0"


def test_two_systems_share_neither_port_nor_path() -> None:
    first = loopback.environment(RayFolders(Path("/run/a")), PortBlock(20000))
    second = loopback.environment(RayFolders(Path("/run/b")), PortBlock(20032))
    own = {name for name, value in first.items() if "/run/a" in value or "200" in value}
    assert own
    assert {name for name in own if first[name] == second[name]} == set()


def test_haproxys_socket_fits_into_a_unix_address() -> None:
    # /tmp/leads-UID/KEY: a user id of ten digits, a key of eight; HAProxy adds ".PID.tmp" while it binds.
    folders = RayFolders(Path("/tmp/leads-1234567890/12345678"))
    path = folders.haproxy / ("n" * 56) / "a.1234567.tmp"
    assert len(str(path)) <= 107


def test_only_this_user_reads_the_token(tmp_path: Path) -> None:
    folders = RayFolders(tmp_path)
    loopback.write_token(folders, "old")
    loopback.write_token(folders, "secret")
    assert folders.token.read_text() == "secret"
    assert folders.token.stat().st_mode & 0o777 == 0o600


def test_the_launcher_rewrites_the_configuration_and_becomes_haproxy(tmp_path: Path) -> None:
    folders = RayFolders(tmp_path)
    config = tmp_path / "cfg"
    config.write_text("listen stats\n  bind *:8404\n")
    loopback.write_launcher(folders, "/bin/echo")
    ran = subprocess.run([folders.launcher, "-db", "-f", config], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["-db", "-f", str(config)]
    assert "bind 127.0.0.1:8404" in config.read_text()


def test_the_launcher_starts_nothing_with_an_open_address(tmp_path: Path) -> None:
    folders = RayFolders(tmp_path)
    config = tmp_path / "cfg"
    config.write_text("listen stats\n  bind 192.0.2.7:8404\n")
    loopback.write_launcher(folders, "/bin/echo")
    ran = subprocess.run([folders.launcher, "-f", config], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")


def test_a_serve_configuration_is_moved_to_loopback_and_the_asked_port(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[3] / "configs" / "serve.yaml"
    path = tmp_path / "serve.yaml"
    path.write_text(shipped.read_text().replace("host: 127.0.0.1", "host: 0.0.0.0", 1))
    config = read_config(path, http_port=8123)
    assert (config.http_options.host, config.http_options.port) == ("127.0.0.1", 8123)
    assert config.http_options.keep_alive_timeout_s == 90


def test_replicas_may_go_while_queries_are_on_their_way() -> None:
    environment = loopback.environment(RayFolders(Path("/run/x")), PortBlock(20000))
    longest_ms = OptionsBody.model_json_schema()["properties"]["deadline_ms"]["maximum"]
    assert 1000.0 * float(environment["RAY_SERVE_HAPROXY_HARD_STOP_AFTER_S"]) > longest_ms
    assert float(environment["RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S"]) > 1.0  # HAProxy's reload
    assert "empty-response" in environment["RAY_SERVE_HAPROXY_RETRY_ON"]
