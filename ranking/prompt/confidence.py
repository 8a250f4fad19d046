"""How far a parse can be trusted."""

from typing import Final, NamedTuple

_COVERAGE: Final = 0.5
_PRODUCT: Final = 0.25
_TARGET: Final = 0.25
_GUESS: Final = 0.05
_MOST_GUESSES: Final = 4
_NO_LANGUAGE: Final = 0.05


class Grounds(NamedTuple):
    """What the trust in a parse rests on.

    Attributes:
        content: words that are neither small words nor cues; names and head counts count once.
        explained: those of them that filled a field; a word that is only a keyword counts half.
        product: 1 when a taxonomy concept is sold, 0.5 when only keywords are, 0 for nothing.
        has_target: whether any target field or exemplar was found.
        guesses: ambiguous words that were decided by default.
        knows_language: whether anything told the language.
    """

    content: int
    explained: float
    product: float
    has_target: bool
    guesses: int
    knows_language: bool


def confidence(grounds: Grounds) -> float:
    """Return the trust in a parse, in [0, 1]; 0 for a prompt without content.

    0.5 explained / content + 0.25 product + 0.25 [has target] - 0.05 min(guesses, 4) - 0.05 [language unknown],
    held to [0, 1].

    Source: F-1.
    """
    if grounds.content == 0:
        return 0.0
    value = _COVERAGE * grounds.explained / grounds.content
    value += _PRODUCT * grounds.product + _TARGET * grounds.has_target
    value -= _GUESS * min(grounds.guesses, _MOST_GUESSES) + _NO_LANGUAGE * (not grounds.knows_language)
    return round(min(1.0, max(0.0, value)), 4)
