"""Whether a supplier's free texts are one template filled in many times (F-9)."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from ranking.text import words

_RUN_WORDS: Final = 3
_LEAST_WORDS: Final = 6
_COMMON: Final = 0.2


class Likeness(NamedTuple):
    """How much texts are alike: how many were compared, share of their runs of three words that a fifth of them have in common,

    and standard deviation of their lengths over the mean.
    """

    texts: int
    share: float
    spread: float


def template_of(texts: Sequence[tuple[str, str]]) -> Likeness:
    """How much the texts are alike.

    Args:
        texts: text and folded name of its company, whose words are left out; texts of fewer than six words are, too.
    """
    tokens = [_without(words(text), name.split()) for text, name in texts]
    tokens = [each for each in tokens if len(each) >= _LEAST_WORDS]
    if len(tokens) < 2:
        return Likeness(len(tokens), 0.0, 1.0)
    runs = [
        {tuple(each[at : at + _RUN_WORDS]) for at in range(len(each) - _RUN_WORDS + 1)} for each in tokens
    ]
    held = Counter(run for each in runs for run in each)
    common = {run for run, count in held.items() if count >= max(2.0, _COMMON * len(tokens))}
    share = sum(len(each & common) for each in runs) / sum(map(len, runs))
    lengths = np.array([len(each) for each in tokens], dtype=np.float64)
    return Likeness(len(tokens), share, float(lengths.std() / lengths.mean()))


def _without(tokens: Sequence[str], name: Sequence[str]) -> list[str]:
    """The words but those of the name; numbers are all alike."""
    return ["0" if each.isdecimal() else each for each in tokens if each not in name]
