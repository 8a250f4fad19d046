"""`leads produce`, `leads ingest` and `leads dlq`, over a broker and a database named in the environment."""

import json
from pathlib import Path

import psycopg
import pytest

import cli
from db.embedded import EmbeddedBroker
from tests.fixtures.streaming import ADD_COMPANY


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main([str(word) for word in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def add_company(dsn: str, company: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(ADD_COMPANY.replace("$1", "%(id)s").encode(), {"id": company})


def test_a_file_is_published_stored_and_its_dead_letters_are_sent_again(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add_company(database, "acme")
    snippets = tmp_path / "snippets.jsonl"
    records = [{"company_id": name, "text": f"Hiring at {name}"} for name in ("acme", "late")]
    snippets.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf8")
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("COLUMNS", "200")
    here = ("--data", tmp_path / "data")
    with EmbeddedBroker(tmp_path) as address:
        monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", address)
        assert run("produce", snippets, *here) == 0
        assert "2 messages to miner.snippets" in capsys.readouterr().out
        assert run("ingest", "--until-empty", *here) == 0
        assert "unknown_company" in capsys.readouterr().out
        assert run("dlq", "list", "--json", *here) == 0
        letter = json.loads(capsys.readouterr().out)
        assert (letter["code"], letter["field"], letter["key"]) == ("unknown_company", "company_id", "late")
        add_company(database, "late")
        assert run("dlq", "replay", "--code", "unknown_company", *here) == 0
        assert "1 sent again" in capsys.readouterr().out
        assert run("ingest", "--until-empty", *here) == 0
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT company_id FROM intent_snippets ORDER BY 1").fetchall()
    assert rows == [("acme",), ("late",)]


def test_a_folder_without_a_broker_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    snippets = tmp_path / "snippets.jsonl"
    snippets.write_text("{}\n", encoding="utf8")
    assert run("produce", snippets, "--data", tmp_path) == 1
    assert "start it with `leads ingest" in capsys.readouterr().err
