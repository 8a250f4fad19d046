"""The topics: their names, what they carry, and that they exist."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, get_args

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from configs.streams import StreamArgs
from ingest.importers.mapping import Kind
from ingest.streams.connecting import Connection
from ranking.errors import Unavailable

Topic = Literal["miner.snippets", "outcome.events"]
TOPICS: tuple[Topic, ...] = get_args(Topic)
CARRIES: Final[Mapping[Topic, Kind]] = {"miner.snippets": "snippets", "outcome.events": "outcomes"}


def dead_letters_of(topic: str) -> str:
    """The topic that takes what cannot be used of `topic`."""
    return f"{topic}.dlq"


async def make_topics(connection: Connection, args: StreamArgs) -> None:
    """Make the topics and their dead letters where they are missing; those that exist stay as they are.

    Raises:
        Unavailable: the broker does not answer, or refuses.
    """
    wanted = [name for topic in TOPICS for name in (topic, dead_letters_of(topic))]
    admin = AIOKafkaAdminClient(**connection.options())
    try:
        await admin.start()
        existing = frozenset(await admin.list_topics())
        missing = [NewTopic(name, args.partitions, args.replicas) for name in wanted if name not in existing]
        if missing:
            answer = await admin.create_topics(missing)
            _check(answer.topic_errors)
    except KafkaError as err:
        raise Unavailable("kafka", f"cannot make the topics: {type(err).__name__}: {err}") from err
    finally:
        await admin.close()


def _check(topic_errors: Iterable[tuple[object, ...]]) -> None:
    for name, code, *_ in topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):  # another replica may have been first
            raise for_code(code)(name)
