"""`leads keys` against a database of its own: a key is shown once, listed without its secret, and revoked."""

import asyncio
from pathlib import Path

import pytest

import cli
from db.pool import open_pool
from db.submitters.keys import StoredKey, hash_of, read_keys


@pytest.fixture
def leads(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("LEADS_DATA", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(["keys", *arguments])
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


def stored(dsn: str) -> tuple[StoredKey, ...]:
    async def read() -> tuple[StoredKey, ...]:
        pool = await open_pool(dsn)
        try:
            return await read_keys(pool)
        finally:
            await pool.close()

    return asyncio.run(read())


def test_a_key_is_made_listed_and_revoked(leads, database: str) -> None:
    code, out, err = leads("create", "acme", "--label", "sync", "--trusted", "--operator")
    key = out.strip()
    assert code == 0
    assert "only time" in err
    (row,) = stored(database)
    assert (row.tenant_id, row.label, row.scopes) == ("acme", "sync", {"trusted", "operator"})
    assert row.key_hash == hash_of(key)
    code, out, _ = leads("list")
    assert code == 0
    assert row.key_id in out
    assert key.rsplit("_", 1)[1] not in out
    assert leads("revoke", row.key_id)[0] == 0
    assert stored(database)[0].revoked_at is not None


def test_two_keys_of_a_tenant_differ(leads, database: str) -> None:
    keys = {leads("create", "acme")[1].strip() for _ in range(2)}
    assert len(keys) == 2
    assert {row.tenant_id for row in stored(database)} == {"acme"}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("revoke", "nobody"), "leads keys list"),
        (("create", " "), "tenant"),
        (("create", "a/b"), "slash"),
        (("create", "a" * 101), "100"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(leads, arguments: tuple[str, ...], named: str) -> None:
    code, out, err = leads(*arguments)
    assert (code, out) == (2, "")
    assert named in err
    assert err.count("\n") == 1
