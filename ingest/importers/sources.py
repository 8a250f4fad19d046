"""An opened file: its kind, its columns, and its rows in chunks of canonical ones."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from ingest.importers.dates import slashed_order
from ingest.importers.mapping import FIELDS, ColumnMap, Kind, column_map, guess_kind
from ingest.importers.readers import read_rows
from ingest.importers.report import Tally
from ingest.importers.rows import FieldProblem, RawRow, Reject

CHUNK_ROWS = 5_000
_PEEKED_ROWS = 200
_DATE_FIELDS = ("observed_at", "occurred_at")

Prepared_co = TypeVar("Prepared_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Placed(Generic[Prepared_co]):
    """A canonical row and the line it stands on."""

    line: int
    row: Prepared_co


class Source:
    """One file on its way into the database."""

    def __init__(self, path: Path, kind: Kind | None, mapping: Mapping[str, str]) -> None:
        """Open `path` and find out its kind and columns; raises UnusableFile when they do not fit."""
        rows = read_rows(path)
        first = list(itertools.islice(rows, _PEEKED_ROWS))
        columns = _columns(first)
        self.path = path
        self.kind: Kind = kind or guess_kind(path, columns, mapping)
        fitting = {field: column for field, column in mapping.items() if field in FIELDS[self.kind]}
        self._mapping = mapping if kind else fitting
        self._columns = dict.fromkeys(columns)
        self._map: ColumnMap = column_map(path, self.kind, columns, self._mapping)
        self._rows: Iterator[RawRow | Reject] = itertools.chain(first, rows)
        self.tally = Tally(path, self.kind, self._map.ignored)
        self.date_orders = {field: self._order(field) for field in _DATE_FIELDS if field in FIELDS[self.kind]}

    def next_chunk(self, prepare: Callable[[Mapping[str, object]], Prepared_co]) -> list[Placed[Prepared_co]]:
        """The next rows, canonical; [] at the end. What cannot be prepared goes to the tally's rejects."""
        chunk: list[Placed[Prepared_co]] = []
        for row in self._rows:
            self.tally.rows += 1
            if isinstance(row, Reject):
                self.tally.rejects.append(row)
                continue
            if not row.values.keys() <= self._columns.keys():
                self._learn_columns(row)
            try:
                chunk.append(Placed(row.line, prepare(self._map.pick(row.values))))
            except FieldProblem as problem:
                self.tally.rejects.append(Reject(row.line, problem.field, problem.reason))
            if len(chunk) == CHUNK_ROWS:
                break
        return chunk

    def _learn_columns(self, row: RawRow) -> None:
        """A line of JSON may be the first of thousands that has a field."""
        self._columns |= dict.fromkeys(row.values)
        fed = {field for field, _ in self._map.sources}
        self._map = column_map(self.path, self.kind, tuple(self._columns), self._mapping)
        self.tally.ignored_columns = self._map.ignored
        for field in self.date_orders:
            if field not in fed:
                self.date_orders[field] = self._order(field)

    def _order(self, field: str) -> str | None:
        """How the file writes N/N/YYYY dates, from all of its rows; None when they do not tell."""
        if all(source != field for source, _ in self._map.sources):
            return None
        values = (
            self._map.pick(row.values).get(field) for row in read_rows(self.path) if isinstance(row, RawRow)
        )
        return slashed_order(values)


def _columns(rows: list[RawRow | Reject]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(column for row in rows if isinstance(row, RawRow) for column in row.values))
