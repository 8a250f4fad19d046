"""`leads miners judge|report` on a database with one honest supplier and one who sends keywords."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import cli
from db.pool import open_pool
from tests.fixtures.supplier_world import SupplierWorld


@pytest.fixture(autouse=True)
def judged_database(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("LEADS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    asyncio.run(_fill(database, tmp_path))


async def _fill(dsn: str, folder: Path) -> None:
    async with await open_pool(dsn) as pool:
        world = SupplierWorld(pool, folder)
        await world.companies(["Acme", "Bolt"])
        await world.snippet("ada", "Acme", "Acme keeps its contacts in a card index and wants a CRM.")
        await world.snippet("eve", "Bolt", "CRM price CRM demo CRM best CRM vendor CRM", snippet_id="spam")


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_judgement_is_made_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("miners", "report") == 1
    assert "nobody was judged yet" in capsys.readouterr().err
    assert run("miners", "report", "eve") == 0
    assert "eve was not judged yet; run `leads miners judge`" in capsys.readouterr().out
    assert run("miners", "judge") == 0
    told = capsys.readouterr().out
    assert "2 texts read, 1 do not count" in told
    assert "2 suppliers judged, 0 flagged, 0 throttled. All goes to the treasury." in told
    assert run("miners", "report") == 0
    told = capsys.readouterr().out
    assert "eve" in told
    assert "treasury 1.0000" in told
    assert run("miners", "report", "eve") == 0
    told = capsys.readouterr().out
    assert "eve is not flagged; share of the emissions 0.0000" in told
    assert "1 snippets: 1 break rules, 0 repeat others" in told
    assert "spam" in told
    assert "stuffed" in told


def test_the_report_as_json_is_what_the_interface_tells(capsys: pytest.CaptureFixture[str]) -> None:
    run("miners", "judge")
    capsys.readouterr()
    assert run("miners", "report", "eve", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["flagged_snippets"][0]["text"].startswith("CRM price")
    assert run("miners", "report", "--json") == 0
    assert json.loads(capsys.readouterr().out)["total"] == 1.0


def test_nobody_and_contradictions_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("miners", "report", "nobody") == 1
    assert "no supplier 'nobody'" in capsys.readouterr().err
    assert run("miners", "judge", "--as-of", "2026-01-01", "--every", "5") == 2


def test_a_time_before_everything_judges_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("miners", "judge", "--as-of", "2020-01-01") == 0
    assert "0 suppliers judged" in capsys.readouterr().out


def test_judged_again_and_again_until_interrupted() -> None:
    command = [sys.executable, cli.__file__, "miners", "judge", "--every", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as judging:
        assert judging.stdout is not None
        runs = 0
        for line in judging.stdout:
            runs += "suppliers judged" in line
            if runs == 2:
                judging.send_signal(signal.SIGINT)
                break
        assert judging.wait(30) == 0
