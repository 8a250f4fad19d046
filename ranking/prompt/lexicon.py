"""The languages of the parser, read from `data/<language>.toml`: phrases of each, and the words that tell languages apart."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ranking.prompt import cues
from ranking.taxonomy.surfaces import lengths_by_start
from ranking.text import words

LANGUAGES: Final = ("en", "de", "fr", "es", "pt", "it", "nl")
VOTE_BITS: Final = 16
_WORD_VOTE: Final = 6
_CUE_VOTE: Final = 3
_HINT_VOTE: Final = 1
_FOREIGN_LETTERS: Final = 4
_FOREIGN: Final = (
    cues.NEGATION
    | cues.EXCLUDED_AFTER
    | cues.NEUTRAL
    | cues.END_SCOPE
    | cues.PEOPLE
    | cues.COMPANY
    | cues.LEAD
)
_DATA: Final = Path(__file__).with_name("data")


@dataclass(frozen=True, slots=True)
class Language:
    """One language's wording.

    Attributes:
        phrases: folded phrase -> bits of `ranking.prompt.cues`; in every language English phrases are
            understood, and negations of the others.
        lengths: where phrases of several words begin, see `lengths_by_start`.
        numbers: folded number words -> value.
        prefix: word that with a hyphen negates only what it is joined to ("non-EU"), "" for none.
        common_endings: where nouns are capitalised, endings by which a noun is no name; () elsewhere.
    """

    code: str
    phrases: Mapping[str, int]
    lengths: Mapping[str, Mapping[str, tuple[int, ...]]]
    numbers: Mapping[str, int]
    prefix: str
    common_endings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All languages, and the votes of words, letters and endings for them.

    A vote packs one counter of `VOTE_BITS` bits per language, in the order of `LANGUAGES`, so that votes are added as integers.

    Attributes:
        compound_endings: ends of compounds that name a kind of company or product, longest first.
        company_endings: those of companies.
        words: all words of all phrases.
        cue_words: the words that begin a phrase or say a number in some language.
    """

    languages: Mapping[str, Language]
    votes: Mapping[str, int]
    letters: Mapping[str, int]
    endings: Mapping[str, int]
    compound_endings: tuple[str, ...]
    company_endings: frozenset[str]
    words: frozenset[str]
    cue_words: frozenset[str]

    def vote(self, word: str) -> int:
        """Return the languages a word speaks for, by its endings when it is no known one."""
        vote = self.votes.get(word)
        return self.endings.get(word[-3:], 0) + self.endings.get(word[-2:], 0) if vote is None else vote


@lru_cache(maxsize=1)
def load_lexicon() -> Lexicon:
    """Return the shipped languages; read once per process."""
    tables = {code: tomllib.loads((_DATA / f"{code}.toml").read_text("utf-8")) for code in LANGUAGES}
    own = {code: _own_phrases(table) for code, table in tables.items()}
    foreign = _foreign_phrases(own.values())
    languages = {code: _language(table, foreign, own["en"], own[code]) for code, table in tables.items()}
    company_endings = _endings_of(tables.values(), "company_endings")
    product_endings = _endings_of(tables.values(), "product_endings")
    return Lexicon(
        compound_endings=tuple(sorted(company_endings | product_endings, key=lambda end: (-len(end), end))),
        company_endings=company_endings,
        words=frozenset(word for phrases in own.values() for phrase in phrases for word in phrase.split(" ")),
        cue_words=frozenset(
            word
            for language in languages.values()
            for word in (*(phrase.partition(" ")[0] for phrase in language.phrases), *language.numbers)
        ),
        languages=languages,
        votes=_votes({code: _single_cues(table) for code, table in tables.items()}, _CUE_VOTE)
        | _votes({code: _words(table, "function_words") for code, table in tables.items()}),
        endings=_votes({code: set(_listed(table["endings"])) for code, table in tables.items()}, _HINT_VOTE),
        letters=_votes({code: set(table["letters"]) for code, table in tables.items()}),
    )


def _language(
    table: Mapping[str, Any], foreign: Mapping[str, int], english: Mapping[str, int], own: Mapping[str, int]
) -> Language:
    """Return a language in which its own phrases come before English ones, and those before foreign ones."""
    function_words = _words(table, "function_words")
    understood = {phrase: bits for phrase, bits in english.items() if phrase not in function_words}
    phrases = {**foreign, **understood, **own}
    return Language(
        code=table["code"],
        phrases=phrases,
        lengths=lengths_by_start(phrases),
        numbers=dict(table["numbers"]),
        prefix=table["cues"]["prefix"],
        common_endings=tuple(_listed(table.get("common_noun_endings", ""))),
    )


def _endings_of(tables: Iterable[Mapping[str, Any]], key: str) -> frozenset[str]:
    return frozenset(ending for table in tables for ending in _listed(table.get(key, "")))


def _foreign_phrases(languages: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return the phrases that are understood in a prompt of any language, since people mix them ("CRM, keine Banken").

    These are negations and nouns that are long enough to be no other language's small word.
    """
    foreign: dict[str, int] = {}
    for phrases in languages:
        for phrase, bits in phrases.items():
            if len(phrase) >= _FOREIGN_LETTERS and bits & _FOREIGN:
                foreign[phrase] = foreign.get(phrase, 0) | (bits & (_FOREIGN | cues.STOP))
    return foreign


def _own_phrases(table: Mapping[str, Any]) -> dict[str, int]:
    phrases: dict[str, int] = {}
    for name, text in table["cues"].items():
        if name == "prefix":
            continue
        for phrase in _listed(text):
            phrases[phrase] = phrases.get(phrase, 0) | cues.bit(name)
    for phrase in _listed(table["cues"]["lack"]):
        phrases[phrase] |= cues.NEGATE
    for word in _words(table, "function_words") | _words(table, "stop_words"):
        phrases[word] = phrases.get(word, 0) | cues.STOP
    return phrases


def _listed(text: str) -> Iterable[str]:
    return (" ".join(words(phrase)) for phrase in text.split(",") if words(phrase))


def _words(table: Mapping[str, Any], key: str) -> set[str]:
    return set(words(table[key]))


def _single_cues(table: Mapping[str, Any]) -> set[str]:
    """Return the cues of one word that are no function words."""
    cue_words = {
        phrase for name, text in table["cues"].items() if name != "prefix" for phrase in _listed(text)
    }
    return {phrase for phrase in cue_words | _words(table, "stop_words") if " " not in phrase}


def _votes(sets: Mapping[str, set[str]], most: int = _WORD_VOTE) -> dict[str, int]:
    """Weigh what one language alone has `most`, what several share a part of it, at least 1."""
    votes: dict[str, int] = {}
    for item in set().union(*sets.values()):
        owners = [place for place, code in enumerate(LANGUAGES) if item in sets[code]]
        weight = max(1, most // len(owners))
        votes[item] = sum(weight << (VOTE_BITS * place) for place in owners)
    return votes
