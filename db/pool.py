"""A bounded pool of Postgres connections that speak pgvector and give up in time."""

from dataclasses import dataclass
from typing import Final

import asyncpg
from pgvector.asyncpg import register_vector

from ranking.errors import Unavailable

UNREACHABLE: Final = (
    OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError,
)  # fmt: skip
"""What a server that is away, or goes away in the middle of an answer, shows itself as."""


@dataclass(frozen=True)
class PoolLimits:
    """Bounds of one pool: connections, and seconds a statement, a connect, an idle transaction last."""

    min_size: int = 1
    max_size: int = 8
    statement_timeout_s: float = 5.0
    connect_timeout_s: float = 5.0
    idle_transaction_timeout_s: float = 30.0


async def open_pool(
    dsn: str, limits: PoolLimits | None = None, *, application_name: str = "leads"
) -> asyncpg.Pool:
    """Return an open pool; `vector` columns read and write numpy arrays. The database must be migrated.

    A caller with a nearer deadline sets its own `SET LOCAL statement_timeout` or passes asyncpg's `timeout=`.
    `plan_cache_mode` is `force_custom_plan`: our filters pass arrays whose selectivity differs by orders of
    magnitude between calls, and the generic plan that `auto` may switch to from the sixth execution on is
    estimated without seeing them. Planning costs well under a millisecond, a wrong plan tens of them.

    Raises:
        Unavailable: the server cannot be reached, refuses us, or lacks pgvector.
    """
    limits = limits or PoolLimits()
    try:
        return await asyncpg.create_pool(
            dsn,
            min_size=limits.min_size,
            max_size=limits.max_size,
            timeout=limits.connect_timeout_s,
            init=register_vector,
            server_settings=_session_settings(limits, application_name),
        )
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as err:
        raise Unavailable("postgres", f"cannot open a pool: {type(err).__name__}: {err}") from err


def _session_settings(limits: PoolLimits, application_name: str) -> dict[str, str]:
    return {
        "application_name": application_name,
        "statement_timeout": _milliseconds(limits.statement_timeout_s),
        "idle_in_transaction_session_timeout": _milliseconds(limits.idle_transaction_timeout_s),
        "plan_cache_mode": "force_custom_plan",
        "jit": "off",
    }


def _milliseconds(seconds: float) -> str:
    return str(max(1, round(1000 * seconds)))
