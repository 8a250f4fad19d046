"""From what lists showed to what suppliers earned: points of each snippet, and which snippets tell of one event (F-8)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ranking.simhash import distance
from ranking.types import BoolArray, IntArray

_DAY_S: Final = 86_400.0
# Of reposts within one company 10 bits find 84 % (F-9); what is that near says nothing of its own.
_SAME_WORDS_BITS: Final = 10
# Unrelated texts come this near once in ten thousand pairs; an edited revision of one's own text does.
_SAME_TEXT_BITS: Final = 16


@dataclass(frozen=True, slots=True)
class Revision:
    """A snippet's wording from some time on; `subject` is what it tells about, beside its company."""

    miner: int
    snippet_id: str
    cluster: str
    subject: tuple[str, ...]
    simhash: int
    seen_s: float


def subject_of(
    kind: str, added: Sequence[str], removed: Sequence[str], roles: Sequence[str]
) -> tuple[str, ...]:
    """What an event is recognised by: the technologies or the roles, else the kind alone."""
    names = [*(f"+{each}" for each in added), *(f"-{each}" for each in removed)]
    if kind == "job_posting":
        names = [*names, *(f"role {each}" for each in roles)]
    return (kind, *sorted(names))


def current(revisions: Sequence[Revision]) -> Revision:
    """A snippet as its newest revision, seen when its words first came.

    Words count from the earliest revision that said nearly the same: whoever fills an old id with new words is not first
    with them.

    Args:
        revisions: of one snippet, oldest first, at least one.
    """
    newest = revisions[-1]
    for each in revisions:
        if distance(each.simhash, newest.simhash) <= _SAME_TEXT_BITS:
            return Revision(
                newest.miner, newest.snippet_id, newest.cluster, newest.subject, newest.simhash, each.seen_s
            )
    return newest


def events_of(snippets: Sequence[Revision], gap_days: float) -> IntArray:
    """int32[s] which event each tells of: one company, one subject, and never `gap_days` without news of it.

    Times are ours, when texts came: a date that the supplier may choose parts nothing.
    """
    matters: defaultdict[tuple[str, tuple[str, ...]], list[int]] = defaultdict(list)
    for place, each in enumerate(snippets):
        matters[each.cluster, each.subject].append(place)
    event = np.zeros(len(snippets), dtype=np.int32)
    number = -1
    for key in sorted(matters):
        before = -np.inf
        for place in sorted(matters[key], key=lambda at: (snippets[at].seen_s, at)):
            seen_s = snippets[place].seen_s
            number += seen_s - before > gap_days * _DAY_S
            before = seen_s
            event[place] = number
    return event


def original_words(snippets: Sequence[Revision], event: IntArray, counted: BoolArray) -> BoolArray:
    """bool[s], false for those that say within one event what an earlier one that counts said, nearly word by word."""
    kept = counted.copy()
    by_event: defaultdict[int, list[int]] = defaultdict(list)
    order = sorted(np.flatnonzero(counted).tolist(), key=lambda at: (snippets[at].seen_s, at))
    for place in order:
        earlier = by_event[int(event[place])]
        here = snippets[place].simhash
        if any(distance(here, snippets[at].simhash) <= _SAME_WORDS_BITS for at in earlier):
            kept[place] = False
        else:
            earlier.append(place)
    return kept


def shared_points(points: Sequence[float | None], total: float) -> list[float]:
    """How a lead's intent points go to its signals: each its own, the rest evenly to those that have none, else in proportion.

    Args:
        points: of each signal, None where the booster or a language model decided, or where an event only boosts.
        total: the lead's points for intent.
    """
    known = sum(each for each in points if each is not None)
    without = sum(each is None for each in points)
    if without:
        rest = max(0.0, total - known) / without
        return [rest if each is None else each for each in points]
    if known <= 0.0:
        return [0.0] * len(points)
    return [(each or 0.0) / known * total for each in points]  # no share above 1, however small all are
