"""Which language a prompt is written in, told by its function words, its letters and the taxonomy's words."""

from collections.abc import Sequence
from typing import Final

from ranking.prompt.lexicon import LANGUAGES, VOTE_BITS, Lexicon
from ranking.prompt.loose import HEADS
from ranking.prompt.words import Words
from ranking.taxonomy.entries import Match

_CONSIDERED: Final = 300
_LETTERS: Final = 4000
_AI: Final = "ai"
_SURFACE_VOTE: Final = 2
_ENGLISH_PRIOR: Final = 1  # English has the lowest counter: one hint alone does not outvote it
_MASK: Final = (1 << VOTE_BITS) - 1
_PLACES: Final = {code: VOTE_BITS * place for place, code in enumerate(LANGUAGES)}


def identify(prompt: str, words: Words, matches: Sequence[Match], lexicon: Lexicon) -> tuple[str, bool]:
    """Return the language (ISO 639-1) and whether anything spoke for it; "en" when nothing does (F-1).

    Only the first 300 words count, and none within a longer name ("legal AI") but those a product was told by whatever its small words
    ("software per la gestione dei contratti").
    A taxonomy surface that exists in one language only counts like a shared function word.
    """
    votes = _word_votes(prompt, words)
    total = _ENGLISH_PRIOR
    for start, end, entries in matches:
        code = entries[0].lang
        if end - start > 1 and start < _CONSIDERED and (code or words.texts[start] not in HEADS):
            votes[start:end] = [0] * (min(end, len(votes)) - start)
        if (
            code
            and end <= _CONSIDERED
            and (len(entries) == 1 or all(entry.lang == code for entry in entries))
        ):
            total += _SURFACE_VOTE << _PLACES[code]
    total += sum(votes)
    if not prompt.isascii():
        letters = lexicon.letters
        total += sum([letters[letter] for letter in letters.keys() & set(prompt[:_LETTERS].lower())])
    best, most = "en", 0
    for code in LANGUAGES:
        count = total & _MASK
        if count > most:
            best, most = code, count
        total >>= VOTE_BITS
    return best, most > _ENGLISH_PRIOR


def _word_votes(prompt: str, words: Words) -> list[int]:
    """Return what the words say, but for "AI", which in small letters is Italian."""
    votes = [word.vote for word in words.spoken[:_CONSIDERED]]
    if _AI in words.texts:
        for place, text in enumerate(words.texts[:_CONSIDERED]):
            if text == _AI and prompt[words.starts[place]] == "A":
                votes[place] = 0
    return votes
