"""Passages of a folder's texts: what the vectors of the comparison are made of.

Any folder of JSON, JSONL, CSV and text files will do. A passage is a sentence of more than 40 characters; whole texts of several
sentences follow when the sentences do not suffice. No passage occurs twice, whatever its case and white space.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

SHORTEST, LONGEST = 40, 1000
_LINES = frozenset((".jsonl", ".ndjson"))
_TABLES = frozenset((".csv", ".tsv"))
_PLAIN = frozenset((".txt", ".text", ".xml", ".all", ".md"))
_PARTS = re.compile(r"\n\s*\n|</?[a-z]+>|\n\.[A-Z]\b", re.IGNORECASE)
_SENTENCE_ENDS = re.compile(r"(?<=[.!?])\s+|\n+|\s[|•]\s")
_ADDRESS = re.compile(r"https?://\S+|\S+@\S+")


def passages(folder: Path, wanted: int) -> list[str]:
    """At most `wanted` different passages, files in order of their names; a file is one path where `folder` is one.

    Raises:
        FileNotFoundError: the folder has no text at all.
    """
    texts = [text for path in files(folder) for text in texts_of(path)]
    chosen: dict[str, str] = {}
    for each in (sentence for text in texts for sentence in sentences(text)):
        chosen.setdefault(each.casefold(), each)
    for each in (clean(text)[:LONGEST] for text in texts):
        chosen.setdefault(each.casefold(), each)
    found = [each for each in chosen.values() if worth(each)]
    if not found:
        raise FileNotFoundError(f"{folder.name} holds no text of more than {SHORTEST} characters")
    return found[:wanted]


def files(folder: Path) -> list[Path]:
    """The text files below a folder, in order of their names; a file stands for itself."""
    if folder.is_file():
        return [folder]
    known = _LINES | _TABLES | _PLAIN | {".json"}
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in known)


def texts_of(path: Path) -> Iterator[str]:
    """Every text of a file that may hold a passage: values of JSON, cells of tables, paragraphs of the rest."""
    content = path.read_text("utf-8", "replace")
    if path.suffix in _LINES:
        found: Iterable[str] = (
            s for line in content.split("\n") if line.strip() for s in _strings(json.loads(line))
        )
    elif path.suffix == ".json":
        found = _strings(json.loads(content))
    elif path.suffix in _TABLES:
        delimiter = "\t" if path.suffix == ".tsv" else ","
        found = (cell for row in csv.reader(io.StringIO(content), delimiter=delimiter) for cell in row)
    else:
        found = iter(_PARTS.split(content))
    return (text for text in found if worth(text))


def sentences(text: str) -> Iterator[str]:
    """The sentences, lines and list items of a text, white space reduced."""
    return (each for each in map(clean, _SENTENCE_ENDS.split(text)) if worth(each))


def clean(text: str) -> str:
    """The text with every run of white space as one blank."""
    return " ".join(text.split())


def worth(text: str) -> bool:
    """Whether a text is long enough, and words rather than an address or figures."""
    bare = clean(text)
    letters = sum(character.isalpha() for character in bare)
    return len(bare) > SHORTEST and " " in bare and 2 * letters > len(bare) and not _ADDRESS.fullmatch(bare)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
