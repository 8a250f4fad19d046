"""`leads produce`, `leads ingest`, `leads dlq`: messages out, messages in, and those that could not be used."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import ExitStack, aclosing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from commands.broker import broker_of, connection_to
from commands.database import database_of
from commands.failure import USAGE, CommandError
from commands.intake import take_in
from commands.signers import signer_for
from commands.target import DataOption, choose
from commands.terminal import harmless, plain_console, whole_table
from configs.streams import StreamArgs, StreamSettings
from ingest.streams import metrics
from ingest.streams.connecting import Connection
from ingest.streams.dead_letters import DeadLetter
from ingest.streams.intake import IntakeCounts
from ingest.streams.producing import publish_file, sending
from ingest.streams.records import FaultCode
from ingest.streams.signing import Signer
from ingest.streams.topics import TOPICS, Topic, make_topics
from ingest.streams.waiting_letters import send_again, waiting

dlq = typer.Typer(no_args_is_help=True, help="Messages that could not be used, with their reasons.")
TopicOption = Annotated[
    Topic | None, typer.Option("--topic", help="Only of this topic.", show_default="both", metavar="TOPIC")
]


def produce(
    files: Annotated[list[Path], typer.Argument(help="JSONL, CSV or Parquet files.", show_default=False)],
    topic: Annotated[
        Topic | None, typer.Option(help="miner.snippets or outcome.events.", show_default="by the columns")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="Private key to sign with.", show_default="the local system's own")
    ] = None,
    data: DataOption = None,
) -> None:
    """Publish snippets or outcomes to Kafka, one signed message for each row."""
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise CommandError(f"no such file: {', '.join(missing)}", USAGE)
    target = choose(data, None, os.environ)
    connection = connection_to(target)
    asyncio.run(_produce(connection, files, topic, signer_for(target, key)))


def ingest(
    until_empty: Annotated[
        bool, typer.Option("--until-empty", help="End once the topics hold nothing more.")
    ] = False,
    metrics_at: Annotated[
        str | None,
        typer.Option("--metrics", metavar="HOST:PORT", help="Answer Prometheus there.", show_default=False),
    ] = None,
    data: DataOption = None,
) -> None:
    """Store what the topics bring, until Ctrl-C; starts the embedded broker where none is named or runs."""
    target = choose(data, None, os.environ)
    with _metrics(metrics_at), database_of(target) as dsn, broker_of(target) as connection:

        def announce() -> None:
            Console(highlight=False).print(f"Reading {', '.join(TOPICS)} from {connection.servers}")

        own = target.folder() if StreamSettings().kafka_bootstrap_servers is None else None
        counts = asyncio.run(take_in(dsn, connection, own, until_empty=until_empty, announce=announce))
    _show_counts(counts)


@dlq.command("list")
def list_letters(
    topic: TopicOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object for each, with its value.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Show the messages that could not be used."""
    letters = asyncio.run(_letters(connection_to(choose(data, None, os.environ)), topic))
    console = plain_console(soft_wrap=as_json)
    if as_json:
        for letter in letters:
            console.out(orjson.dumps(_told(letter)).decode())
        return
    table = whole_table("topic", "partition", "offset", "code", "field", "reason", "bytes")
    for letter in letters:
        record, fault = letter.original, letter.fault
        place = (record.topic, str(record.partition), str(record.offset))
        said = (fault.code, harmless(fault.field), harmless(fault.reason))
        table.add_row(*place, *said, f"{letter.value_bytes:,}")
    if letters:
        console.print(table)
    console.print(f"{len(letters):,} dead letters")


@dlq.command("replay")
def replay(
    topic: TopicOption = None,
    code: Annotated[
        FaultCode | None,
        typer.Option(
            help="Only those set aside for this reason, as `leads dlq list` says it.",
            show_default="all",
            metavar="CODE",
        ),
    ] = None,
    data: DataOption = None,
) -> None:
    """Send dead letters to their topics again, as after a company came to be known; what was stored stays one row."""
    connection = connection_to(choose(data, None, os.environ))

    def wanted(letter: DeadLetter) -> bool:
        return code is None or letter.fault.code == code

    sent, cut = asyncio.run(send_again(connection, _topics(topic), wanted))
    console = Console(highlight=False)
    console.print(f"{sent:,} sent again")
    if cut:
        console.print(f"{cut:,} were too large to be kept whole and cannot be sent again")


async def _produce(connection: Connection, files: list[Path], topic: Topic | None, signer: Signer) -> None:
    await make_topics(connection, StreamArgs())
    console = Console(highlight=False)
    async with sending(connection) as producer:
        for path in files:
            done = await publish_file(producer, path, topic, lambda: datetime.now(UTC), signer)
            rest = f", {done.unreadable:,} lines are no records" if done.unreadable else ""
            console.print(f"{path.name}: {done.sent:,} messages to {done.topic}{rest}")


@contextmanager
def _metrics(address: str | None) -> Iterator[None]:
    if address is None:
        yield
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise CommandError(f"--metrics takes HOST:PORT, not {address!r}", USAGE)
    with ExitStack() as stack:
        try:
            stack.enter_context(metrics.exported(host, int(port)))
        except (OSError, OverflowError) as err:
            raise CommandError(f"cannot answer Prometheus at {address}: {err}", USAGE) from err
        yield


async def _letters(connection: Connection, topic: Topic | None) -> list[DeadLetter]:
    async with aclosing(waiting(connection, _topics(topic))) as letters:
        return [letter async for letter in letters]


def _topics(topic: Topic | None) -> tuple[Topic, ...]:
    return TOPICS if topic is None else (topic,)


def _told(letter: DeadLetter) -> dict[str, object]:
    record, fault = letter.original, letter.fault
    return {
        "topic": record.topic, "partition": record.partition, "offset": record.offset, "code": fault.code,
        "field": fault.field, "reason": fault.reason, "failed_at": letter.failed_at,
        "key": _readable(record.key), "value": _readable(record.value), "value_bytes": letter.value_bytes,
    }  # fmt: skip


def _readable(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="replace")


def _show_counts(counts: IntakeCounts) -> None:
    table = Table("topic", "result", "messages")
    for (topic, result), number in sorted(counts.messages.items()):
        if number:
            table.add_row(topic, result, f"{number:,}")
    Console().print(table)
