"""The embedded broker: loopback only, findable by its folder, gone with its starter."""

from pathlib import Path

import psutil
import pytest

from db.embedded import EmbeddedBroker
from ingest.streams.topics import TOPICS, make_topics
from ranking.errors import Unavailable
from tests.fixtures.processes import child, wait_until_gone
from tests.fixtures.streaming import QUICK, connection_to, letters

_HOLD = """
import sys
from pathlib import Path
from db.embedded import EmbeddedBroker
server = EmbeddedBroker(Path(sys.argv[1]))
print(server.start(), server.pid, flush=True)
sys.stdin.read()
"""


def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)
    with broker as address:
        listening = [
            each.laddr for each in psutil.Process(broker.pid).net_connections() if each.status == "LISTEN"
        ]
    assert [f"{each.ip}:{each.port}" for each in listening] == [address]
    assert address.startswith("127.0.0.1:")


def test_others_find_it_by_its_folder_and_it_keeps_its_port(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path) as address:
        assert EmbeddedBroker(tmp_path).address() == address
    with EmbeddedBroker(tmp_path) as again:
        assert again == address


def test_a_folder_without_one_has_no_address(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="none was started"):
        EmbeddedBroker(tmp_path).address()


def test_a_second_broker_on_the_same_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.embedded.broker._LOCK_TIMEOUT_S", 0.05)
    with EmbeddedBroker(tmp_path), pytest.raises(Unavailable, match="in use by another running system"):
        EmbeddedBroker(tmp_path).start()


def test_it_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    with child(_HOLD, str(tmp_path)) as starter:
        broker = psutil.Process(int(starter.readline().split()[1]))
        starter.kill()
        wait_until_gone([broker], timeout_s=5.0)


async def test_topics_are_made_once_and_begin_without_dead_letters(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path) as address:
        for _ in range(2):
            await make_topics(connection_to(address), QUICK)
        assert [await letters(address, topic) for topic in TOPICS] == [[], []]
