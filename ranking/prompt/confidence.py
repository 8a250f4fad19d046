"""How far a parse can be trusted."""

from typing import Final

_COVERAGE: Final = 0.5
_PRODUCT: Final = 0.25
_TARGET: Final = 0.25
_GUESS: Final = 0.05
_MOST_GUESSES: Final = 4
_NO_LANGUAGE: Final = 0.05


def confidence(
    explained: int, content: int, product: float, has_target: bool, guesses: int, knows_language: bool
) -> float:
    """Return the trust in a parse, in [0, 1].

    0.5 x explained / content + 0.25 x product + 0.25 x [a target was found] - 0.05 x min(guesses, 4) - 0.05 x [no sign of a
    language], held to [0, 1]; 0 for a prompt without content.

    Args:
        explained: content words that filled a field.
        content: words that are neither small words nor cues, > 0 for any trust at all.
        product: 1 when a taxonomy concept was found, 0.5 when only keywords were, 0 for nothing.
        has_target: whether any target field or exemplar was found.
        guesses: ambiguous words that were decided by default.
        knows_language: whether function words told the language.

    Source: F-1.
    """
    if content == 0:
        return 0.0
    value = _COVERAGE * explained / content + _PRODUCT * product + _TARGET * has_target
    value -= _GUESS * min(guesses, _MOST_GUESSES) + _NO_LANGUAGE * (not knows_language)
    return round(min(1.0, max(0.0, value)), 4)
