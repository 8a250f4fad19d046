"""What evidence scoring needs of a snapshot generation beyond its columns: made once at load, then only read.

Effective times, which snippets count, the newest event per company and role or technology, who sells what.
All of it depends on as_of only through what lies more than 24 h ahead of it, so one set of tables serves
every as_of of a running system; older dates (recorded worlds) get their own set, and a few are kept.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ranking.boosts import EventLists
from ranking.decay import FUTURE_TOLERANCE_S, effective_times, too_far_ahead
from ranking.evidence_columns import Lists, OffsetArray, Relations, Snippets
from ranking.repeats import superseded
from ranking.settlement import OWN_TOOL, concept_events, standing
from ranking.suppliers import doubtful
from ranking.types import SNIPPET_KINDS, BoolArray, FloatArray, IntArray

JOB_POSTING: Final = SNIPPET_KINDS.index("job_posting")
SHARED: Final = 0
_KEPT_VIEWS: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Newest events of one owner's snippets.

    Attributes:
        job_roles: real job postings by role; `job_technologies` by technology named.
        removals: removed or replaced technologies by technology.
        choices: products chosen or put to work by concept, those undone by a later removal left out.
    """

    job_roles: EventLists
    job_technologies: EventLists
    removals: EventLists
    choices: EventLists


@dataclass(frozen=True, slots=True, eq=False)
class DatedTables:
    """The tables as of any time in [valid_from_s, valid_until_s).

    Attributes:
        effective_s: float64[s]; see `ranking.decay.effective_times`.
        usable: bool[s]; need may be above 0: no vendor talk, mere mention, repeat, flagged snippet or empty
            job page, and not dated more than 24 h ahead.
        repeats: bool[s]; another text counts in its place.
        removes: bool[s]; usable and names a removed technology. `posts`: bool[s]; usable and a real job
            posting.
        doubtful: bool[suppliers]; suppliers in doubt, None when there are none.
        known: bool[s]; dated at most 24 h ahead, or undated.
        newest_s: float64[companies]; date of the newest dated shared snippet, NaN without.
        newest_posting_s: likewise of usable job postings, by effective time.
        snippets: int32[companies]; shared ones that are known. `postings`: shared, usable, real job postings.
        events: tenant -> events; SHARED is always there.
    """

    valid_from_s: float
    valid_until_s: float
    effective_s: FloatArray
    usable: BoolArray
    repeats: BoolArray
    doubtful: BoolArray | None
    known: BoolArray
    posts: BoolArray
    removes: BoolArray
    newest_s: FloatArray
    newest_posting_s: FloatArray
    snippets: IntArray
    postings: IntArray
    events: Mapping[int, Events]


class EvidenceTables:
    """Everything derived from one generation's snippets, sellers and F-6's relations of the taxonomy.

    Args:
        snippets: columns of the generation.
        sells: per company row the positions in CONCEPTS of what the company sells.
        relations: the taxonomy the generation was built with.
    """

    def __init__(self, snippets: Snippets, sells: Lists, relations: Relations) -> None:
        self.snippets = snippets
        self.company_count = len(snippets.company_offsets) - 1
        self._source_index = {snippets.source_types[i]: i for i in range(len(snippets.source_types))}
        self.technology_count = _technology_count(snippets, len(relations.TECHNOLOGIES))
        self.role_count = len(relations.ROLES)
        self.has_private = bool(np.any(snippets.tenant != SHARED))
        self.concept_count = len(relations.CONCEPTS)
        self._concept_index = {code: number for number, code in enumerate(relations.CONCEPTS)}
        self._sellers = _transposed(sells, len(relations.CONCEPTS))
        self._roles = _relations(relations, "roles", relations.ROLES)
        self._technologies = _relations(relations, "technologies", relations.TECHNOLOGIES)
        self.tools = self._own_tools()
        self._views: dict[float, DatedTables] = {}
        self.at(math.inf)  # so that the first query finds what every as_of since the newest date needs

    def source_weights(self, weights: Mapping[str, float]) -> FloatArray:
        """float64[source types] the given weight of each source type, 1 where none is given (F-5)."""
        listed = np.ones(len(self._source_index))
        for name, weight in weights.items():
            if name in self._source_index:
                listed[self._source_index[name]] = weight
        return listed

    def sellers(self, concept: str) -> IntArray:
        """int32 rows of the companies whose own description sells `concept`, ascending."""
        number = self._concept_index.get(concept)
        return _NO_ROWS if number is None else self._sellers[number]

    def concept_numbers(self, concepts: Sequence[str]) -> list[int]:
        """Position in CONCEPTS of each code, -1 for an unknown one."""
        return [self._concept_index.get(code, -1) for code in concepts]

    def role_relevance(self, concepts: Sequence[str]) -> dict[int, float]:
        """Role number -> the highest rel > 0 among the concepts."""
        return _strongest(self._roles, concepts)

    def technology_relevance(self, concepts: Sequence[str]) -> dict[int, float]:
        """Technology code -> the highest rel > 0 among the concepts."""
        return _strongest(self._technologies, concepts)

    def _own_tools(self) -> dict[int, list[int]]:
        """Technology code -> positions in CONCEPTS of the concepts it is a tool of."""
        tools: defaultdict[int, list[int]] = defaultdict(list)
        for code, related in self._technologies.items():
            for technology, rel in related:
                if rel >= OWN_TOOL:
                    tools[technology].append(self._concept_index[code])
        return dict(tools)

    def at(self, as_of_s: float) -> DatedTables:
        """The tables for one as_of; made when no kept ones hold for it (0.1-1 s per 500,000 snippets)."""
        for view in self._views.values():
            if view.valid_from_s <= as_of_s < view.valid_until_s:
                return view
        view = _dated(self, as_of_s)
        while len(self._views) >= _KEPT_VIEWS:
            self._views.pop(next(iter(self._views)))
        self._views[view.valid_from_s] = view
        return view


_NO_ROWS: Final[IntArray] = np.zeros(0, dtype=np.int32)


def _relations(
    relations: Relations, table: str, codes: tuple[str, ...]
) -> dict[str, tuple[tuple[int, float], ...]]:
    number = {code: index for index, code in enumerate(codes)}
    return {
        code: tuple(
            (number[name], rel)
            for name, rel in getattr(relations.concept(code), table).items()
            if rel > 0 and name in number
        )
        for code in relations.CONCEPTS
    }


def _strongest(
    tables: Mapping[str, tuple[tuple[int, float], ...]], concepts: Sequence[str]
) -> dict[int, float]:
    found: dict[int, float] = {}
    for concept in concepts:
        for number, rel in tables.get(concept, ()):
            if rel > found.get(number, 0.0):
                found[number] = rel
    return found


def _technology_count(snippets: Snippets, mapped: int) -> int:
    added, removed = snippets.tech_added.values, snippets.tech_removed.values
    return int(max(mapped, added.max(initial=-1) + 1, removed.max(initial=-1) + 1))


def _pairs(lists: Lists) -> tuple[NDArray[Any], IntArray]:
    counts = np.diff(lists.offsets)
    return lists.values, np.repeat(np.arange(len(counts), dtype=np.int32), counts)


def _transposed(lists: Lists, key_count: int) -> tuple[IntArray, ...]:
    keys, rows = _pairs(lists)
    order = np.argsort(keys, kind="stable")
    bounds = np.searchsorted(keys[order], np.arange(key_count + 1))
    return tuple(rows[order[start:end]] for start, end in pairwise(bounds.tolist()))


def _dated(tables: EvidenceTables, as_of_s: float) -> DatedTables:
    snippets = tables.snippets
    kind = np.asarray(snippets.kind)
    observed = np.asarray(snippets.observed)
    ahead = too_far_ahead(observed, as_of_s)
    repeats = _repeats(snippets, ~ahead & ~snippets.flagged)
    barred = ahead | repeats | snippets.flagged | snippets.vendor_talk
    usable = ~(barred | snippets.not_a_posting | snippets.no_need)
    shared = snippets.tenant == SHARED
    effective = effective_times(observed, np.asarray(snippets.first_seen), kind, usable & shared)
    posts = usable & (kind == JOB_POSTING)
    removes = usable & (np.diff(snippets.tech_removed.offsets) > 0)
    dated = shared & ~ahead & ~np.isnan(observed)
    offsets = snippets.company_offsets
    return DatedTables(
        valid_from_s=float(np.max(observed[~ahead & ~np.isnan(observed)], initial=-math.inf))
        - FUTURE_TOLERANCE_S,
        valid_until_s=float(np.min(observed[ahead], initial=math.inf)) - FUTURE_TOLERANCE_S,
        effective_s=effective,
        usable=usable,
        repeats=repeats,
        doubtful=_doubtful(snippets, ~ahead),
        known=~ahead,
        posts=posts,
        removes=removes,
        newest_s=_newest(np.where(dated, observed, -np.inf), offsets),
        newest_posting_s=_newest(np.where(posts & shared, effective, -np.inf), offsets),
        snippets=_counts(shared & ~ahead, offsets),
        postings=_counts(shared & posts, offsets),
        events=dict(_events_by_owner(tables, effective, posts, removes, told=~barred)),
    )


def _doubtful(snippets: Snippets, known: BoolArray) -> BoolArray | None:
    found = doubtful(np.asarray(snippets.miner), np.asarray(snippets.stuffed), known & ~snippets.duplicate)
    return found if found.any() else None


def _repeats(snippets: Snippets, eligible: BoolArray) -> BoolArray:
    """bool[s] whose text another one stands for; those named duplicates from outside have no known original."""
    row = np.arange(len(snippets.original))
    named = snippets.duplicate & (snippets.original == row)
    posting = np.asarray(snippets.kind) == JOB_POSTING
    found = superseded(
        np.asarray(snippets.original),
        np.asarray(snippets.miner),
        np.asarray(snippets.observed),
        posting=posting,
        eligible=eligible & ~named,
    )
    either: BoolArray = found | named
    return either


def _counts(flags: BoolArray, offsets: OffsetArray) -> IntArray:
    """int32[companies] how many of each company's flags are set."""
    return np.diff(np.concatenate(([0], np.cumsum(flags)))[offsets]).astype(np.int32)


def _newest(seconds: FloatArray, offsets: OffsetArray) -> FloatArray:
    """float64[companies] the latest of each company's `seconds` (-inf counts as none), NaN without one."""
    latest = np.full(len(offsets) - 1, np.nan)
    filled = np.flatnonzero(np.diff(offsets) > 0)
    if len(filled):
        latest[filled] = np.maximum.reduceat(seconds, offsets[filled])
    latest[np.isinf(latest)] = np.nan
    return latest


def _events_by_owner(
    tables: EvidenceTables, effective: FloatArray, posts: BoolArray, removes: BoolArray, *, told: BoolArray
) -> Iterator[tuple[int, Events]]:
    snippets = tables.snippets
    owners = {SHARED, *np.unique(snippets.tenant).tolist()}
    for owner in sorted(owners):
        own = snippets.tenant == owner
        own_posts = own & posts
        removals = _listed_pairs(snippets.tech_removed, own & removes)
        yield (
            owner,
            Events(
                job_roles=_newest_events(
                    tables, *_role_pairs(snippets.roles, own_posts), effective, roles=True
                ),
                job_technologies=_newest_events(
                    tables, *_listed_pairs(snippets.tech_added, own_posts), effective
                ),
                removals=_newest_events(tables, *removals, effective),
                choices=_choices(tables, effective, own & told, removals),
            ),
        )


def _choices(
    tables: EvidenceTables, effective: FloatArray, told: BoolArray, removals: tuple[IntArray, IntArray]
) -> EventLists:
    snippets = tables.snippets
    company, count = np.asarray(snippets.company), tables.concept_count
    chosen = EventLists.newest(*_listed_pairs(snippets.settles, told), company, effective, count)
    removed = EventLists.newest(*concept_events(*removals, tables.tools), company, effective, count)
    return standing(chosen, removed)


def _role_pairs(roles: NDArray[np.uint64], wanted: BoolArray) -> tuple[IntArray, IntArray]:
    rows = np.flatnonzero(wanted)
    if not len(rows):
        return _NO_ROWS, _NO_ROWS
    bits = np.unpackbits(
        np.ascontiguousarray(roles[rows]).astype("<u8", copy=False).view(np.uint8), axis=1, bitorder="little"
    )
    found_rows, keys = np.nonzero(bits)
    return keys.astype(np.int32), rows[found_rows].astype(np.int32)


def _listed_pairs(lists: Lists, wanted: BoolArray) -> tuple[IntArray, IntArray]:
    keys, rows = _pairs(lists)
    kept = wanted[rows]
    return keys[kept].astype(np.int32), rows[kept]


def _newest_events(
    tables: EvidenceTables, keys: IntArray, rows: IntArray, effective: FloatArray, *, roles: bool = False
) -> EventLists:
    count = tables.role_count if roles else tables.technology_count
    return EventLists.newest(keys, rows, np.asarray(tables.snippets.company), effective, count)
