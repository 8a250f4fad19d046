"""TLS and a password from the environment: the whole way in works with them, and nothing works without."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from configs.streams import StreamSettings
from db.embedded import EmbeddedBroker
from ingest.streams.connecting import Connection
from ingest.streams.topics import make_topics
from ranking.errors import Unavailable
from tests.fixtures.gate import Gate, certificate, gate
from tests.fixtures.streaming import QUICK, add_companies, letters, publish, snippet, taken_in

PASSWORD = "correct horse"


@dataclass(frozen=True)
class Guarded:
    """A broker behind a gate, and the environment that says how to pass it."""

    door: Gate
    monkeypatch: pytest.MonkeyPatch

    def connection(self, **changed: str) -> Connection:
        """The way in as the environment tells it, with changes."""
        for name, value in changed.items():
            self.monkeypatch.setenv(name, value)
        settings = StreamSettings()
        assert settings.kafka_bootstrap_servers is not None
        return Connection(settings.kafka_bootstrap_servers, settings)


@pytest.fixture
async def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Guarded]:
    certified = certificate(tmp_path, "127.0.0.1")
    async with gate(certified, "intake", PASSWORD) as door:
        with EmbeddedBroker(tmp_path, advertised=f"127.0.0.1:{door.port}") as address:
            door.broker = address
            told = {
                "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{door.port}", "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
                "KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_SASL_USERNAME": "intake", "KAFKA_SASL_PASSWORD": PASSWORD,
                "KAFKA_SSL_CA_FILE": str(certified),
            }  # fmt: skip
            for name, value in told.items():
                monkeypatch.setenv(name, value)
            yield Guarded(door, monkeypatch)


async def test_a_message_passes_tls_and_password_and_is_stored(guarded: Guarded, database: str) -> None:
    await add_companies(database, "acme")
    connection = guarded.connection()
    await make_topics(connection, QUICK)
    await publish(connection, (b"acme", snippet(1)), (b"acme", snippet(2, kind="rumour")))
    counts = await taken_in(database, connection)
    assert counts.messages["miner.snippets", "stored"] == 1
    assert [letter.fault.code for letter in await letters(connection)] == ["invalid_field"]
    assert guarded.door.versions == {"TLSv1.3"}
    assert (guarded.door.let_in > 0, guarded.door.turned_away) == (True, 0)


async def test_a_wrong_password_is_refused_and_not_shown(guarded: Guarded) -> None:
    with pytest.raises(Unavailable) as refused:
        await make_topics(guarded.connection(KAFKA_SASL_PASSWORD="wrong horse"), QUICK)
    assert "horse" not in str(refused.value)
    assert "horse" not in repr(guarded.connection())
    assert guarded.door.let_in == 0


async def test_a_broker_that_another_authority_vouches_for_is_refused(
    guarded: Guarded, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(Unavailable):
        await make_topics(guarded.connection(KAFKA_SSL_CA_FILE=str(certificate(other, "127.0.0.1"))), QUICK)
    assert guarded.door.let_in == guarded.door.turned_away == 0


async def test_a_certificate_for_another_host_is_refused(tmp_path: Path, guarded: Guarded) -> None:
    certified = certificate(tmp_path, "kafka.example.com")
    async with gate(certified, "intake", PASSWORD) as door:
        door.broker = guarded.door.broker
        told = {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{door.port}", "KAFKA_SSL_CA_FILE": str(certified)}
        with pytest.raises(Unavailable):
            await make_topics(guarded.connection(**told), QUICK)
        assert door.let_in == door.turned_away == 0
