"""`leads miners add|list|revoke`: who may send snippets and outcomes."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import orjson
import typer

from commands.database import database_of
from commands.failure import USAGE, CommandError
from commands.judging import judge_command, report_command
from commands.target import DataOption, choose
from commands.terminal import harmless, plain_console, whole_table
from db.pool import open_pool
from ingest.importers import fields
from ingest.importers.rows import FieldProblem
from ingest.streams.messages import IMPORT
from ingest.streams.producer_keys import Keys, ProducerKey, Role
from ingest.streams.signing import UnusableKey, make_key, read_public_key

miners = typer.Typer(
    no_args_is_help=True, help="Keys, quality and emissions of those who send snippets and outcomes."
)
miners.command("judge")(judge_command)
miners.command("report")(report_command)
Answer = TypeVar("Answer")


@miners.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The miner's id; of a relay or tracker, what to call it.")],
    role: Annotated[
        Role, typer.Option(help="miner: own snippets; relay: anyone's, and outcomes; outcomes: only these.")
    ] = "miner",
    public_key: Annotated[
        Path | None,
        typer.Option(help="PEM of a key that its owner made; we never see the secret.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write the new private key.", show_default="NAME.pem")
    ] = None,
    data: DataOption = None,
) -> None:
    """Register a key; without --public-key make one and write the private half to a file, once."""
    if public_key is not None and out is not None:
        raise CommandError("--public-key and --out exclude each other", USAGE)
    miner = _miner_id(name)
    if role == "miner" and miner == IMPORT:
        raise CommandError(f"{IMPORT!r} is the id of what was imported; a miner needs another one", USAGE)
    path = out or Path(f"{name}.pem")
    try:
        if public_key is not None:
            public = read_public_key(public_key)
        elif path.exists():
            raise CommandError(f"{path} exists; name another file with --out", USAGE)
        else:
            public = make_key(path).public_key
    except (UnusableKey, OSError) as err:
        raise CommandError(str(err), USAGE) from err
    added = _ask(data, lambda keys: keys.add(public, role, miner if role == "miner" else None, miner, _now()))
    if (added.role, added.label) != (role, miner) or added.revoked_at is not None:
        state = "revoked" if added.revoked_at else f"registered as {added.role} {added.label!r}"
        raise CommandError(f"that key is {state} already: {added.key_id}", USAGE)
    console = plain_console(soft_wrap=True)
    console.print(f"{role} {harmless(miner)}: key {added.key_id}")
    if public_key is None:
        console.print(
            f"private key in {path}: hand it over, keep no copy; sign with `leads produce --key {path}`"
        )


@miners.command("list")
def list_keys(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each.")] = False,
    data: DataOption = None,
) -> None:
    """Show all keys, revoked ones too."""
    found = _ask(data, lambda keys: keys.all())
    console = plain_console(soft_wrap=as_json)
    if as_json:
        for key in found:
            console.out(orjson.dumps(_told(key)).decode())
        return
    table = whole_table("key", "role", "miner", "label", "added", "revoked")
    for key in found:
        revoked = f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else ""
        table.add_row(
            key.key_id,
            key.role,
            harmless(key.miner_id or ""),
            harmless(key.label),
            f"{key.created_at:%Y-%m-%d %H:%M}",
            revoked,
        )
    console.print(table)


@miners.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(help="A key's id, or a miner's: then all its keys.")],
    data: DataOption = None,
) -> None:
    """Refuse from now on whatever such a key signed and is not stored yet."""
    found = _ask(data, lambda keys: keys.revoke(name, _now()))
    if not found:
        raise CommandError(f"no key of {name} is in force; see `leads miners list`", USAGE)
    for key in found:
        plain_console().print(f"revoked {key.key_id} ({harmless(key.label)})")


def _ask(data: Path | None, asked: Callable[[Keys], Awaitable[Answer]]) -> Answer:
    async def ask(dsn: str) -> Answer:
        pool = await open_pool(dsn)
        try:
            return await asked(Keys(pool))
        finally:
            await pool.close()

    with database_of(choose(data, None, os.environ)) as dsn:
        return asyncio.run(ask(dsn))


def _miner_id(name: str) -> str:
    try:
        return fields.required("NAME", name, fields.MAX_ID_CHARS)
    except FieldProblem as problem:
        raise CommandError(f"NAME {problem.reason}", USAGE) from problem


def _told(key: ProducerKey) -> dict[str, object]:
    return {
        "key_id": key.key_id, "role": key.role, "miner_id": key.miner_id, "label": key.label,
        "created_at": key.created_at, "revoked_at": key.revoked_at,
    }  # fmt: skip


def _now() -> datetime:
    return datetime.now(UTC)
