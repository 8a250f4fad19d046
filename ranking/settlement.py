"""Needs that a choice has met: evidence older than it counts no more (F-5).

A company that has chosen or put to work a product of a concept no longer needs what it needed before. When it drops a
tool of that concept afterwards, the choice is undone and everything counts again by its age.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ranking.admitted import Admitted
from ranking.boosts import EventLists
from ranking.hits import Hits
from ranking.types import BoolArray, FloatArray, IntArray

OWN_TOOL: Final = 1.0
NEVER: Final = -np.inf


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


def settled_until(
    lists: Sequence[EventLists], concepts: Sequence[int], admitted: Admitted
) -> dict[int, FloatArray]:
    """When each admitted company last settled each concept.

    Args:
        lists: choices by concept that this tenant may see.
        concepts: positions in CONCEPTS, in the query's order; -1 for one that nobody can settle.

    Returns:
        place of the concept in `concepts` -> float64[n] seconds since the epoch, NEVER without a choice; only
        concepts that some admitted company settled.
    """
    found: dict[int, FloatArray] = {}
    for place, concept in enumerate(concepts):
        for events in lists:
            begin, end = events.offsets[max(concept, 0)], events.offsets[max(concept, 0) + 1]
            kept, positions = admitted.select(events.companies[begin:end])
            if concept < 0 or not len(positions):
                continue
            until = found.setdefault(place, np.full(len(admitted), NEVER))
            np.maximum.at(until, positions, events.effective_s[begin:end][kept])
    return found


def settled_hits(
    hits: Hits, effective_s: FloatArray, until: Mapping[int, FloatArray], concepts: int, removes: BoolArray
) -> BoolArray:
    """bool[h], true where every concept that a hit matched has been settled since.

    A choice settles its own text too, unless that tells of a removal (F-6: replaced is gone).

    Args:
        effective_s: float64[h] effective times of the hits.
        until: of `settled_until`. `concepts`: the query's number of concepts, the lowest bits of `matched`.
        removes: bool[s] snippets that tell of a removal.
    """
    open_bits = hits.matched & np.uint32((1 << concepts) - 1)
    matched = open_bits != 0
    for place, seconds in until.items():
        last = seconds[hits.positions]
        dead = np.flatnonzero(effective_s <= last)
        dead = dead[(effective_s[dead] < last[dead]) | ~removes[hits.rows[dead]]]
        open_bits[dead] &= np.uint32(0xFFFF_FFFF ^ (1 << place))
    settled: BoolArray = matched & (open_bits == 0)
    return settled


def settled_throughout(until: Mapping[int, FloatArray], concepts: int) -> FloatArray | None:
    """float64[n] since when all of the query's concepts are settled, None when no company has settled all."""
    if not concepts or len(until) < concepts:
        return None
    throughout: FloatArray = np.minimum.reduce(list(until.values()))
    return throughout
