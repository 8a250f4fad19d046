"""What the wording of a snippet tells about its worth as evidence, judged in one reading (F-5, F-6, F-9)."""

from dataclasses import dataclass
from typing import Final

from ranking.need import Passage, choices, no_need
from ranking.selling import not_a_posting, vendor_talk
from ranking.stuffing import stuffed
from ranking.text import words
from ranking.types import SnippetKind

# Cues stand near the top of a page; a full hiring post runs to 10,000 characters.
_READ_CHARACTERS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Judgement:
    """Reasons why a text is no evidence of need.

    Attributes:
        vendor_talk: speaks as a seller of its product.
        not_a_posting: looks like a job page but offers no job.
        no_need: names products without a need for one.
        stuffed: written to be found, not to be read.
        choices: passages that say that something was chosen or put to work.
    """

    vendor_talk: bool
    not_a_posting: bool
    no_need: bool
    stuffed: bool
    choices: tuple[Passage, ...]


def judge(text: str, kind: SnippetKind) -> Judgement:
    """Judge a snippet's wording; only its first 2,000 characters are read."""
    tokens = words(text[:_READ_CHARACTERS])
    return Judgement(
        vendor_talk=vendor_talk(tokens, kind),
        not_a_posting=not_a_posting(tokens, kind),
        no_need=no_need(tokens, kind),
        stuffed=stuffed(tokens, kind),
        choices=tuple(choices(tokens, kind)),
    )
