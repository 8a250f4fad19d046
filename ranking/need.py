"""Whether a text shows a need or only mentions a product, and what it says was chosen (F-5).

Judgements by word patterns in seven languages (`need_cues.toml`). They prefer silence to error: words of need
beside words of praise leave a text what it is.
"""

import tomllib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from ranking.cues import CueSet
from ranking.types import SnippetKind

Passage = tuple[str, ...]

_CUES = Path(__file__).with_name("need_cues.toml")
_TITLE_WORDS: Final = 10
# In a long posting "maintain our existing ..." speaks of one duty among many.
_SHORT_POSTING_WORDS: Final = 40
# What was chosen stands this close to the words that say so.
_WORDS_AROUND_CHOICE: Final = 12
# What happened to a technology is told by the columns of these, not by their wording.
_STRUCTURED: Final = frozenset(("tech_change", "funding"))


class _Cues:
    """The pattern sets of `need_cues.toml`, all languages of a section together."""

    def __init__(self) -> None:
        with _CUES.open("rb") as file:
            sections = tomllib.load(file)
        classes = sections.pop("classes")

        def united(*names: str) -> CueSet:
            patterns = [each for name in names for listed in sections[name].values() for each in listed]
            return CueSet(patterns, classes)

        self.need = united("want", "pain", "undone")
        self.open_choice = united("want", "undone")
        self.searched = united("searched")
        self.mention = united("content", "ceremony", "lesson", "finished")
        self.settling = united("chosen", "finished")
        self.cover = united("cover")
        self.title = united("title")
        self.upkeep = united("upkeep")


@lru_cache(maxsize=1)
def _cues() -> _Cues:
    return _Cues()


def no_need(tokens: Sequence[str], kind: SnippetKind) -> bool:
    """Whether the text names products without a need for one: content users, prizes, talks, lessons, projects done.

    A posting does so when it stands in for somebody, takes on learners or only looks after what is there.
    Texts that also want something or complain are never judged so, nor are changes of technology and funding.

    Args:
        tokens: folded words of the text (`ranking.text.words`).
    """
    cues = _cues()
    if kind in _STRUCTURED:
        return False
    if kind == "job_posting":
        return (
            cues.cover.any(tokens)
            or cues.title.any(tokens[:_TITLE_WORDS])
            or (len(tokens) <= _SHORT_POSTING_WORDS and cues.upkeep.any(tokens))
        )
    return cues.mention.any(tokens) and not cues.need.any(tokens)


def choices(tokens: Sequence[str], kind: SnippetKind) -> Iterator[Passage]:
    """The words around each place that says that a product was chosen or put to work; none in job postings.

    A text that also looks for something, or tells that a choice or project came to nothing, has none.
    """
    cues = _cues()
    if (
        kind == "job_posting"
        or not cues.settling.any(tokens)
        or cues.open_choice.any(_without_searches(tokens))
    ):
        return
    for cue in cues.settling.find(tokens):
        start = max(0, cue.start - _WORDS_AROUND_CHOICE)
        yield tuple(tokens[start : cue.end + _WORDS_AROUND_CHOICE])


def _without_searches(tokens: Sequence[str]) -> list[str]:
    """The words but those that tell of a search that is over: "after a tender"."""
    kept: list[str] = []
    start = 0
    for cue in _cues().searched.find(tokens):
        kept += tokens[start : cue.start]
        start = max(start, cue.end)
    return kept + list(tokens[start:])
