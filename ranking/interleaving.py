"""Two rankings of one pool drafted into one list, so that what is clicked says which of them is better.

Source: team-draft interleaving, Radlinski, Kurup and Joachims, CIKM 2008.
"""

import hashlib
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from pydantic import Field

from ranking.fit import FitWeights
from ranking.fusion import FinalWeights
from ranking.strict import Strict
from ranking.types import BoolArray, ByteArray, FloatArray, IntArray

Team = Literal["standing", "challenger"]
TEAMS: Final[tuple[Team, Team]] = ("standing", "challenger")
_OF_SHARE: Final = 8
"""Bytes of a query's digest that say whether it is drafted; the coins come from those behind them."""


class Challenger(Strict):
    """The other ranking: what differs from the standing one; what is not given is the standing one's."""

    final: FinalWeights | None = Field(None, description="weights of the final score (F-7)")
    fit: FitWeights | None = Field(None, description="weights of the three dimensions (F-3)")
    bm25_threshold: float | None = Field(
        None,
        ge=0,
        le=1000,
        description="best raw score from which BM25 alone decides, in BM25 points; not above the standing one's (F-5)",
    )


class Interleaving(Strict):
    """Which queries get a list that two rankings have drafted."""

    share: float = Field(0.0, ge=0.0, le=1.0, description="share of queries, 0 is off")
    challenger: Challenger = Field(default_factory=Challenger, description="the other ranking")

    def drawn(self, query_id: str) -> "Challenge | None":
        """The challenge of a query that is drafted; the id decides, so that it can be computed again."""
        if not self.share or not query_id:
            return None
        lot = int.from_bytes(_digest(query_id, _OF_SHARE), "big") / 256.0**_OF_SHARE
        return Challenge(self.challenger, query_id) if lot < self.share else None


@dataclass(frozen=True, slots=True)
class Challenge:
    """One query's draft: against whom, and what its coins are made from."""

    challenger: Challenger
    seed: str


@dataclass(frozen=True, slots=True)
class Draft:
    """How a list was drafted.

    Attributes:
        teams: uint8[k]; position in TEAMS of who picked each lead of the list.
        scores, fit: float64[m] of the pool by the challenger, scores -inf where nobody may be returned.
    """

    teams: ByteArray
    scores: FloatArray
    fit: FloatArray


class Drafted(NamedTuple):
    """A drafted order, and who picked: int32[k] and uint8[k]."""

    order: IntArray
    teams: ByteArray


def team_draft(standing: IntArray, challenger: IntArray, limit: int, coins: BoolArray) -> Drafted:
    """The first `limit` of two orders, picked in turns; who goes first in a round is a coin's word.

    In each round both sides pick the best of their order that nobody has picked. When one side has nobody left, the other goes on.

    Args:
        standing, challenger: int32[*] positions, best first, none twice.
        coins: bool[>= limit]; one for each round, true lets the standing ranking pick first.
    """
    orders = (iter(standing.tolist()), iter(challenger.tolist()))
    taken: dict[int, int] = {}
    rounds = iter(coins.tolist())
    limit = min(limit, len(np.union1d(standing, challenger)))
    while len(taken) < limit:
        first = 0 if next(rounds) else 1
        for side in (first, 1 - first):
            pick = next((each for each in orders[side] if each not in taken), None)
            if pick is not None and len(taken) < limit:
                taken[pick] = side
    return Drafted(np.array(list(taken), dtype=np.int32), np.array(list(taken.values()), dtype=np.uint8))


def coins(seed: str, limit: int) -> BoolArray:
    """bool[>= limit]; enough for every draft of `limit`, the same for the same seed everywhere."""
    content = _digest(seed, _OF_SHARE + limit // 8 + 1)[_OF_SHARE:]
    return np.unpackbits(np.frombuffer(content, dtype=np.uint8)).astype(np.bool_)


def _digest(seed: str, size_bytes: int) -> bytes:
    return hashlib.shake_256(seed.encode()).digest(size_bytes)
