"""The consumer: batches from the topics into the store, dead letters aside, then the offsets. At least once in, one row out."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from configs.streams import StreamArgs
from db.pool import UNREACHABLE
from ingest.importers.mapping import Kind
from ingest.streams import metrics
from ingest.streams.connecting import Connection
from ingest.streams.dead_letters import headers_of, set_aside
from ingest.streams.messages import Reader, Row
from ingest.streams.producer_keys import Keys, ProducerKey
from ingest.streams.producing import Producer, sending
from ingest.streams.provenance import key_ids
from ingest.streams.records import Fault, Record, Unusable
from ingest.streams.storing import Store, Stored
from ingest.streams.topics import CARRIES, TOPICS, dead_letters_of, make_topics
from ingest.streams.waiting_letters import all_read
from ranking.errors import Unavailable

_log = logging.getLogger(__name__)
_PASSING = (*UNREACHABLE, KafkaError, Unavailable)
_SILENCE_S = 1.0
_HEARTBEAT_S = 1.0  # a member learns from the answer to it that others come or go
Fetched = Mapping[TopicPartition, Sequence[Any]]


@dataclass(slots=True)
class IntakeCounts:
    """What an intake has done: messages by (topic, result), where a result is stored, unchanged or a fault's code."""

    messages: Counter[tuple[str, str]] = field(default_factory=Counter)
    batches: int = 0
    lag_s: float = 0.0

    def add(self, topic: str, done: Stored, faults: Sequence[Fault]) -> None:
        """Count a batch of one topic."""
        self.messages[topic, "stored"] += done.stored
        self.messages[topic, "unchanged"] += done.unchanged
        metrics.count(topic, "stored", done.stored)
        metrics.count(topic, "unchanged", done.unchanged)
        for fault in faults:
            self.messages[topic, fault.code] += 1
            metrics.count(topic, fault.code, 1)


@dataclass(frozen=True, slots=True)
class _Read:
    """One topic's part of a batch: usable rows beside their records, and the others with their faults."""

    rows: list[Row]
    records: list[Record]
    faulty: list[tuple[Record, Fault]]
    unmapped: dict[tuple[str, str], int]


class Intake:
    """One member of the consumer group."""

    def __init__(
        self,
        connection: Connection,
        args: StreamArgs,
        store: Store,
        reader: Reader,
        clock: Callable[[], datetime],
    ) -> None:
        self.counts = IntakeCounts()
        self._connection = connection
        self._args = args
        self._store = store
        self._keys = Keys(store.pool)
        self._reader = reader
        self._clock = clock
        self._in_hand = asyncio.Lock()

    async def run(self, stop: asyncio.Event, *, until_empty: bool = False) -> None:
        """Read until `stop` is set, or with `until_empty` until the topics hold nothing more.

        A part that does not answer is waited for. On the way out the batch in hand is finished where that can be, its
        offsets are committed and the group is left.
        """
        pause = _Pause(self._args, stop)
        while not stop.is_set():
            try:
                await make_topics(self._connection, self._args)
                async with AsyncExitStack() as stack:
                    producer = await stack.enter_async_context(sending(self._connection))
                    consumer = await self._join(stack)
                    await self._read_on(consumer, producer, stop, pause, until_empty=until_empty)
                    return
            except (KafkaError, Unavailable) as err:
                _log.warning("lost the broker, trying again: %s: %s", type(err).__name__, err)
                await pause.longer()

    async def _join(self, stack: AsyncExitStack) -> AIOKafkaConsumer:
        args = self._args
        consumer = AIOKafkaConsumer(
            **self._connection.options(),
            group_id=args.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=args.fetch_bytes,
            session_timeout_ms=int(args.session_s * 1000),
            heartbeat_interval_ms=int(min(_HEARTBEAT_S, args.session_s / 3) * 1000),
            rebalance_timeout_ms=int(args.handover_s * 1000),
        )
        stack.push_async_callback(consumer.stop)
        consumer.subscribe(topics=list(TOPICS), listener=_Handover(self._in_hand, args.handover_s))
        await consumer.start()
        return consumer

    async def _read_on(
        self,
        consumer: AIOKafkaConsumer,
        producer: Producer,
        stop: asyncio.Event,
        pause: "_Pause",
        *,
        until_empty: bool,
    ) -> None:
        args = self._args
        silent_s = 0.0
        ending = False
        while not stop.is_set():
            began_s = time.monotonic()
            wait_s = 0.0 if ending else args.wait_s
            fetched = await consumer.getmany(timeout_ms=int(wait_s * 1000), max_records=args.batch_messages)
            if fetched:
                silent_s, ending = 0.0, False
                async with self._in_hand:
                    await self._finish(consumer, producer, fetched, pause)
                await pause.rest(args.pace_s - (time.monotonic() - began_s))
                continue
            metrics.lag(0.0)
            if ending:
                return
            silent_s += args.wait_s
            # The broker answers in turn: once it has said how far the topics reach, what it was asked for before is here.
            ending = until_empty and silent_s >= _SILENCE_S and await all_read(consumer)

    async def _finish(
        self, consumer: AIOKafkaConsumer, producer: Producer, fetched: Fetched, pause: "_Pause"
    ) -> None:
        """Store a batch, set aside the rest of it, commit its offsets; again and again until all is done or we stop."""
        ours = consumer.assignment()
        kept = {partition: records for partition, records in fetched.items() if partition in ours}
        parts: dict[str, _Read] | None = None
        self._note_lag(kept)
        while True:
            try:
                if parts is None:
                    parts = await self._read_all(kept)
                for topic in tuple(parts):
                    await self._settle(topic, parts[topic], producer)
                    del parts[topic]
                await consumer.commit(
                    {partition: records[-1].offset + 1 for partition, records in kept.items()}
                )
                break
            except (CommitFailedError, IllegalStateError) as err:
                _log.info("lost partitions with a batch in hand, others will find it stored: %s", err)
                break
            except _PASSING as err:
                _log.warning("a batch waits: %s: %s", type(err).__name__, err)
                self._note_lag(kept)
                if not await pause.longer():
                    return
        pause.reset()
        self.counts.batches += 1
        self._note_lag(kept)

    async def _settle(self, topic: str, part: _Read, producer: Producer) -> None:
        kind = CARRIES[topic]  # type: ignore[index]
        done = await self._store.store(kind, part.rows, part.unmapped) if part.rows else Stored()
        faulty = [*part.faulty, *((part.records[place], fault) for place, fault in done.faults.items())]
        now = self._clock()
        for record, fault in faulty:
            letter = set_aside(record, fault, self._args.message_bytes, self._args.dead_letter_bytes, now)
            told = tuple(headers_of(letter))
            await producer.send(dead_letters_of(topic), letter.original.key, letter.original.value, told)
        await producer.settle()
        self.counts.add(topic, done, [fault for _, fault in faulty])

    async def _read_all(self, kept: Fetched) -> dict[str, _Read]:
        """Each topic's part of a batch, by keys as they are registered now."""
        records = {topic: _records(kept, topic) for topic in TOPICS}
        keys = await self._keys.named(key_ids(chain.from_iterable(records.values())))
        return {
            topic: await asyncio.to_thread(self._read, CARRIES[topic], records[topic], keys)
            for topic in TOPICS
            if records[topic]
        }

    def _read(self, kind: Kind, records: Sequence[Record], keys: Mapping[str, ProducerKey]) -> _Read:
        part = _Read([], [], [], {})
        for record in records:
            try:
                part.rows.append(self._reader.read(kind, record, keys))
                part.records.append(record)
            except Unusable as unusable:
                part.faulty.append((record, unusable.fault))
            except Exception as err:  # noqa: BLE001 - a sender must not be able to stop a partition, whatever we overlooked
                _log.exception("cannot read %s[%d]@%d", record.topic, record.partition, record.offset)
                part.faulty.append((record, Fault("unexpected", "", f"cannot be read: {type(err).__name__}")))
        part.unmapped.update(self._reader.unmapped)
        self._reader.unmapped.clear()
        self._reader.notes.clear()
        return part

    def _note_lag(self, kept: Fetched) -> None:
        oldest_ms = min((records[0].timestamp for records in kept.values()), default=None)
        if oldest_ms is not None:
            self.counts.lag_s = max(0.0, self._clock().timestamp() - oldest_ms / 1000)
            metrics.lag(self.counts.lag_s)


class _Handover(ConsumerRebalanceListener):  # type: ignore[misc] # the library is untyped
    """Lets the batch in hand be finished before its partitions go to another member."""

    def __init__(self, in_hand: asyncio.Lock, most_s: float) -> None:
        self._in_hand = in_hand
        self._most_s = most_s

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:  # noqa: ARG002
        """Wait for the batch, but not for ever: what is stored twice is stored once."""
        try:
            async with asyncio.timeout(self._most_s), self._in_hand:
                pass
        except TimeoutError:
            _log.warning("gave partitions away with a batch in hand")

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Nothing to prepare."""


class _Pause:
    """Growing pauses between attempts, cut short by the stop."""

    def __init__(self, args: StreamArgs, stop: asyncio.Event) -> None:
        self._args = args
        self._stop = stop
        self._next_s = args.retry_base_s

    def reset(self) -> None:
        """The attempt went well."""
        self._next_s = self._args.retry_base_s

    async def longer(self) -> bool:
        """Wait, each time twice as long; False when it is time to stop."""
        length_s = self._next_s
        self._next_s = min(self._next_s * 2, self._args.retry_most_s)
        return await self.rest(length_s)

    async def rest(self, length_s: float) -> bool:
        """Wait; False when it is time to stop."""
        if length_s > 0.0:
            try:
                async with asyncio.timeout(length_s):
                    await self._stop.wait()
            except TimeoutError:
                return True
        return not self._stop.is_set()


def _records(fetched: Fetched, topic: str) -> list[Record]:
    return [
        Record(
            each.topic, each.partition, each.offset, each.timestamp, each.key, each.value, tuple(each.headers)
        )
        for partition, records in fetched.items()
        if partition.topic == topic
        for each in records
    ]
