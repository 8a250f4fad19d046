"""The phrases by which postings are read, by what they tell."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ranking.cues import CueSet

_FILE = Path(__file__).with_name("posting_cues.toml")


@dataclass(frozen=True, slots=True)
class PostingCues:
    """The sections of `posting_cues.toml`, all languages of one together."""

    seeking_work: CueSet
    closed: CueSet
    seeks: CueSet
    fields: CueSet
    no_job: CueSet
    terms: CueSet
    asked: CueSet
    company_talk: CueSet


@lru_cache(maxsize=1)
def posting_cues() -> PostingCues:
    """The phrases, read once."""
    with _FILE.open("rb") as file:
        sections = tomllib.load(file)
    classes = sections.pop("classes")
    return PostingCues(
        **{
            name: CueSet((pattern for patterns in section.values() for pattern in patterns), classes)
            for name, section in sections.items()
        }
    )
