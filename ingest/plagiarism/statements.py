"""The SQL of near-duplicates by name."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from db.statements import parse


@cache
def statements() -> Mapping[str, str]:
    """Every statement of this folder's `queries.sql`."""
    return parse(files("ingest.plagiarism").joinpath("queries.sql").read_text("utf-8"))
