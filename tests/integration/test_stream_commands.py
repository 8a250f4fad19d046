"""`leads produce`, `leads ingest` and `leads dlq`, over a broker and a database named in the environment."""

import asyncio
import json
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import cli
from db.embedded import EmbeddedBroker
from tests.fixtures.streaming import ADD_COMPANY, taken_in


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
        assert run("produce", snippets, *here) == 2
        assert "name the key with --key FILE" in capsys.readouterr().err
        key = tmp_path / "gateway.pem"
        assert run("miners", "add", "gateway", "--role", "relay", "--out", key, *here) == 0
        capsys.readouterr()
        assert run("produce", snippets, "--key", key, *here) == 0
        assert "2 messages to miner.snippets" in capsys.readouterr().out
        assert run("ingest", "--until-empty", "--metrics", "nowhere", *here) == 2
        assert "--metrics takes HOST:PORT" in capsys.readouterr().err
        assert run("ingest", "--until-empty", "--metrics", "127.0.0.1:0", *here) == 0
        assert "unknown_company" in capsys.readouterr().out
        assert run("dlq", "list", "--json", *here) == 0
        letter = json.loads(capsys.readouterr().out)
        assert (letter["code"], letter["field"], letter["key"]) == ("unknown_company", "company_id", "late")
        add_company(database, "late")
        assert run("dlq", "replay", "--code", "unknown_company", *here) == 0
        assert "1 sent again" in capsys.readouterr().out
        asyncio.run(taken_in(database, address))
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


def test_keys_are_added_listed_and_revoked(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    here = ("--data", tmp_path / "data")
    own, theirs = tmp_path / "own.pem", tmp_path / "theirs.pem"
    assert run("miners", "add", "acme-scouts", "--out", own, *here) == 0
    assert own.stat().st_mode & 0o777 == 0o600
    assert run("miners", "add", "import", *here) == 2
    assert "a miner needs another one" in capsys.readouterr().err
    assert run("miners", "add", "acme-scouts", "--out", own, *here) == 2
    assert "exists; name another file" in capsys.readouterr().err
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    theirs.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert run("miners", "add", "beta", "--public-key", theirs, *here) == 0
    assert run("miners", "add", "gamma", "--public-key", theirs, *here) == 2
    assert "that key is registered as miner 'beta' already" in capsys.readouterr().err
    assert run("miners", "revoke", "acme-scouts", *here) == 0
    assert run("miners", "revoke", "acme-scouts", *here) == 2
    odd = tmp_path / "odd.pem"
    assert run("miners", "add", "[/odd]", "--out", odd, *here) == 0
    assert "miner [/odd]: key" in capsys.readouterr().out
    assert run("miners", "revoke", "[/odd]", *here) == 0
    assert "([/odd])" in capsys.readouterr().out
    assert run("miners", "list", "--json", *here) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["miner_id"], each["role"], each["revoked_at"] is None) for each in told] == [
        ("acme-scouts", "miner", False), ("beta", "miner", True), ("[/odd]", "miner", False),
    ]  # fmt: skip
    assert "BEGIN PRIVATE KEY" not in json.dumps(told)
