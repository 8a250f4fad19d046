"""Data files are refused where they are wrong."""

from pathlib import Path

import pytest

from ranking.taxonomy import places, vocabulary
from ranking.taxonomy.collection import SurfaceCollection
from ranking.taxonomy.inflection import inflections
from ranking.taxonomy.sources import Phrase, phrases, read_tables, text_of


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_code_given_twice_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "industries_a.toml", '[x]\nname = "X"')
    write(tmp_path, "industries_b.toml", '[x]\nname = "X"')
    with pytest.raises(ValueError, match="given twice"):
        read_tables("industries", tmp_path)


def test_a_number_where_text_belongs_is_refused() -> None:
    with pytest.raises(TypeError):
        text_of({"name": 3}, "name")


def test_an_unknown_parent_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "industries.toml", '[x]\nname = "X"\nparent = "y"')
    with pytest.raises(ValueError, match="parent"):
        vocabulary.industries(SurfaceCollection(), tmp_path)


def test_one_directory_wording_for_two_industries_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "industries.toml", '[x]\nname="X"\ndirectory="Both"\n[y]\nname="Y"\ndirectory="Both"')
    with pytest.raises(ValueError, match="names both"):
        vocabulary.industries(SurfaceCollection(), tmp_path)


def test_a_technology_in_two_categories_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "technologies.toml", '[a]\nx = "X"\n[b]\nx = "X"')
    with pytest.raises(ValueError, match="given twice"):
        vocabulary.technologies(SurfaceCollection(), tmp_path)


def test_a_size_without_range_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "sizes.toml", '[gigantic]\nen = "gigantic"')
    with pytest.raises(ValueError, match="no range"):
        vocabulary.sizes(SurfaceCollection(), tmp_path)


def test_an_executive_without_seniority_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "roles.toml", '[sales]\nname = "Sales"')
    write(tmp_path, "executives.toml", '[cro]\nroles = "sales"\nen = "cro"')
    with pytest.raises(ValueError, match="no seniority"):
        vocabulary.titles(SurfaceCollection(), tmp_path)


def geography_of(folder: Path, regions: str, cities: str) -> None:
    write(folder, "countries.json", '{"DE": {"alpha3": "DEU", "en": "Germany"}}')
    write(folder, "regions.toml", regions)
    write(folder, "cities.toml", cities)
    places.geography(SurfaceCollection(), folder)


@pytest.mark.parametrize(
    ("regions", "cities", "complaint"),
    [
        ('[r]\nname = "R"', "", "without home region"),
        ('[r]\nhome = "DE"\n[s]\nhome = "DE"', "", "two home regions"),
        ('[r]\nhome = "DE"', '[DE.zz]\nx = "X"', "unknown state"),
        ('[r]\nhome = "DE"', '[DE]\nx = "X"\n[AT]\nx = "X"', "given twice"),
    ],
)
def test_contradictions_between_places_are_refused(
    tmp_path: Path, regions: str, cities: str, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        geography_of(tmp_path, regions, cities)


def test_a_phrase_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="without words"):
        SurfaceCollection().add("concept", "x", [Phrase("", "en", 1.0, "!")])


def test_umlauts_are_known_transcribed_too() -> None:
    assert [p.text for p in phrases({"de": "Möbel"})] == ["mobel", "moebel"]


@pytest.mark.parametrize(
    ("phrase", "language", "form"),
    [
        ("feature flag", "en", "feature flags"), ("agency", "en", "agencies"), ("box", "en", "boxes"), ("day", "en", "days"),
        ("versicherung", "de", "versicherungen"), ("elektronische signatur", "de", "elektronischen signatur"),
        ("elektronischer ausweis", "de", "elektronischem ausweis"), ("cabinet comptable", "fr", "cabinets comptables"),
        ("bureau d etudes", "fr", "bureaux d etudes"), ("hopital", "fr", "hopitaux"), ("hospital", "es", "hospitales"),
        ("luz", "es", "luces"), ("padaria", "pt", "padarias"), ("solucao", "pt", "solucoes"), ("armazem", "pt", "armazens"),
        ("hospital", "pt", "hospitais"), ("bar", "pt", "bares"), ("studio legale", "it", "studi legali"), ("albergo", "it", "alberghi"),
        ("banca", "it", "banche"), ("farmacia", "it", "farmacie"), ("bouwbedrijf", "nl", "bouwbedrijven"),
        ("verzekering", "nl", "verzekeringen"), ("hotel", "nl", "hotels"), ("webshop", "nl", "webshops"),
    ],
)  # fmt: skip
def test_regular_forms(phrase: str, language: str, form: str) -> None:
    assert form in inflections(phrase, language)


@pytest.mark.parametrize(
    ("phrase", "language"), [("crm", "xx"), ("hr", "en"), ("iso 27001", "en"), ("marketing software", "en"), ("sas", "fr"),
                             ("gas", "es"), ("onibus", "pt"), ("bar", "it"), ("stad", "nl")]
)  # fmt: skip
def test_words_without_further_form(phrase: str, language: str) -> None:
    assert inflections(phrase, language) == ()
