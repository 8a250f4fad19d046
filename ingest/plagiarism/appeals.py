"""What people rule about a flagged snippet, and what follows from it. A ruling stands until there is another on the same two."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import asyncpg

from ingest.plagiarism.detection import Repeat
from ingest.plagiarism.statements import statements
from ingest.plagiarism.storing import texts_of
from ingest.plagiarism.watching import Watch
from ranking.errors import RequestError

Ruling = Literal["apart", "first"]
"""`apart`: neither repeats the other. `first`: the flagged one was first, and what it was said to repeat is the copy."""
_JUST_BEFORE = timedelta(microseconds=1)


class NotFlagged(RequestError):
    """The snippet is not known to repeat another."""

    def __init__(self, miner_id: str, snippet_id: str) -> None:
        super().__init__(f"snippet {snippet_id!r} of {miner_id!r} is not flagged as a repeat")


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a ruling changed: the snippets it was about, and what repeats what now, of those judged again."""

    original_miner_id: str
    original_snippet_id: str
    repeats: Sequence[Repeat]


async def rule(
    pool: asyncpg.Pool, watch: Watch, identity: tuple[str, str], ruling: Ruling, reason: str, now: datetime
) -> Ruled:
    """Rule on a flagged snippet (miner, snippet): it counts again, and all that hangs on it is judged again.

    Raises:
        NotFlagged: nothing is on record against it.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(statements()["hold_judging"])
        found = await connection.fetchrow(statements()["find_repeat"], *identity)
        if found is None:
            raise NotFlagged(*identity)
        original = found["original_miner_id"], found["original_snippet_id"]
        await connection.execute(statements()["drop_rulings"], *identity, *original)
        both = (*identity, found["ref"], *original, found["original_ref"])
        await connection.execute(statements()["keep_ruling"], *both, ruling, reason, now)
        text = (await texts_of(connection, [found["ref"]]))[found["ref"]]
        if ruling == "first":
            text = text.seen_since(found["original_credited_at"] - _JUST_BEFORE)
        repeats = await watch.judge_texts(connection, [text], now, again=[text])
    return Ruled(*original, repeats)
