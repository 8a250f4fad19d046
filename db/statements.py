"""Named SQL statements: Python says which statement, `queries.sql` says what it is."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

_FILE = Path(__file__).parent / "queries.sql"
_NAME = re.compile(r"^-- name: *(\S+).*$", re.MULTILINE)
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")


@cache
def load() -> Mapping[str, str]:
    """Every statement of `queries.sql` by name; raises ValueError as `parse` does."""
    return parse(_FILE.read_text(encoding="utf-8"))


def parse(source: str) -> Mapping[str, str]:
    """Statements of a text in which each starts with a line `-- name: <lower_snake>`.

    Raises ValueError for a bad or repeated name and for an empty statement.
    """
    marks = list(_NAME.finditer(source))
    ends = [mark.start() for mark in marks[1:]] + [len(source)]
    statements: dict[str, str] = {}
    for mark, end in zip(marks, ends, strict=True):
        name, body = mark.group(1), source[mark.end() : end].strip()
        if not _IDENTIFIER.fullmatch(name):
            raise ValueError(f"statement name {name!r} is not lower_snake")
        if name in statements:
            raise ValueError(f"statement {name!r} is defined twice")
        if not _without_comments(body):
            raise ValueError(f"statement {name!r} is empty")
        statements[name] = body
    return MappingProxyType(statements)


def _without_comments(body: str) -> str:
    return "\n".join(line for line in body.splitlines() if not line.lstrip().startswith("--")).strip()
