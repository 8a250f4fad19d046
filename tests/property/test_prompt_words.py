"""The short cuts of the prompt parser find what the plain way finds (decision record 0026)."""

import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ranking.prompt.words
from ranking.prompt.lexicon import LANGUAGES, Language, load_lexicon
from ranking.prompt.matches import _BOUNDARY, _COMMA, _matches_within
from ranking.prompt.typos import corrected
from ranking.prompt.units import _longest_phrase
from ranking.prompt.words import Words, _Memory, read_words
from ranking.taxonomy import COMMON_WORD, load_taxonomy
from ranking.text import tokens_with_spans

SURFACES = load_taxonomy().surfaces
LEXICON = load_lexicon()
NAMED = sorted(phrase for phrase in SURFACES.phrases() if phrase.isascii() and phrase.isalpha())
PHRASES = sorted(SURFACES.phrases()) + sorted(LEXICON.languages["en"].phrases)
MARKS = [
    *" -.,;:!?()'/&+\n\t_",
    "\u00a0",
    "\u202f",
    "\u2019",
    "\u0301",
    "\u3000",
    "  ",
    ", ",
    ". ",
    "1",
    "000",
    "k",
    "ß",
    "İ",
    "٣",
]
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.one_of(st.sampled_from(PHRASES), st.sampled_from(MARKS)), max_size=25).map("".join),
    st.lists(
        st.sampled_from(["U.S.", "24/7", "1,000", "10-50", "don't", "C++", "node.js", "www.a.com", "AT&T", *MARKS])
    ).map("".join),
)  # fmt: skip
KINDS = {"industry", "concept", "country", "region", "city"}


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_words_read_piece_by_piece_are_those_of_the_whole_text(text: str):
    spoken, texts, starts, ends = read_words(text, SURFACES)
    tokens = [token for token in tokens_with_spans(text) if token.text not in {"www", "http", "https"}]

    assert [*zip(texts, starts, ends, strict=True)] == tokens
    assert [word.text for word in spoken] == texts


def test_short_pieces_are_remembered_and_long_ones_are_not():
    short, long = "crm" * 3, "crm" * 30

    assert read_words(short, SURFACES).spoken[0] is read_words(f"our {short}", SURFACES).spoken[1]
    assert read_words(long, SURFACES).spoken[0] is not read_words(long, SURFACES).spoken[0]
    assert read_words(long, SURFACES).texts == [long]


def test_what_is_remembered_is_emptied_when_full(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ranking.prompt.words, "_REMEMBERED", 3)
    memory = _Memory(SURFACES)

    for piece in ("crm", "for", "banks", "hotels"):
        assert memory[piece][0][0].text == piece
    assert list(memory) == ["hotels"]


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_a_word_says_what_taxonomy_and_languages_know_of_it(text: str):
    spoken, _, starts, ends = read_words(text, SURFACES)

    for word, start, end in zip(spoken, starts, ends, strict=True):
        assert word.capital == (text[start:end] != text[start:end].lower())
        assert word.entries == SURFACES.entries(word.text)
        for (bits, _, number), language in zip(word.cues, LEXICON.languages.values(), strict=True):
            assert bits == language.phrases.get(word.text, 0)
            assert word.text[0].isdigit() or number == language.numbers.get(word.text)


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.lists(st.integers(0, 30), max_size=3))
def test_matches_are_those_of_the_surface_index_between_two_ends(text: str, cuts: list[int]):
    words = read_words(text, SURFACES)
    ends = sorted(min(cut, len(words.texts)) for cut in cuts)
    expected, start = [], 0
    for end in (*ends, len(words.texts)):
        expected += [(start + a, start + b, of) for a, b, of in SURFACES.match(words.texts[start:end])]
        start = end

    assert _matches_within(ends, words, SURFACES) == expected


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.sampled_from(LANGUAGES))
def test_a_cue_phrase_is_the_longest_that_begins_at_a_word(text: str, code: str):
    words, language = read_words(text, SURFACES), LEXICON.languages[code]

    for place in range(len(words.texts)):
        assert phrase_at(words, place, language) == longest_by_trying(words.texts, place, language)


def phrase_at(words: Words, place: int, language: Language) -> tuple[int, int]:
    bits, longer, _ = words.spoken[place].cues[LANGUAGES.index(language.code)]
    lengths = longer.get(words.texts[place + 1], ()) if place + 1 < len(words.texts) else ()
    return _longest_phrase(words.texts, place, language, lengths) or (bits, place + 1)


def longest_by_trying(texts: list[str], place: int, language: Language) -> tuple[int, int]:
    for end in range(min(place + 12, len(texts)), place, -1):
        bits = language.phrases.get(" ".join(texts[place:end]))
        if bits is not None:
            return bits, end
    return 0, place + 1


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_ends_of_clauses_are_where_the_plain_expressions_find_them(text: str):
    ends = re.finditer(r"[;:!?()\n]|(?<=\w{3})\.(?=\s)", text)
    commas = re.finditer(r"(?<=[^\s-]),(?=\s)", text)

    assert [mark.span() for mark in _BOUNDARY.finditer(text)] == [mark.span() for mark in ends]
    assert [mark.span() for mark in _COMMA.finditer(text)] == [mark.span() for mark in commas]


@st.composite
def misspelt(draw: st.DrawFn) -> str:
    word = draw(st.sampled_from(NAMED))
    at, letter = draw(st.integers(0, len(word) - 1)), draw(st.sampled_from(string.ascii_lowercase))
    return draw(
        st.sampled_from(
            [
                word[:at] + word[at + 1 :],
                word[:at] + letter + word[at:],
                word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
                word[:at] + letter + word[at + 1 :],
            ]
        )
    )


@settings(max_examples=300, deadline=None)
@given(misspelt())
def test_a_misspelt_word_is_corrected_as_by_trying_every_slip(word: str):
    assert corrected(word, SURFACES) == corrected_by_trying(word)


def corrected_by_trying(word: str) -> tuple[object, ...]:
    if not 6 <= len(word) <= 20 or not word.isalpha():
        return ()
    inner = range(1, len(word) - 1)
    slips = [word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in inner if word[at] != word[at + 1]]
    if len(word) >= 9:
        slips += [word[:at] + word[at + 1 :] for at in range(1, len(word))]
        slips += [
            word[:at] + letter + word[at:] for at in range(1, len(word)) for letter in string.ascii_lowercase
        ]
    for slip in slips:
        entries = tuple(
            entry for entry in SURFACES.entries(slip) if entry.kind in KINDS and entry.weight > COMMON_WORD
        )
        if entries:
            return entries
    return ()
