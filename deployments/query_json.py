"""What the row of the log and the bytes of an answer both say of the request, made once."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

import orjson

from ranking.answer import RankedList
from ranking.types import Query


class QueryJson:
    """Remembers the last query that it was asked about: log and answer ask in turn, before another query comes."""

    def __init__(self) -> None:
        self._last: tuple[Query | None, bytes] = None, b""

    def of(self, query: Query) -> bytes:
        """UTF-8 on one line."""
        held, content = self._last
        if held is not query:
            content = orjson.dumps(query)
            self._last = query, content
        return content


query_json = QueryJson().of


def versions_of(ranked: RankedList, loaded: Mapping[str, str]) -> dict[str, str]:
    """What an answer was made with: what is loaded, and the booster that has scored it."""
    return {**loaded, "booster": ranked.booster} if ranked.booster else dict(loaded)


@lru_cache(maxsize=256)
def moment(at_s: float) -> str:
    """Seconds since the epoch in ISO 8601, UTC; requests nearly always name this hour."""
    return datetime.fromtimestamp(at_s, UTC).isoformat()
