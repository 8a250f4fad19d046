"""What readers hand over: raw rows and rejected ones; and the errors that stop an import."""

from collections.abc import Mapping
from dataclasses import dataclass

from ranking.errors import RequestError


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as the file has it; `line` counts from 1 (Parquet: the row's number)."""

    line: int
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not stored, the field at fault ("" for the whole row) and why."""

    line: int
    field: str
    reason: str


class UnusableFile(RequestError):
    """The file as a whole cannot be imported; says what is wrong and what to do."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class FieldProblem(ValueError):
    """A value of one field cannot be used; the row is rejected with this reason."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field = field
        self.reason = reason
