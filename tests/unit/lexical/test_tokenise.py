import pytest

from models.lexical import Stems, Tokeniser
from models.lexical.language import guess_language
from models.lexical.surfaces import Surfaces
from ranking.text import words
from tests.unit.lexical.wording import WORDING


@pytest.fixture(scope="module")
def tokeniser() -> Tokeniser:
    return Tokeniser(Surfaces.of(WORDING))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We are looking for a new supplier", "en"),
        ("Wir suchen einen neuen Lieferanten für die Fabrik", "de"),
        ("Nous cherchons un fournisseur pour notre usine", "fr"),
        ("Buscamos un proveedor para la nueva fábrica", "es"),
        ("Estamos à procura de um fornecedor para a nossa fábrica", "pt"),
        ("Cerchiamo un fornitore per la nostra fabbrica", "it"),
        ("Wij zoeken een leverancier voor onze fabriek", "nl"),
        ("Senior software engineer", "en"),
        ("e n d o", "en"),
        ("", "en"),
    ],
)
def test_stop_words_tell_the_language(text: str, language: str) -> None:
    assert guess_language(words(text)) == language


def test_words_are_stemmed_in_the_language_of_the_text(tokeniser: Tokeniser) -> None:
    assert tokeniser.terms("The factories are running") == ["factori", "run"]
    assert tokeniser.terms("Die Fabriken der Lieferanten") == ["fabrik", "lieferant"]


def test_a_stated_language_is_not_guessed(tokeniser: Tokeniser) -> None:
    assert tokeniser.terms("running factories", "de") == ["running", "factori"]


def test_a_short_head_before_a_hyphen_is_joined_too(tokeniser: Tokeniser) -> None:
    assert tokeniser.terms("E-commerce") == ["e", "commerc", "ecommerc"]
    assert tokeniser.terms("cloud-native") == ["cloud", "nativ"]
    assert tokeniser.terms("co - working") == ["co", "work"]


def test_a_surface_is_one_term_beside_its_words(tokeniser: Tokeniser) -> None:
    assert tokeniser.terms("applicant tracking system") == [
        "applic", "track", "system", "_applic_track_system",
    ]  # fmt: skip


def test_surfaces_inside_longer_ones_count_too(tokeniser: Tokeniser) -> None:
    assert tokeniser.terms("payroll errors")[2:] == ["_payrol", "_payroll_errors"]


def test_surfaces_with_stop_words_are_found_in_any_text(tokeniser: Tokeniser) -> None:
    assert "_suiv_des_candidat" in tokeniser.terms("We looked at the suivi des candidats")


@pytest.mark.parametrize(
    ("word", "term"),
    [
        ("Lohnabrechnungssoftware", "_lohnabrechn"),
        ("Onlinelohnabrechnung", "_lohnabrechn"),
        ("salarisadministratiepakket", "_salarisadministreer"),
    ],
)
def test_german_and_dutch_compounds_carry_the_name_inside(tokeniser: Tokeniser, word: str, term: str) -> None:
    first, again = ([one for one in tokeniser.terms(word) if one.startswith("_")] for _ in range(2))
    assert first == again == [term]


def test_short_names_do_not_make_compounds(tokeniser: Tokeniser) -> None:
    assert tokeniser.terms("Lohnerhöhung") == ["lohnerhohung"]


def test_the_compound_cache_is_bounded(tokeniser: Tokeniser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.lexical.surfaces._COMPOUND_CACHE", 2)
    finder = tokeniser._finder
    for number in range(9):
        tokeniser.terms(f"abcdefghijk{'x' * number}")
        assert len(finder._seen) <= 2


def test_a_keyword_has_the_stems_of_every_language() -> None:
    assert Stems().of_keyword("crm") == ("crm",)
    stems = Stems().of_keyword("fabriken")
    assert "fabrik" in stems
    assert len(stems) == len(set(stems))


def test_every_term_has_the_place_where_it_stands(tokeniser: Tokeniser) -> None:
    text = "The e-commerce payroll errors"
    terms, starts, ends = tokeniser.places(text)
    assert terms == tokeniser.terms(text)
    written = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    assert list(zip(terms, written, strict=True)) == [
        ("e", "e"), ("commerc", "commerce"), ("payrol", "payroll"), ("error", "errors"), ("ecommerc", "e-commerce"),
        ("_payrol", "payroll"), ("_payroll_errors", "payroll errors"),
    ]  # fmt: skip
