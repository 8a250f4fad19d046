"""Who wins where two rankings share lists: credit by what came of each side's picks (team-draft interleaving).

Source: Radlinski, Kurup and Joachims, CIKM 2008.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ranking.counterfactual import Interval
from ranking.interleaving import Team

FEWEST_DECIDED: Final = 30
_Z: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Duel:
    """One shared list: who picked each lead that was rewarded."""

    rewarded: tuple[Team, ...]

    def lead(self) -> int:
        """By how many rewards the challenger is ahead, negative behind."""
        theirs = sum(side == "challenger" for side in self.rewarded)
        return 2 * theirs - len(self.rewarded)


@dataclass(frozen=True, slots=True)
class Score:
    """What many duels come to.

    Attributes:
        lists: shared lists; `standing`, `challenger` those that each side has won; the others are ties, without any reward too.
        rewards: of the standing ranking's and of the challenger's picks.
    """

    lists: int
    standing: int
    challenger: int
    rewards: tuple[int, int]

    @property
    def decided(self) -> int:
        """Lists that one side has won."""
        return self.standing + self.challenger


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of decided lists: the challenger's share with Wilson's 95 % interval, and the two-sided sign test's p."""

    score: Score
    share: Interval
    p: float


@dataclass(frozen=True, slots=True)
class Undecided:
    """Too little to say who is better, and why."""

    score: Score
    reason: str


def judge(duels: Iterable[Duel], fewest: int = FEWEST_DECIDED) -> Verdict | Undecided:
    """Who wins, where at least `fewest` lists are decided."""
    leads: list[int] = []
    rewards = [0, 0]
    for duel in duels:
        leads.append(duel.lead())
        theirs = sum(side == "challenger" for side in duel.rewarded)
        rewards[0] += len(duel.rewarded) - theirs
        rewards[1] += theirs
    score = Score(
        len(leads), sum(each < 0 for each in leads), sum(each > 0 for each in leads), (rewards[0], rewards[1])
    )
    if score.decided < fewest:
        return Undecided(
            score, f"{score.decided} of {score.lists} shared lists are decided; {fewest} are needed"
        )
    return Verdict(
        score, _wilson(score.challenger, score.decided), _sign_test(score.challenger, score.decided)
    )


def _sign_test(wins: int, decided: int) -> float:
    """Two-sided p of so uneven a split when either side wins each list with chance one half."""
    fewer = min(wins, decided - wins)
    whole = decided * math.log(2.0)
    tail = math.fsum(
        math.exp(math.lgamma(decided + 1) - math.lgamma(each + 1) - math.lgamma(decided - each + 1) - whole)
        for each in range(fewer + 1)
    )
    return min(1.0, 2.0 * tail)


def _wilson(wins: int, decided: int) -> Interval:
    share, square = wins / decided, _Z**2 / decided
    middle = (share + square / 2.0) / (1.0 + square)
    half = _Z * math.sqrt(share * (1.0 - share) / decided + square / (4.0 * decided)) / (1.0 + square)
    return Interval(share, middle - half, middle + half)
