"""Prompts of a file in any format that is imported, with what cannot be read told in its row."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ingest.importers.readers import read_rows
from ingest.importers.rows import RawRow


class PromptLine(NamedTuple):
    """One row: its line, its columns, and why it cannot be read (None where it can)."""

    line: int
    values: Mapping[str, object]
    fault: str | None


def read_prompts(path: Path) -> Iterator[PromptLine]:
    """The rows of a JSONL, CSV or Parquet file in order; none is left out.

    Raises:
        UnusableFile: it is missing or of another format.
    """
    for each in read_rows(path):
        if isinstance(each, RawRow):
            yield PromptLine(each.line, each.values, None)
        else:
            where = f"{each.field}: " if each.field else ""
            yield PromptLine(each.line, {}, f"{where}{each.reason}")
