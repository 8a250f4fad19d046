"""Records onto topics: a bounded number on their way, each acknowledged by every replica in sync."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from pathlib import Path

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from ingest.importers.mapping import guess_kind
from ingest.importers.readers import read_rows
from ingest.importers.rows import RawRow, UnusableFile
from ingest.streams.connecting import Connection
from ingest.streams.messages import encoded
from ingest.streams.records import Headers
from ingest.streams.signing import HEADER, SIGNED_TOGETHER, Signer
from ingest.streams.topics import CARRIES, Topic
from ranking.errors import Unavailable
from ranking.text import domain_key

_ON_THEIR_WAY = 5_000
_PEEKED_ROWS = 200
# Larger than any consumer takes, so that what is too large is told to its sender as a dead letter, not dropped here.
_REQUEST_BYTES = 32 << 20


class Producer:
    """Sends messages; `sending` opens one."""

    def __init__(self, client: AIOKafkaProducer) -> None:
        self._client = client
        self._waiting: set[asyncio.Future[object]] = set()

    async def send(self, topic: str, key: bytes | None, value: bytes | None, headers: Headers = ()) -> None:
        """Hand one message to the client; returns early unless too many are on their way.

        Raises:
            Unavailable: an earlier one was not acknowledged.
        """
        try:
            self._waiting.add(await self._client.send(topic, value=value, key=key, headers=list(headers)))
        except KafkaError as err:
            raise Unavailable("kafka", f"does not take messages: {type(err).__name__}: {err}") from err
        if len(self._waiting) >= _ON_THEIR_WAY:
            await self.settle()

    async def send_signed(
        self, topic: str, messages: Sequence[tuple[bytes | None, bytes]], signer: Signer
    ) -> None:
        """Sign (key, value) messages, 64 at a time, and send them in their order.

        Raises:
            Unavailable: as `send`.
        """
        for start in range(0, len(messages), SIGNED_TOGETHER):
            part = messages[start : start + SIGNED_TOGETHER]
            headers = signer.sign([(topic, key, value) for key, value in part])
            for (key, value), header in zip(part, headers, strict=True):
                await self.send(topic, key, value, ((HEADER, header),))

    async def settle(self) -> None:
        """Return once all that was sent is acknowledged.

        Raises:
            Unavailable: some is not.
        """
        waiting, self._waiting = self._waiting, set()
        for outcome in await asyncio.gather(*waiting, return_exceptions=True):
            if isinstance(outcome, KafkaError):
                reason = f"did not acknowledge a message: {type(outcome).__name__}: {outcome}"
                raise Unavailable("kafka", reason) from outcome
            if isinstance(outcome, BaseException):
                raise outcome


@asynccontextmanager
async def sending(connection: Connection) -> AsyncIterator[Producer]:
    """An open producer. Not an idempotent one, which the embedded broker does not know: what arrives twice is stored once.

    Raises:
        Unavailable: the broker does not answer.
    """
    client = AIOKafkaProducer(
        **connection.options(),
        acks="all",
        enable_idempotence=False,
        max_request_size=_REQUEST_BYTES,
        max_batch_size=256 << 10,
        linger_ms=5,
    )
    try:
        await client.start()
        yield Producer(client)
    except KafkaError as err:
        raise Unavailable("kafka", f"does not answer: {type(err).__name__}: {err}") from err
    finally:
        await client.stop()


def routing_key(values: Mapping[str, object]) -> bytes | None:
    """The key of a record's message: the company, else its normalised domain, else the lead; None without any."""
    company, domain, lead = (values.get(name) for name in ("company_id", "domain", "lead_id"))
    for key in (company, domain_key(domain) if isinstance(domain, str) else None, lead):
        if isinstance(key, str) and key.strip():
            return key.strip().encode()
    return None


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a file: messages acknowledged, and lines that are no records."""

    topic: Topic
    sent: int
    unreadable: int


async def publish_file(
    producer: Producer, path: Path, topic: Topic | None, clock: Callable[[], datetime], signer: Signer
) -> Published:
    """Publish the rows of a JSONL, CSV or Parquet file, signed, to the topic that its columns tell where none is named.

    Raises:
        UnusableFile: it is missing, of unknown format, or holds what no topic carries.
        Unavailable: the broker does not take them; some may be published.
    """
    rows = read_rows(path)
    first = list(islice(rows, _PEEKED_ROWS))
    chosen = topic or _topic_of(path, [row.values for row in first if isinstance(row, RawRow)])
    rest = chain(first, rows)
    sent = unreadable = 0
    while part := list(islice(rest, SIGNED_TOGETHER)):
        readable = [row.values for row in part if isinstance(row, RawRow)]
        messages = [(routing_key(values), encoded(values, clock())) for values in readable]
        await producer.send_signed(chosen, messages, signer)
        sent += len(readable)
        unreadable += len(part) - len(readable)
    await producer.settle()
    return Published(chosen, sent, unreadable)


def _topic_of(path: Path, rows: Sequence[Mapping[str, object]]) -> Topic:
    columns = tuple(dict.fromkeys(column for row in rows for column in row))
    kind = guess_kind(path, columns, {})
    for topic, carried in CARRIES.items():
        if carried == kind:
            return topic
    raise UnusableFile(str(path), f"holds {kind}, which no topic carries; use `leads import`")
