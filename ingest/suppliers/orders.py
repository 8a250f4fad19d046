"""Texts that give orders to a model, flagged in the transaction that stores them: the one rule on texts that must not wait (F-9).

The other rules are applied by the process that judges suppliers (`screening`), which also lifts this flag where a later revision is
innocent.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import orjson
from asyncpg.pool import PoolConnectionProxy

from ingest.suppliers.statements import statements
from models.llm.injection import order_in


class Signed(Protocol):
    """The columns of a snippet that are read."""

    @property
    def miner_id(self) -> str: ...  # noqa: D102
    @property
    def snippet_id(self) -> str: ...  # noqa: D102
    @property
    def text(self) -> str: ...  # noqa: D102


async def flag_orders(connection: PoolConnectionProxy, rows: Sequence[Signed], now: datetime) -> int:
    """Flag those of the rows, stored by the transaction of `connection`, that hold an order; how many they are.

    They stay stored and are shown among what does not count of their supplier (`snippet_flags`, reason "order").

    Raises:
        asyncpg.PostgresError: the transaction cannot go on.
    """
    found = [(row, sign) for row in rows if (sign := order_in(row.text))]
    if found:
        keys = [row.miner_id for row, _ in found], [row.snippet_id for row, _ in found]
        details = [orjson.dumps({"sign": sign}).decode() for _, sign in found]
        await connection.execute(statements()["store_flags"], *keys, ["order"] * len(found), details, now)
        await connection.execute(statements()["mark_flagged"], *keys)
    return len(found)
