"""Properties of folding and of phrase matching."""

from hypothesis import given
from hypothesis import strategies as st

from ranking.taxonomy import load_taxonomy
from ranking.text import fold, tokens_with_spans, words

TAXONOMY = load_taxonomy()
PHRASES = sorted(TAXONOMY.surfaces.phrases())


@given(st.text())
def test_fold_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_spans_are_ordered_disjoint_and_inside_the_text(text: str) -> None:
    end = 0
    for token in tokens_with_spans(text):
        assert end <= token.start < token.end <= len(text)
        end = token.end


@given(st.text())
def test_words_are_the_tokens_and_never_empty_or_spaced(text: str) -> None:
    found = words(text)
    assert found == [token.text for token in tokens_with_spans(text)]
    assert all(word and " " not in word for word in found)


@given(st.lists(st.sampled_from(PHRASES), max_size=6), st.text(max_size=20))
def test_matches_are_ordered_disjoint_and_known(phrases: list[str], noise: str) -> None:
    tokens = words(" ".join([*phrases, noise]))
    end = 0
    for match in TAXONOMY.surfaces.match(tokens):
        assert end <= match.start < match.end <= len(tokens)
        assert match.end - match.start <= TAXONOMY.surfaces.max_words
        assert match.entries == TAXONOMY.surfaces.entries(" ".join(tokens[match.start : match.end]))
        end = match.end


@given(st.sampled_from(PHRASES))
def test_every_phrase_is_found_by_itself(phrase: str) -> None:
    tokens = phrase.split(" ")
    assert [(m.start, m.end) for m in TAXONOMY.surfaces.match(tokens)] == [(0, len(tokens))]


@given(st.sampled_from(PHRASES))
def test_phrases_are_stored_as_the_parser_sees_them(phrase: str) -> None:
    assert " ".join(words(phrase)) == phrase


@given(st.text())
def test_lookups_return_known_codes_or_nothing(text: str) -> None:
    assert TAXONOMY.industry_code(text) in {None, *TAXONOMY.INDUSTRIES}
    assert TAXONOMY.country_code(text) in {None, *TAXONOMY.COUNTRIES}
    assert TAXONOMY.city_code(text) in {None, *TAXONOMY.CITIES}
    assert set(TAXONOMY.role_codes(text)) <= set(TAXONOMY.ROLES)
