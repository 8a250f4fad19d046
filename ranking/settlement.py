"""Needs that a choice has met: evidence older than it counts no more (F-5).

A company that has chosen or put to work a product of a concept no longer needs what it needed before. When it drops a
tool of that concept afterwards, the choice is undone and everything counts again by its age.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ranking.boosts import EventLists
from ranking.types import IntArray

OWN_TOOL: Final = 1.0


def concept_events(
    technologies: NDArray[Any], rows: IntArray, tools: Mapping[int, Sequence[int]]
) -> tuple[IntArray, IntArray]:
    """Pairs (concept, row) of pairs (technology, row): each technology stands for the concepts it is a tool of."""
    concepts = [concept for technology in technologies.tolist() for concept in tools.get(technology, ())]
    counts = [len(tools.get(technology, ())) for technology in technologies.tolist()]
    return np.array(concepts, dtype=np.int32), np.repeat(rows, counts).astype(np.int32)


def standing(choices: EventLists, removals: EventLists) -> EventLists:
    """The choices after which no removal came, both by concept."""
    width = int(max(choices.companies.max(initial=-1), removals.companies.max(initial=-1))) + 1
    chosen, removed = _pair_codes(choices, width), _pair_codes(removals, width)
    kept = np.ones(len(chosen), dtype=np.bool_)
    if len(removed):
        place = np.minimum(np.searchsorted(removed, chosen), len(removed) - 1)
        undone = (removed[place] == chosen) & (removals.effective_s[place] > choices.effective_s)
        kept = ~undone
    offsets = np.concatenate(([0], np.cumsum(kept)))[choices.offsets].astype(np.int64)
    return EventLists(offsets, choices.companies[kept], choices.effective_s[kept], choices.rows[kept])


def _pair_codes(lists: EventLists, width: int) -> NDArray[np.int64]:
    keys = np.repeat(np.arange(len(lists.offsets) - 1), np.diff(lists.offsets))
    return keys.astype(np.int64) * width + lists.companies
