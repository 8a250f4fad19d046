"""The statements of this package by name."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from db.statements import parse


@cache
def statements() -> Mapping[str, str]:
    """Every statement of `queries.sql`."""
    return parse(files("ingest.suppliers").joinpath("queries.sql").read_text("utf-8"))
