"""With which key a command signs, and what is said where it cannot."""

from pathlib import Path

import pytest

from commands.failure import CommandError
from commands.signers import register_local, signer_for
from commands.target import Target
from db.pool import open_pool
from ingest.streams.producer_keys import Keys
from ingest.streams.signing import make_key
from tests.fixtures.streaming import now


@pytest.fixture(autouse=True)
def own_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.delenv("LEADS_PRODUCER_KEY", raising=False)


async def test_a_folders_key_is_made_once_and_stays_revoked(tmp_path: Path, database: str) -> None:
    with pytest.raises(CommandError, match="has no key yet"):
        signer_for(Target(tmp_path, None, None), None)
    pool = await open_pool(database)
    try:
        await register_local(pool, tmp_path)
        own = signer_for(Target(tmp_path, None, None), None)
        assert [(key.key_id, key.role) for key in await Keys(pool).all()] == [(own.key_id, "relay")]
        await Keys(pool).revoke(own.key_id, now())
        await register_local(pool, tmp_path)
        assert [key.revoked_at is None for key in await Keys(pool).all()] == [False]
        (tmp_path / "keys" / "local.pem").chmod(0o644)
        with pytest.raises(CommandError, match="chmod 600"):
            await register_local(pool, tmp_path)
    finally:
        await pool.close()


def test_a_named_key_wins_and_the_environment_may_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local, named, told = (make_key(tmp_path / name) for name in ("keys/local.pem", "named.pem", "told.pem"))
    target = Target(tmp_path, None, None)
    assert signer_for(target, None).key_id == local.key_id
    monkeypatch.setenv("LEADS_PRODUCER_KEY", str(tmp_path / "told.pem"))
    assert signer_for(target, None).key_id == told.key_id
    assert signer_for(target, tmp_path / "named.pem").key_id == named.key_id


def test_the_local_key_is_for_the_folders_own_broker_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_key(tmp_path / "keys" / "local.pem")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka:9093")
    with pytest.raises(CommandError, match="name the key with --key FILE"):
        signer_for(Target(tmp_path, None, None), None)
