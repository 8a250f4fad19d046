"""Dead letters, read back: what waits, and sending it again."""

from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from ingest.streams.connecting import Connection
from ingest.streams.dead_letters import DeadLetter, read_letter
from ingest.streams.producing import sending
from ingest.streams.records import Record
from ingest.streams.topics import dead_letters_of
from ranking.errors import Unavailable

_QUIET_MS = 1_000
_FETCH_RECORDS = 500


async def waiting(connection: Connection, topics: Collection[str]) -> AsyncGenerator[DeadLetter, None]:
    """Each dead letter of `topics` once, oldest first within a partition.

    Raises:
        Unavailable: the broker does not answer.
    """
    seen: set[tuple[str, int, int]] = set()
    for topic in topics:
        # One client for each topic: aiokafka 0.14 forgets the partitions of a topic that it is not assigned.
        consumer = AIOKafkaConsumer(
            **connection.options(), enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            await consumer.start()
            async with aclosing(_carried(consumer, dead_letters_of(topic))) as carried:
                async for record in carried:
                    letter = read_letter(record)
                    if letter is not None and letter.origin not in seen:
                        seen.add(letter.origin)
                        yield letter
        except KafkaError as err:
            raise Unavailable("kafka", f"does not answer: {type(err).__name__}: {err}") from err
        finally:
            await consumer.stop()


async def _carried(consumer: AIOKafkaConsumer, topic: str) -> AsyncGenerator[Record, None]:
    """What a topic holds now, nothing where there is no such topic."""
    if topic not in await consumer.topics():
        return
    partitions = [
        TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())
    ]
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    ending = False
    while True:
        fetched = await consumer.getmany(timeout_ms=0 if ending else _QUIET_MS, max_records=_FETCH_RECORDS)
        if not fetched and ending:
            return
        # Tansu 0.6.0 reports too small an end where batches held several records: only silence beyond it is the end. The
        # broker answers in turn, so that after this answer there is at hand what was asked for before.
        ending = not fetched and await all_read(consumer)
        for records in fetched.values():
            for each in records:
                yield Record(
                    each.topic, each.partition, each.offset, each.timestamp, each.key, each.value,
                    tuple(each.headers),
                )  # fmt: skip


async def all_read(consumer: AIOKafkaConsumer) -> bool:
    """Whether a consumer has read its partitions as far as the broker says they reach; it must have some."""
    ours = list(consumer.assignment())
    ends = await consumer.end_offsets(ours) if ours else {}
    return bool(ours) and all([await consumer.position(partition) >= ends[partition] for partition in ours])


async def send_again(
    connection: Connection, topics: Collection[str], wanted: Callable[[DeadLetter], bool]
) -> tuple[int, int]:
    """Publish the wanted dead letters to the topics they came from; returns how many were sent, and could not be.

    They stay where they are; one that still cannot be used becomes another dead letter, with another origin.
    """
    sent = cut = 0
    async with sending(connection) as producer, aclosing(waiting(connection, topics)) as letters:
        async for letter in letters:
            if not wanted(letter):
                continue
            if not letter.whole:
                cut += 1
                continue
            original = letter.original
            await producer.send(original.topic, original.key, original.value, original.headers)
            sent += 1
        await producer.settle()
    return sent, cut
