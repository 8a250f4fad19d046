"""What Prometheus is told of an intake."""

import socket
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from db.embedded import EmbeddedBroker
from deployments.telemetry import exposition
from ingest.streams import metrics
from ingest.streams.topics import make_topics
from tests.fixtures.processes import child
from tests.fixtures.streaming import QUICK, add_companies, connection_to, publish, snippet, taking_in, until


def told(port: int) -> dict[tuple[str, str, str], float]:
    """Samples by name, topic and result."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5.0) as answer:
        text = answer.read().decode()
    return {
        (sample.name, sample.labels.get("topic", ""), sample.labels.get("result", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("leads_ingest")
    }


async def test_messages_are_counted_by_result_and_lag_falls_to_nothing(tmp_path: Path, database: str) -> None:
    await add_companies(database, "acme")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    name, topic = "leads_ingest_messages_total", "miner.snippets"
    with EmbeddedBroker(tmp_path) as broker, metrics.exported("127.0.0.1", port):
        await make_topics(connection_to(broker), QUICK)
        before = told(port)
        async with taking_in(database, broker) as intake:
            await publish(
                broker, (b"acme", snippet(1)), (b"acme", snippet(1)), (b"acme", snippet(2, kind="rumour"))
            )
            await until(lambda: intake.counts.messages.total() == 3)
            after = told(port)
            await until(lambda: intake.counts.batches > 0)
            assert intake.counts.lag_s > 0.0
            await until(lambda: told(port)["leads_ingest_lag_seconds", "", ""] == 0.0)
    grown = {key: value - before.get(key, 0.0) for key, value in after.items() if key[0] == name}
    assert {key[2]: value for key, value in grown.items() if value and key[1] == topic} == {
        "stored": 1.0, "unchanged": 1.0, "invalid_field": 1.0,
    }  # fmt: skip


def test_a_taken_port_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"), metrics.exported("127.0.0.1", taken.getsockname()[1]):
            pass


def test_an_intake_beside_the_graph_is_on_the_graphs_page(tmp_path: Path) -> None:
    program = (
        "from ingest.streams import metrics; metrics.count('miner.snippets', 'stored', 3); print('counted')"
    )
    with child(program, environment={"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}) as intake:
        assert intake.readline() == "counted\n"
    page = exposition(str(tmp_path)).decode()
    assert 'leads_ingest_messages_total{result="stored",topic="miner.snippets"} 3.0' in page
