"""`leads repeats list|rule` on what an import has flagged."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

import cli
from db.pool import open_pool
from ingest.importers import import_files
from tests.unit.ingest.reposting import posting

COMPANY = {"company_id": "acme", "name": "Acme", "domain": "acme.com"}


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main([str(word) for word in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def said(miner: str, text: str, observed_at: str) -> dict[str, str]:
    return {
        "company_id": "acme", "miner_id": miner, "snippet_id": f"by {miner}", "kind": "news", "text": text,
        "observed_at": observed_at,
    }  # fmt: skip


@pytest.fixture
async def imported(database: str, tmp_path: Path) -> str:
    rows = [
        said("thief", posting(1), "2026-01-02"),
        said("finder", "ICYMI: " + posting(1), "2026-01-03"),
        said("other", posting(2), "2026-01-04"),
    ]
    for name, records in (("companies", [COMPANY]), ("snippets", rows)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    pool = await open_pool(database)
    try:
        files = [tmp_path / "companies.jsonl", tmp_path / "snippets.jsonl"]
        await import_files(pool, files, clock=lambda: datetime(2026, 2, 1, tzinfo=UTC))
    finally:
        await pool.close()
    return database


def test_what_is_flagged_is_shown_and_can_be_appealed_against(
    imported: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", imported)
    here = ("--data", tmp_path / "data")
    assert run("repeats", "list", "--json", *here) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["repeat"]["miner_id"], shown["original"]["miner_id"]) == ("finder", "thief")
    assert shown["contained"] == 1.0
    assert (
        run("repeats", "rule", "finder", "by finder", "first", "--reason", "shown by the archive", *here) == 0
    )
    assert "by thief of thief repeats by finder of finder" in capsys.readouterr().out
    assert run("repeats", "list", *here) == 0
    assert "1 of 1 shown" in capsys.readouterr().out
    assert run("repeats", "rule", "finder", "by finder", "first", "--reason", "again", *here) == 2
    assert "is not flagged as a repeat" in capsys.readouterr().err
