"""What a time makes of a snapshot's snippets: which are known and count, the newest events, what suppliers are worth.

All of it depends on as_of only through what lies more than 24 h ahead of it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ranking.boosts import EventLists
from ranking.decay import FUTURE_TOLERANCE_S, effective_before, oldest_dates, too_far_ahead
from ranking.evidence_columns import Lists, OffsetArray, Snippets
from ranking.kernels import hits as bits
from ranking.repeats import superseded
from ranking.settlement import concept_events, standing
from ranking.suppliers import doubtful
from ranking.types import SNIPPET_KINDS, BoolArray, FloatArray, IntArray

FlagArray = NDArray[np.uint16]
JOB_POSTING: Final = SNIPPET_KINDS.index("job_posting")
SHARED: Final = 0
_NO_ROWS: Final[IntArray] = np.zeros(0, dtype=np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """How many concepts, roles and technologies there are, and which concepts each technology is a tool of."""

    concepts: int
    roles: int
    technologies: int
    tools: Mapping[int, Sequence[int]]


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
class Measures:
    """What all snippets together say about each: statistics that later snippets are judged by unchanged.

    Attributes:
        oldest_s: float64[kinds]; see `ranking.decay.oldest_dates`.
        doubtful: bool[suppliers]; suppliers in doubt, empty when there are none.
    """

    oldest_s: FloatArray
    doubtful: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class DatedTables:
    """The tables as of any time in [valid_from_s, valid_until_s).

    Attributes:
        effective_s: float64[s]; see `ranking.decay.effective_times`.
        flags: uint16[s] of the bits in `ranking.kernels.hits`. KNOWN: dated at most 24 h ahead, or undated.
            USABLE: need may be above 0, so no vendor talk, mere mention, repeat, flagged snippet or empty job page,
            and known. REPEAT: another text counts in its place. REMOVES: usable and names a removed technology.
            POST: usable and a real job posting. FLAGGED, STUFFED, NO_NEED, VENDOR_TALK: as in the columns.
        measures: the statistics they were made with.
        newest_s: float64[companies]; date of the newest dated shared snippet, NaN without.
        newest_posting_s: likewise of usable job postings, by effective time.
        snippets: int32[companies]; shared ones that are known. `postings`: shared, usable, real job postings.
        events: tenant -> events, in parts of which no company is in two; SHARED is always there.
    """

    as_of_s: float
    valid_from_s: float
    valid_until_s: float
    effective_s: FloatArray
    flags: FlagArray
    measures: Measures
    newest_s: FloatArray
    newest_posting_s: FloatArray
    snippets: IntArray
    postings: IntArray
    events: Mapping[int, tuple[Events, ...]]

    @property
    def doubtful(self) -> BoolArray:
        """bool[suppliers]; suppliers in doubt, empty when there are none."""
        return self.measures.doubtful


def pairs(lists: Lists) -> tuple[NDArray[Any], IntArray]:
    """Every (value, row) of the lists, by row."""
    counts = np.diff(lists.offsets)
    return lists.values, np.repeat(np.arange(len(counts), dtype=np.int32), counts)


def dated(
    snippets: Snippets, vocabulary: Vocabulary, as_of_s: float, measures: Measures | None = None
) -> DatedTables:
    """The tables for one as_of (0.1-1 s per 500,000 snippets), under the given measures or the snippets' own."""
    kind, observed = np.asarray(snippets.kind), np.asarray(snippets.observed)
    ahead = too_far_ahead(observed, as_of_s)
    repeats = _repeats(snippets, ~ahead & ~snippets.flagged)
    barred = ahead | repeats | snippets.flagged | snippets.vendor_talk
    usable = ~(barred | snippets.not_a_posting | snippets.no_need)
    shared = snippets.tenant == SHARED
    if measures is None:
        measures = Measures(oldest_dates(observed, kind, usable & shared), _doubtful(snippets, ~ahead))
    effective = effective_before(observed, np.asarray(snippets.first_seen), kind, measures.oldest_s)
    posts = usable & (kind == JOB_POSTING)
    removes = usable & (np.diff(snippets.tech_removed.offsets) > 0)
    with_date = shared & ~ahead & ~np.isnan(observed)
    offsets = snippets.company_offsets
    events = _events_by_owner(snippets, vocabulary, effective, posts, removes, told=~barred)
    return DatedTables(
        as_of_s=as_of_s,
        valid_from_s=float(np.max(observed[~ahead & ~np.isnan(observed)], initial=-math.inf))
        - FUTURE_TOLERANCE_S,
        valid_until_s=float(np.min(observed[ahead], initial=math.inf)) - FUTURE_TOLERANCE_S,
        effective_s=effective,
        flags=_flags(snippets, known=~ahead, usable=usable, repeats=repeats, posts=posts, removes=removes),
        measures=measures,
        newest_s=_newest(np.where(with_date, observed, -np.inf), offsets),
        newest_posting_s=_newest(np.where(posts & shared, effective, -np.inf), offsets),
        snippets=_counts(shared & ~ahead, offsets),
        postings=_counts(shared & posts, offsets),
        events={owner: (found,) for owner, found in events},
    )


def _flags(
    snippets: Snippets,
    *,
    known: BoolArray,
    usable: BoolArray,
    repeats: BoolArray,
    posts: BoolArray,
    removes: BoolArray,
) -> FlagArray:
    flags = np.zeros(len(known), dtype=np.uint16)
    for bit, column in (
        (bits.KNOWN, known), (bits.USABLE, usable), (bits.REPEAT, repeats), (bits.POST, posts),
        (bits.REMOVES, removes), (bits.FLAGGED, snippets.flagged), (bits.STUFFED, snippets.stuffed),
        (bits.NO_NEED, snippets.no_need), (bits.VENDOR_TALK, snippets.vendor_talk),
    ):  # fmt: skip
        flags |= np.multiply(column, bit, dtype=np.uint16)
    return flags


def _doubtful(snippets: Snippets, known: BoolArray) -> BoolArray:
    found = doubtful(np.asarray(snippets.miner), np.asarray(snippets.stuffed), known & ~snippets.duplicate)
    return found if found.any() else found[:0]


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
    snippets: Snippets,
    vocabulary: Vocabulary,
    effective: FloatArray,
    posts: BoolArray,
    removes: BoolArray,
    *,
    told: BoolArray,
) -> Iterator[tuple[int, Events]]:
    company = np.asarray(snippets.company)
    roles, technologies = vocabulary.roles, vocabulary.technologies
    owners = {SHARED, *np.unique(snippets.tenant).tolist()}
    for owner in sorted(owners):
        own = snippets.tenant == owner
        own_posts = own & posts
        removals = _listed_pairs(snippets.tech_removed, own & removes)
        job_technologies = _listed_pairs(snippets.tech_added, own_posts)
        yield (
            owner,
            Events(
                job_roles=EventLists.newest(
                    *_role_pairs(snippets.roles, own_posts), company, effective, roles
                ),
                job_technologies=EventLists.newest(*job_technologies, company, effective, technologies),
                removals=EventLists.newest(*removals, company, effective, technologies),
                choices=_choices(snippets, vocabulary, effective, own & told, removals),
            ),
        )


def _choices(
    snippets: Snippets,
    vocabulary: Vocabulary,
    effective: FloatArray,
    told: BoolArray,
    removals: tuple[IntArray, IntArray],
) -> EventLists:
    company, count = np.asarray(snippets.company), vocabulary.concepts
    chosen = EventLists.newest(*_listed_pairs(snippets.settles, told), company, effective, count)
    removed = EventLists.newest(*concept_events(*removals, vocabulary.tools), company, effective, count)
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
    keys, rows = pairs(lists)
    kept = wanted[rows]
    return keys[kept].astype(np.int32), rows[kept]
