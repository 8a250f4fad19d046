"""`leads models` as people type it: what it prints, what it refuses, and with which exit code."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import cli
from models.artefacts import read_manifest
from tests.fixtures.boosters import small_booster

Leads = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version that is worse than any other by its own figure."""
    return small_booster(tmp_path_factory.mktemp("made"), auc_held_out=0.1)


@pytest.fixture
def version(made: Path, tmp_path: Path) -> str:
    """Registered under `tmp_path`."""
    (tmp_path / "registry").mkdir()
    (tmp_path / "registry" / made.name).symlink_to(made)
    return read_manifest(made).version


@pytest.fixture
def leads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Leads:
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(["models", *arguments, "--registry", str(tmp_path / "registry")])
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


def states(leads: Leads) -> dict[str, str]:
    code, out, _ = leads("list", "--json")
    assert code == 0
    return {told["version"]: told["state"] for told in map(json.loads, out.splitlines())}


def test_a_worse_version_serves_by_force_with_a_reason_and_is_rolled_back(leads: Leads, version: str) -> None:
    code, _, err = leads("promote", version[:6])
    assert (code, err.count("\n")) == (1, 1)
    assert "is worse: auc_held_out 0.1000" in err
    assert leads("promote", version, "--force")[0] == 2
    assert states(leads)[version] == "candidate"
    assert leads("promote", version, "--force", "--reason", "a drill")[0] == 0
    assert states(leads)[version] == "production"
    assert leads("rollback")[0] == 0
    assert states(leads)[version] == "archived"
    assert leads("rollback")[0] == 1


def test_a_version_is_shown_with_its_part_in_the_history(leads: Leads, version: str) -> None:
    leads("promote", version, "--force", "--reason", "a drill")
    code, out, _ = leads("show", version[:6])
    assert code == 0
    assert f"{version}  production" in out
    assert "auc_held_out  0.1" in out
    assert "by force" in out
    told = json.loads(leads("show", version, "--json")[1])
    assert [(each["version"], each["forced"], each["reason"]) for each in told["history"]] == [
        (version, True, "a drill")
    ]


def test_a_shadow_is_set_shown_and_ended(leads: Leads, version: str) -> None:
    assert leads("shadow", version, "--share", "0.25")[0] == 0
    assert "candidate, shadow 0.25" in leads("list")[1]
    assert leads("shadow")[0] == 2
    assert leads("shadow", version, "--off")[0] == 2
    assert leads("shadow", "--off")[0] == 0
    assert "shadow 0.25" not in leads("list")[1]


@pytest.mark.parametrize("command", ["show", "promote", "shadow"])
def test_a_version_that_is_not_there_is_one_line(leads: Leads, command: str) -> None:
    code, _, err = leads(command, "ffffffffffff")
    assert (code, err) == (1, "leads: ffffffffffff: names no versions; see `leads models list`\n")
