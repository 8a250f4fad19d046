"""`leads bench` without a system: what it lists, refuses and passes on."""

import signal
from pathlib import Path

import pytest

import cli
from bench import runner
from bench.__main__ import main
from bench.options import Options
from bench.scenario import NAMES
from commands.failure import CommandError


@pytest.fixture(autouse=True)
def _terminate_as_before():
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def run(*arguments: str) -> int | str | None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", *arguments])
    return ended.value.code


def test_the_list_names_every_scenario_with_its_question(capsys):
    assert run("--list") == 0
    told = capsys.readouterr().out
    assert all(name in told for name in NAMES)
    assert "250 queries/s" in told


@pytest.mark.parametrize("name", ["nothing", ""])
def test_a_scenario_that_does_not_exist_is_bad_usage(capsys, name):
    assert run(name) == 2
    assert "there are unique, alive, mixed" in capsys.readouterr().err


def test_options_reach_the_run(monkeypatch, tmp_path):
    seen: list[Options] = []
    monkeypatch.setattr(runner, "run", lambda options, _console=None: seen.append(options) or tmp_path)
    assert (
        run("step", "--data", str(tmp_path), "--seconds", "5", "--rate", "80", "--record", "x", "--seed", "3")
        == 0
    )
    assert seen == [Options("step", data=tmp_path, seed=3, record="x", seconds=5.0, rate_qps=80.0)]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)  # a terminated run stops its system


def test_a_folder_without_data_is_refused(capsys, tmp_path):
    assert run("unique", "--data", str(tmp_path)) == 2
    assert "holds no imported data" in capsys.readouterr().err


def test_every_scenario_runs_in_order_and_one_that_fails_does_not_keep_the_others_back(monkeypatch, capsys):
    ran: list[str] = []

    def measure(options: Options, _console: object) -> Path:
        ran.append(options.scenario)
        if options.scenario == "mixed":
            raise CommandError("no port is free")
        return Path("record.json")

    monkeypatch.setattr(runner, "run", measure)
    monkeypatch.setattr(runner, "available", lambda name: name in NAMES)
    monkeypatch.setattr("bench.report.main", lambda: None)
    assert main([]) == 1
    assert ran == list(NAMES)
    assert "not measured: no port is free" in capsys.readouterr().out
    assert main(["bulk"]) == 0
