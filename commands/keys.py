"""`leads keys`: API keys of tenants, stored hashed; a running server knows of new and revoked ones within seconds."""

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import asyncpg
import typer
from rich.console import Console
from rich.table import Table

from commands.database import database_of
from commands.failure import USAGE, CommandError
from commands.tables import wide_console
from commands.target import DataOption, choose
from db.pool import PoolLimits, open_pool
from db.submitters.keys import Scope, StoredKey, create_key, read_keys, revoke_key
from ranking.errors import NotFound

Found = TypeVar("Found")

keys = typer.Typer(
    no_args_is_help=True, help="API keys. While there was never one, the server answers its own machine only."
)


@keys.command()
def create(
    tenant: Annotated[
        str, typer.Argument(help="Whose key it is; made when there is no such tenant.", show_default=False)
    ],
    label: Annotated[str, typer.Option(help="What the key is for.")] = "",
    trusted: Annotated[
        bool, typer.Option("--trusted", help="Judge its queries, but never throttle them.")
    ] = False,
    operator: Annotated[
        bool, typer.Option("--operator", help="Let it see how every tenant's submitters stand.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Make a key and show it, this once; from the first key on nobody is answered without one."""
    scopes: list[Scope] = []
    if trusted:
        scopes.append("trusted")
    if operator:
        scopes.append("operator")
    key = _with_pool(data, lambda pool: create_key(pool, tenant, label, tuple(scopes), secrets.token_bytes))
    typer.echo(key)
    Console(stderr=True).print(
        "This is the only time it is shown. Send it as: Authorization: Bearer <key>", highlight=False
    )


@keys.command("list")
def list_keys(data: DataOption = None) -> None:
    """Show every key without its secret."""
    table = Table("key", "tenant", "label", "may", "made", "revoked")
    for key in _with_pool(data, read_keys):
        table.add_row(*_cells(key))
    wide_console().print(table)


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="As `leads keys list` shows it.", show_default=False)],
    data: DataOption = None,
) -> None:
    """Take a key out of force. Revoking the last one does not open the server again."""
    try:
        _with_pool(data, lambda pool: revoke_key(pool, key_id))
    except NotFound as err:
        raise CommandError(f"no key {key_id} is in force; see `leads keys list`", USAGE) from err
    typer.echo(f"{key_id} is revoked")


def _cells(key: StoredKey) -> tuple[str, ...]:
    may = ", ".join(sorted(key.scopes)) if key.miner_id is None else f"supplies as {key.miner_id}"
    revoked = "" if key.revoked_at is None else f"{key.revoked_at:%Y-%m-%d %H:%M}"
    return key.key_id, key.tenant_id, key.label, may, f"{key.created_at:%Y-%m-%d %H:%M}", revoked


def _with_pool(data: DataOption, work: Callable[[asyncpg.Pool], Awaitable[Found]]) -> Found:
    async def opened(dsn: str) -> Found:
        pool = await open_pool(dsn, PoolLimits(max_size=1), application_name="leads keys")
        try:
            return await work(pool)
        finally:
            await pool.close()

    with database_of(choose(data, None, os.environ)) as dsn:
        return asyncio.run(opened(dsn))
