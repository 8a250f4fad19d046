"""Which system a command is about."""

from pathlib import Path

import pytest

from commands.failure import CommandError
from commands.target import choose, folder_to_start
from deployments.local import registry
from deployments.local.registry import SystemState


def make_state(folder: Path) -> SystemState:
    return SystemState(
        data_dir=folder,
        pid=1,
        process_started_at=0.0,
        phase="ready",
        http_port=8000,
        dashboard_port=None,
        dashboard_token_file=None,
    )


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> dict[Path, SystemState]:
    """The systems that run, by folder; tests put them in."""
    found: dict[Path, SystemState] = {}
    monkeypatch.setattr(registry, "running_systems", lambda: tuple(found.values()))
    monkeypatch.setattr(registry, "system_of", found.get)
    return found


def test_the_option_comes_before_the_environment(running: dict[Path, SystemState]) -> None:
    assert choose(Path("/d/option"), None, {"LEADS_DATA": "/d/environment"}).folder() == Path("/d/option")
    assert choose(None, None, {"LEADS_DATA": "/d/environment"}).folder() == Path("/d/environment")


def test_the_only_running_system_is_meant_where_none_is_named(running: dict[Path, SystemState]) -> None:
    running[Path("/d/a")] = make_state(Path("/d/a"))
    target = choose(None, None, {})
    assert (target.folder(), target.base_url()) == (Path("/d/a"), "http://127.0.0.1:8000")


def test_two_running_systems_are_ambiguous(running: dict[Path, SystemState]) -> None:
    for folder in (Path("/d/a"), Path("/d/b")):
        running[folder] = make_state(folder)
    with pytest.raises(CommandError, match=r"2 systems run \(/d/a, /d/b\); name one with --data") as caught:
        choose(None, None, {})
    assert caught.value.exit_code == 2
    assert choose(Path("/d/b"), None, {}).running == running[Path("/d/b")]


def test_the_default_folder_is_meant_where_nothing_runs(
    running: dict[Path, SystemState], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    target = choose(None, None, {})
    assert target.folder() == tmp_path / ".data"
    with pytest.raises(CommandError, match=r"no system runs on .*\.data; start it with `leads up"):
        target.base_url()


def test_an_address_needs_no_local_system(running: dict[Path, SystemState]) -> None:
    target = choose(None, "http://leads.example:8000/", {"LEADS_DATA": "/d/a"})
    assert target.base_url() == "http://leads.example:8000"
    with pytest.raises(CommandError, match="give --data DIR instead of --url"):
        target.folder()


def test_a_folder_and_an_address_exclude_each_other(running: dict[Path, SystemState]) -> None:
    with pytest.raises(CommandError, match="exclude each other") as caught:
        choose(Path("/d/a"), "http://leads.example", {})
    assert caught.value.exit_code == 2


def test_a_start_is_about_its_own_folder_whatever_else_runs(
    running: dict[Path, SystemState], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running[Path("/d/a")] = make_state(Path("/d/a"))
    monkeypatch.chdir(tmp_path)
    assert folder_to_start(None, {}) == tmp_path / ".data"
    assert folder_to_start(None, {"LEADS_DATA": "/d/e"}) == Path("/d/e")
    assert folder_to_start(Path("/d/o"), {"LEADS_DATA": "/d/e"}) == Path("/d/o")
