"""What an import did, so that every row is accounted for: rows = stored + unchanged + rejected."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import orjson

from ingest.importers.mapping import Kind
from ingest.importers.rows import Reject


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: `rows` of `path` have been read, or are now being stored."""

    path: Path
    kind: Kind
    stage: str
    rows: int


ProgressCallback = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file's outcome.

    Attributes:
        rows: rows of the file; always `stored + unchanged + rejected`.
        stored: new records, changed records, new revisions of snippets.
        unchanged: records that are stored already as they are, and exact repeats within the import.
        rejected: rows written to `rejects_path`, among them earlier rows of an id that a later row replaces.
        reasons: how many rows were rejected for each (field, reason with the values left out).
        unmapped: (field, value) to the number of rows whose value the taxonomy does not know; such a value is
            stored as it is.
        notes: what was read otherwise than written (dropped e-mail addresses, unknown head counts), counted.
        ignored_columns: columns that feed no field.
    """

    path: Path
    kind: Kind
    rows: int
    stored: int
    unchanged: int
    rejected: int
    rejects_path: Path | None
    reasons: Mapping[tuple[str, str], int]
    unmapped: Mapping[tuple[str, str], int]
    notes: Mapping[str, int]
    ignored_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """All files of one import, in the order they were stored.

    `company_leads` counts the company-level leads made less removed, `merged` the company records that are
    merged into another, over the whole store.
    """

    files: tuple[FileReport, ...]
    company_leads: int = 0
    merged: int = 0

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(file.rows for file in self.files)

    @property
    def stored(self) -> int:
        """Rows stored of all files."""
        return sum(file.stored for file in self.files)

    @property
    def unchanged(self) -> int:
        """Rows found unchanged of all files."""
        return sum(file.unchanged for file in self.files)

    @property
    def rejected(self) -> int:
        """Rows rejected of all files."""
        return sum(file.rejected for file in self.files)


@dataclass(slots=True)
class Tally:
    """Counts of one file while it is imported."""

    path: Path
    kind: Kind
    ignored_columns: tuple[str, ...] = ()
    rows: int = 0
    stored: int = 0
    unchanged: int = 0
    rejects: list[Reject] = field(default_factory=list)
    unmapped: Counter[tuple[str, str]] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def finish(self) -> FileReport:
        """The report, with the rejects written beside the file (an older rejects file goes)."""
        self.rejects.sort(key=lambda reject: reject.line)
        rejects_path = write_rejects(self.path, self.rejects)
        accounted = self.stored + self.unchanged + len(self.rejects)
        assert self.rows == accounted, f"{self.path}: {self.rows} rows, {accounted} accounted for"
        return FileReport(
            path=self.path, kind=self.kind, rows=self.rows, stored=self.stored, unchanged=self.unchanged,
            rejected=len(self.rejects), rejects_path=rejects_path, reasons=_reasons(self.rejects),
            unmapped=dict(self.unmapped.most_common()), notes=dict(self.notes.most_common()),
            ignored_columns=self.ignored_columns,
        )  # fmt: skip


def _reasons(rejects: Iterable[Reject]) -> dict[tuple[str, str], int]:
    counted = Counter((reject.field, reject.reason.split(":")[0]) for reject in rejects)
    return dict(counted.most_common())


def rejects_file(path: Path) -> Path:
    """Where the rejected rows of `path` go."""
    return path.with_name(path.name + ".rejects.jsonl")


def write_rejects(path: Path, rejects: Iterable[Reject]) -> Path | None:
    """Write line, field and reason of each reject as JSONL; None, and no file, when there are none."""
    target = rejects_file(path)
    lines = [
        orjson.dumps({"line": reject.line, "field": reject.field, "reason": reject.reason})
        for reject in rejects
    ]
    if not lines:
        target.unlink(missing_ok=True)
        return None
    with target.open("wb") as file:
        _write_lines(file, lines)
    return target


def _write_lines(file: BinaryIO, lines: Iterable[bytes]) -> None:
    for line in lines:
        file.write(line + b"\n")
