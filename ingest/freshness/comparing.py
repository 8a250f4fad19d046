"""Which snippets of companies are new against what is held of them (F-8)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from db.snapshot.catalogue import Catalogue
from db.snapshot.columns import SnippetColumns
from db.snapshot.growth import SnippetGrowth
from ranking.evidence_renewal import taken
from ranking.types import BoolArray, IntArray

_COLUMNS = (
    "tenant", "kind", "first_seen", "source_type", "miner", "roles", "duplicate", "flagged", "stuffed", "no_need",
    "vendor_talk", "not_a_posting",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """How the snippets that companies have now differ from those held.

    Attributes:
        added: int32 which of the present ones become new rows, ascending.
        rows: int32[present] the row of each, an old one or one after all that are held.
        gone: int32 held rows that are no more, ascending.
        touched: int32 company rows with a difference, ascending.
    """

    added: IntArray
    rows: IntArray
    gone: IntArray
    touched: IntArray


def differences(
    growth: SnippetGrowth,
    held: Catalogue,
    present: SnippetColumns,
    shown: Catalogue,
    companies: IntArray,
    grown: IntArray,
) -> Difference:
    """Compare all snippets of `companies`, int32 ascending, with those held.

    Where a company has what is held of it and more behind, only that is new. Else all its snippets get new rows, so that
    a company's rows always stand in the order of a build.

    Args:
        present: as `SnippetColumns`, ascending by company; `original` and rows are its own, `company` a row of all.
        shown: cards of the present ones; `held` of the others.
        grown: int32 those of the companies of which only what is new is present.
    """
    old = growth.rows_of(np.setdiff1d(companies, grown))
    starts = np.searchsorted(growth.columns.company[old], companies)
    counts = np.diff(np.append(starts, len(old)))
    new_starts = np.searchsorted(present.company, companies)
    new_counts = np.diff(np.append(new_starts, len(present.company)))
    place = np.repeat(np.arange(len(companies)), new_counts)
    position = np.arange(len(present.company)) - new_starts[place]
    is_held = position < counts[place]
    rows = np.flatnonzero(is_held)
    opposite = old[(starts[place] + position)[rows]]
    differs = np.zeros(len(companies), dtype=np.bool_)
    differs[place[rows[~_alike(growth.columns, held, opposite, present, shown, rows)]]] = True
    # an original is told by its position within the company
    own = (present.original - new_starts[place])[rows]
    theirs = np.full(len(growth), -1, dtype=np.int64)
    theirs[old] = np.arange(len(old)) - np.repeat(starts, counts)
    differs[place[rows[own != theirs[growth.columns.original[opposite]]]]] = True
    differs |= new_counts < counts
    added = np.flatnonzero(differs[place] | ~is_held).astype(np.int32)
    numbered = np.empty(len(place), dtype=np.int32)
    numbered[rows] = opposite
    numbered[added] = len(growth) + np.arange(len(added))
    touched = companies[differs | (new_counts > counts)]
    return Difference(added, numbered, old[np.repeat(differs, counts)], touched)


def _alike(
    columns: SnippetColumns,
    held: Catalogue,
    old: IntArray,
    present: SnippetColumns,
    shown: Catalogue,
    rows: np.ndarray[Any, Any],
) -> BoolArray:
    """bool: whether the held snippets say the same as the present ones beside them."""
    alike = np.ones(len(rows), dtype=np.bool_)
    for name in _COLUMNS:
        same = getattr(columns, name)[old] == getattr(present, name)[rows]
        alike &= same.all(axis=1) if same.ndim > 1 else same
    for name in ("tech_added", "tech_removed", "settles"):
        alike &= _same_lists(getattr(columns, name), old, getattr(present, name), rows)
    cards = held.display.snippets.take_raw(old.tolist()), shown.display.snippets.take_raw(rows.tolist())
    alike &= np.fromiter((one == other for one, other in zip(*cards, strict=True)), np.bool_, len(rows))
    return alike


def _same_lists(left: Any, old: IntArray, right: Any, rows: np.ndarray[Any, Any]) -> BoolArray:
    one, other = taken(left, old), taken(right, rows.astype(np.int32))
    same: BoolArray = np.diff(one.offsets) == np.diff(other.offsets)
    for place in np.flatnonzero(same & (np.diff(one.offsets) > 0)).tolist():
        mine = one.values[one.offsets[place] : one.offsets[place + 1]]
        same[place] = np.array_equal(mine, other.values[other.offsets[place] : other.offsets[place + 1]])
    return same
