"""The TOML data files as values: who wrote what, before anything is inflected or indexed.

Format: one table per code; a language key holds comma-separated phrases; a phrase ending in "~" is an ordinary word too (weight 0.3);
`directory` holds wordings of directories, separated by ";", that are recognised in imports but never in prompts.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ranking.taxonomy.entries import COMMON_WORD, LANGUAGES, PLAIN
from ranking.text import words

DATA_FOLDER = Path(__file__).parent / "data"

Record = Mapping[str, object]


class Phrase(NamedTuple):
    """A folded phrase with its language ("" for any) and weight; `raw` is the author's spelling."""

    text: str
    lang: str
    weight: float
    raw: str


def read_tables(prefix: str, folder: Path = DATA_FOLDER) -> dict[str, Record]:
    """Return the tables of all `<prefix>*.toml` files by code, in file and line order.

    Raise on a code given twice.
    """
    tables: dict[str, Record] = {}
    for path in sorted(folder.glob(f"{prefix}*.toml")):
        for code, table in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if code in tables:
                raise ValueError(f"{path.name}: {code} is given twice")
            tables[code] = table
    return tables


def text_of(record: Record, key: str) -> str:
    """Return a text field, "" when absent."""
    value = record.get(key, "")
    if not isinstance(value, str):
        raise TypeError(f"{key} must be text, not {value!r}")
    return value


def list_of(record: Record, key: str) -> tuple[str, ...]:
    """Return a comma-separated field as its parts."""
    return split(text_of(record, key))


def weights_of(record: Record, key: str) -> dict[str, float]:
    """Return a field like "sales=1, marketing=.5" as numbers by code; 1.0 where no number is given."""
    pairs = (part.partition("=") for part in list_of(record, key))
    return {code.strip(): float(number) if number else PLAIN for code, _, number in pairs}


def split(value: str, separator: str = ",") -> tuple[str, ...]:
    """Return the stripped, non-empty parts of `value`."""
    return tuple(part.strip() for part in value.split(separator) if part.strip())


def folded(phrase: str) -> str:
    """Return a phrase as the parser sees it: folded words joined by one space."""
    return " ".join(words(phrase))


def phrase(raw: str, lang: str) -> Phrase:
    """Return one phrase of a data file; a trailing "~" marks an ordinary word."""
    weight = COMMON_WORD if raw.endswith("~") else PLAIN
    spelling = raw.rstrip("~").strip()
    return Phrase(folded(spelling), lang, weight, spelling)


def phrases(record: Record) -> Iterator[Phrase]:
    """Yield the phrases of a record in all languages, those under `any` with language ""."""
    for lang in ("any", *LANGUAGES):
        for raw in list_of(record, lang):
            yield phrase(raw, "" if lang == "any" else lang)
            if lang == "de" and any(umlaut in raw.lower() for umlaut in "äöü"):
                yield phrase(_transcribed(raw), lang)


def _transcribed(raw: str) -> str:
    return raw.lower().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
