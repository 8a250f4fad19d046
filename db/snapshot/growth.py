"""Snippet columns that additions lengthen."""

from dataclasses import fields, replace
from typing import Any

import numpy as np

from db.snapshot.columns import SnippetColumns
from db.snapshot.tables import Csr, IdIndex, StringTable
from ranking.growing import Growing
from ranking.ragged import places_of
from ranking.types import BoolArray, IntArray

_GROWING = tuple(field.name for field in fields(SnippetColumns) if field.type not in (StringTable, IdIndex))
_APART = ("company_offsets",)


class SnippetGrowth:
    """The snippets of a generation and of its additions so far; one thread adds.

    `columns` has all of them; `company_offsets`, `keys` and `by_key` stay those of the generation. They stay valid when
    more is added. The first addition copies the generation's columns, some 80 bytes a snippet.
    """

    def __init__(self, built: SnippetColumns) -> None:
        self.columns = built
        self._built = built
        self._built_count = len(built.kind)
        self._growing: dict[str, Growing] = {}
        self._gone: BoolArray = np.zeros(self._built_count, dtype=np.bool_)

    def __len__(self) -> int:
        return len(self.columns.kind)

    @property
    def gone(self) -> BoolArray:
        """bool[snippets]; those that are no more."""
        return self._gone

    @property
    def later_gone(self) -> BoolArray:
        """bool[later snippets]; those that are no more."""
        return self._gone[self._built_count :]

    def add(self, more: SnippetColumns, gone: IntArray) -> None:
        """Append snippets, and take others away."""
        changes: dict[str, Any] = {"source_types": more.source_types, "miners": more.miners}
        for name in _GROWING:
            if name not in _APART:
                changes[name] = self._grown(name, getattr(self._built, name), getattr(more, name))
        self.columns = replace(self._built, **changes)
        masked = np.zeros(len(self.columns.kind), dtype=np.bool_)
        masked[: len(self._gone)] = self._gone
        masked[gone] = True
        self._gone = masked

    def rows_of(self, companies: IntArray) -> IntArray:
        """int32 snippets that companies, int32 ascending, have now; ascending by company, then row."""
        offsets = self._built.company_offsets
        built = companies[companies < len(offsets) - 1]
        later = self.columns.company[self._built_count :]
        marked = np.zeros(int(max(later.max(initial=0), companies.max(initial=0))) + 1, dtype=np.bool_)
        marked[companies] = True
        all_rows = np.concatenate(
            (places_of(offsets, built), self._built_count + np.flatnonzero(marked[later]))
        )
        return _in_order(self.columns, all_rows[~self._gone[all_rows]])

    def _grown(self, name: str, built: Any, more: Any) -> Any:
        if isinstance(built, Csr):
            offsets = self._appended(f"{name}.offsets", built.offsets, more.offsets[1:], shift=True)
            return Csr(offsets, self._appended(f"{name}.values", built.values, more.values))
        return self._appended(name, built, more)

    def _appended(self, name: str, built: Any, more: Any, *, shift: bool = False) -> Any:
        growing = self._growing.get(name)
        if growing is None:
            growing = self._growing[name] = Growing(np.asarray(built))
        growing.append(more + growing.view()[-1] if shift else more)
        return growing.view()


def live_rows(columns: SnippetColumns, gone: BoolArray) -> IntArray:
    """int32 the snippets that are not gone, ascending by company, then row."""
    return _in_order(columns, np.flatnonzero(~gone))


def _in_order(columns: SnippetColumns, rows: np.ndarray[Any, Any]) -> IntArray:
    ordered = rows[np.lexsort((rows, columns.company[rows]))]
    return ordered.astype(np.int32)
