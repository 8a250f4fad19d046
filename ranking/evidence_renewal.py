"""Evidence tables brought up to date for the companies whose snippets have changed, without a look at all the others.

The tables of a company depend on its own snippets and on `Measures` alone, so those of a few companies are made as
for a whole snapshot of theirs and put in place of the old ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ranking.boosts import EventLists
from ranking.evidence_columns import CodeArray, ListArrays, Lists, OffsetArray, Snippets, Strings
from ranking.evidence_views import DatedTables, Events, Measures, Vocabulary, dated
from ranking.ragged import offsets_of, places_of
from ranking.types import BoolArray, ByteArray, FloatArray, IntArray

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class Renewal:
    """What has changed since the tables were made.

    Attributes:
        snippets: all s snippets, the old ones at the rows they had; `company_offsets` is not read.
        touched: int32[t] companies whose snippets have changed, ascending and distinct.
        rows: int32[r] the snippets that these have now, ascending by company, then row.
        gone: int32 snippets that are no more.
        companies: number of company rows now.
    """

    snippets: Snippets
    touched: IntArray
    rows: IntArray
    gone: IntArray
    companies: int


def renewed(before: DatedTables, renewal: Renewal, vocabulary: Vocabulary) -> DatedTables:
    """The tables of the same as_of after a change."""
    own = some_snippets(renewal.snippets, renewal.rows, renewal.touched)
    fresh = dated(own, vocabulary, before.as_of_s, before.measures)
    touched, rows, width = renewal.touched, renewal.rows, renewal.companies
    flags = _placed(before.flags, len(renewal.snippets.kind), 0, rows, fresh.flags)
    flags[renewal.gone] = 0
    marked = np.zeros(width, dtype=np.bool_)
    marked[touched] = True
    return DatedTables(
        as_of_s=before.as_of_s,
        valid_from_s=max(before.valid_from_s, fresh.valid_from_s),
        valid_until_s=min(before.valid_until_s, fresh.valid_until_s),
        effective_s=_placed(before.effective_s, len(flags), 0.0, rows, fresh.effective_s),
        flags=flags,
        measures=_for_suppliers(before.measures, _suppliers(renewal.snippets)),
        newest_s=_placed(before.newest_s, width, np.nan, touched, fresh.newest_s),
        newest_posting_s=_placed(before.newest_posting_s, width, np.nan, touched, fresh.newest_posting_s),
        snippets=_placed(before.snippets, width, 0, touched, fresh.snippets),
        postings=_placed(before.postings, width, 0, touched, fresh.postings),
        events=_renewed_events(before.events, fresh.events, marked, rows, touched),
    )


def _placed(
    before: NDArray[Number], size: int, otherwise: float, rows: IntArray, fresh: NDArray[Number]
) -> NDArray[Number]:
    """The old values, made longer where there is more, with the fresh ones at their rows."""
    placed = np.full(size, otherwise, dtype=before.dtype)
    placed[: len(before)] = before
    placed[rows] = fresh
    return placed


def _suppliers(snippets: Snippets) -> int:
    return int(snippets.miner.max(initial=-1)) + 1


def _for_suppliers(measures: Measures, suppliers: int) -> Measures:
    """The same with nobody in doubt of whom the measures do not know."""
    known = len(measures.doubtful)
    if known in (0, suppliers):
        return measures
    doubtful = np.zeros(suppliers, dtype=np.bool_)
    doubtful[:known] = measures.doubtful
    return Measures(measures.oldest_s, doubtful)


def _renewed_events(
    before: Mapping[int, tuple[Events, ...]],
    fresh: Mapping[int, tuple[Events, ...]],
    marked: BoolArray,
    rows: IntArray,
    touched: IntArray,
) -> dict[int, tuple[Events, ...]]:
    """Of each owner two parts: as the tables began, and of all companies that have changed since."""
    renewed_events: dict[int, tuple[Events, ...]] = {}
    for owner in sorted({*before, *fresh}):
        parts = before.get(owner, ())
        placed = {
            name: _numbered(getattr(part, name), rows, touched)
            for part in fresh.get(owner, ())
            for name in _LISTS
        }
        if not parts:
            renewed_events[owner] = (Events(**placed),)
            continue
        first = Events(**{name: getattr(parts[0], name).without(marked) for name in _LISTS})
        later = {}
        for name in _LISTS:
            old = getattr(parts[-1], name)
            nothing = _nothing(len(old.offsets) - 1)
            held = old if len(parts) > 1 else nothing
            later[name] = held.and_of(marked, placed.get(name, nothing))
        renewed_events[owner] = (first, Events(**later))
    return renewed_events


_LISTS = tuple(field.name for field in fields(Events))


def _numbered(lists: EventLists, rows: IntArray, companies: IntArray) -> EventLists:
    """Lists over some snippets and companies, as lists over all."""
    return EventLists(lists.offsets, companies[lists.companies], lists.effective_s, rows[lists.rows])


def _nothing(keys: int) -> EventLists:
    nobody = np.zeros(0, dtype=np.int32)
    return EventLists(np.zeros(keys + 1, dtype=np.int64), nobody, np.zeros(0), nobody)


@dataclass(frozen=True, slots=True, eq=False)
class SnippetTable:
    """`Snippets` as plain arrays."""

    company: IntArray
    company_offsets: OffsetArray
    tenant: CodeArray
    kind: ByteArray
    observed: FloatArray
    first_seen: FloatArray
    source_type: CodeArray
    source_types: Strings
    miner: IntArray
    roles: NDArray[np.uint64]
    tech_added: Lists
    tech_removed: Lists
    original: IntArray
    duplicate: BoolArray
    stuffed: BoolArray
    no_need: BoolArray
    settles: Lists
    flagged: BoolArray
    vendor_talk: BoolArray
    not_a_posting: BoolArray


def some_snippets(snippets: Snippets, rows: IntArray, companies: IntArray) -> SnippetTable:
    """The snippets at `rows`, as those of the `companies` alone: both are numbered from 0 in the order given.

    Args:
        rows: int32[r], ascending by company. A snippet that repeats one which is not among them counts as its own.
        companies: int32[t], ascending; those of the rows are among them.
    """
    own = np.searchsorted(companies, snippets.company[rows]).astype(np.int32)
    columns: dict[str, Any] = {
        "company": own,
        "company_offsets": np.searchsorted(own, np.arange(len(companies) + 1)).astype(np.int64),
        "source_types": snippets.source_types,
        "original": _local(snippets.original[rows], rows),
    }
    for name in ("tech_added", "tech_removed", "settles"):
        columns[name] = taken(getattr(snippets, name), rows)
    for field in fields(SnippetTable):
        if field.name not in columns:
            columns[field.name] = getattr(snippets, field.name)[rows]
    return SnippetTable(**columns)


def taken(lists: Lists, rows: IntArray) -> ListArrays:
    """The lists at `rows`."""
    offsets = np.asarray(lists.offsets)
    own = offsets_of(offsets[rows + 1] - offsets[rows])
    return ListArrays(own, np.asarray(lists.values)[places_of(offsets, rows)].astype(np.int32))


def _local(originals: IntArray, rows: IntArray) -> IntArray:
    order = np.argsort(rows, kind="stable")
    place = np.searchsorted(rows[order], originals)
    found = order[np.minimum(place, max(len(rows) - 1, 0))] if len(rows) else place
    own = np.arange(len(rows))
    is_there = rows[found] == originals if len(rows) else np.zeros(0, dtype=np.bool_)
    return np.where(is_there, found, own).astype(np.int32)
