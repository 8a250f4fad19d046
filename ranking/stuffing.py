"""Whether a text was written to be found rather than read: keywords repeated, or a lead praised for sale (F-8, F-9).

Judged by how often words and word pairs come back, how few words hold sentences together, and phrases of
lead sellers (`stuffing_cues.toml`). Job titles, lists of tools and long postings pass: nothing is judged by
the lack of sentences alone.
"""

import tomllib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from ranking.cues import CueSet
from ranking.text import words
from ranking.types import SnippetKind

_CUES = Path(__file__).with_name("stuffing_cues.toml")
_LEAST_WORDS: Final = 8
# Long postings repeat titles, places and addresses.
_LONGEST_POSTING: Final = 60
_READ_WORDS: Final = 150
# Of 100 words of prose some 40 hold it together; of a list of keywords at most a few.
_FEW_FUNCTION_WORDS: Final = 0.2
_REPEATED_WORD_SHARE: Final = 0.2
_REPEATED_WORD_LEAST: Final = 3
_DOMINANT_WORD_SHARE: Final = 0.33
_REPEATED_PAIR_SHARE: Final = 0.2
_REPEATED_PAIRS_LEAST: Final = 2
_SELLING_PHRASES: Final = 2


class _Cues:
    def __init__(self) -> None:
        with _CUES.open("rb") as file:
            sections = tomllib.load(file)
        self.function_words = _function_words(sections["function_words"]["any"])
        phrases = [each for listed in sections["lead_seller"].values() for each in listed]
        self.lead_seller = CueSet(phrases, {})
        self.bait = CueSet(sections["bait"]["any"], {})


def _function_words(listed: Sequence[str]) -> frozenset[str]:
    return frozenset(token for word in listed for token in words(word))


@lru_cache(maxsize=1)
def _cues() -> _Cues:
    return _Cues()


def stuffed(tokens: Sequence[str], kind: SnippetKind) -> bool:
    """Whether the text is stuffed with keywords or advertises a lead.

    Args:
        tokens: folded words of the text (`ranking.text.words`).

    Source: F-8, F-9 (spam earns nothing), F-5 (flagged snippets have need 0).
    """
    if kind == "job_posting" and len(tokens) > _LONGEST_POSTING:
        return False
    read = tokens[:_READ_WORDS]
    return _praises_lead(read, kind) or (len(read) >= _LEAST_WORDS and _repeats_itself(read, kind))


def _praises_lead(tokens: Sequence[str], kind: SnippetKind) -> bool:
    """Two phrases of lead sellers, or one in a text that repeats itself."""
    praises = _cues().lead_seller.count(tokens, _SELLING_PHRASES)
    if praises == _SELLING_PHRASES and kind != "job_posting":
        return True
    return praises > 0 and len(tokens) >= _LEAST_WORDS and _repeated_pairs(tokens) > 0


def _repeats_itself(tokens: Sequence[str], kind: SnippetKind) -> bool:
    """Few words hold sentences together, and one word or several pairs come back.

    Beside words that bait buyers less is enough; without them a list of openings, which says "engineer" as
    often, is judged by its pairs alone.
    """
    function_words = sum(token in _cues().function_words for token in tokens)
    if function_words > _FEW_FUNCTION_WORDS * len(tokens):
        return False
    pairs, commonest = _repeated_pairs(tokens), _share_of_commonest(tokens)
    if _cues().bait.any(tokens):
        return pairs >= _REPEATED_PAIRS_LEAST or commonest >= _REPEATED_WORD_SHARE
    if kind == "job_posting":
        return pairs >= max(_REPEATED_PAIRS_LEAST, _REPEATED_PAIR_SHARE * len(tokens))
    return pairs >= _REPEATED_PAIRS_LEAST or commonest >= _DOMINANT_WORD_SHARE


def _share_of_commonest(tokens: Sequence[str]) -> float:
    """Share of the content word that comes back most, 0 when none comes a third time."""
    counts = Counter(token for token in tokens if _is_content(token))
    most = max(counts.values(), default=0)
    return most / len(tokens) if most >= _REPEATED_WORD_LEAST else 0.0


def _repeated_pairs(tokens: Sequence[str]) -> int:
    """How many pairs of content words have been there before."""
    pairs = [pair for pair in pairwise(tokens) if all(map(_is_content, pair))]
    return len(pairs) - len(set(pairs))


def _is_content(token: str) -> bool:
    return not token.isdecimal() and token not in _cues().function_words
