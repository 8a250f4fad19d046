"""Which language a prompt is written in, told by its function words, its letters and the taxonomy's words."""

from collections.abc import Sequence
from typing import Final

from ranking.prompt.lexicon import LANGUAGES, VOTE_BITS, Lexicon
from ranking.taxonomy.entries import Match
from ranking.text import Token

_CONSIDERED: Final = 300
_SURFACE_VOTE: Final = 2
_ENGLISH_PRIOR: Final = 1  # English has the lowest counter: one hint alone does not outvote it
_MASK: Final = (1 << VOTE_BITS) - 1
_PLACES: Final = {code: VOTE_BITS * place for place, code in enumerate(LANGUAGES)}


def identify(
    prompt: str, tokens: Sequence[Token], matches: Sequence[Match], lexicon: Lexicon
) -> tuple[str, bool]:
    """Return the language (ISO 639-1) and whether anything spoke for it; "en" when nothing does (F-1).

    Only the first 300 words count. A taxonomy surface that exists in one language only counts like a shared function word.
    """
    total = _ENGLISH_PRIOR + _word_votes(prompt, tokens, matches, lexicon)
    if not prompt.isascii():
        letters = lexicon.letters
        for letter in set(prompt[:4000].lower()):
            total += letters.get(letter, 0)
    for match in matches:
        if match.end > _CONSIDERED:
            break
        code = match.entries[0].lang
        if code and all(entry.lang == code for entry in match.entries):
            total += _SURFACE_VOTE << _PLACES[code]
    best, most = "en", 0
    for code, place in _PLACES.items():
        count = (total >> place) & _MASK
        if count > most:
            best, most = code, count
    return best, most > _ENGLISH_PRIOR


def _word_votes(prompt: str, tokens: Sequence[Token], matches: Sequence[Match], lexicon: Lexicon) -> int:
    """Add up what the words say, but for those within a longer name ("legal AI") and "AI", which in small letters is Italian."""
    votes, endings = lexicon.votes, lexicon.endings
    named = {place for match in matches if match.end - match.start > 1 for place in range(*match[:2])}
    total = 0
    for place, token in enumerate(tokens[:_CONSIDERED]):
        if place in named or (token.text == "ai" and prompt[token.start] == "A"):
            continue
        vote = votes.get(token.text)
        if vote is None:
            vote = endings.get(token.text[-3:], 0) + endings.get(token.text[-2:], 0)
        total += vote
    return total
