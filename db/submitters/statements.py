"""The SQL of this package by name."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from db.statements import parse


@cache
def statements() -> Mapping[str, str]:
    """Every statement of `queries.sql` by name."""
    return parse((Path(__file__).parent / "queries.sql").read_text(encoding="utf-8"))
