import re
from pathlib import Path

import pytest

from ingest.synthetic.companies import make_companies
from ingest.synthetic.events import CLASSES, NEED_CLASSES
from ingest.synthetic.grammar import Choice, Dice, Slot
from ingest.synthetic.slots import Scene, cased
from ingest.synthetic.spec import LANGUAGES, WorldSpec
from ingest.synthetic.vocabulary import vocabulary

WORDS = vocabulary()


def slots(skeleton):
    for node in skeleton:
        if isinstance(node, Choice):
            for option in node:
                yield from slots(option)
        elif isinstance(node, Slot):
            yield str(node)


def test_the_catalogue_has_56_products_with_words_in_every_language():
    assert len(WORDS.products) == 56
    for product in WORDS.products:
        assert len(product.names) == len(LANGUAGES)
        assert all(product.names)
        assert len(product.terms) >= 3
        assert len(product.tools) >= 4
        assert len(product.roles) >= 4
        assert len(set(product.pains)) >= 4
        assert product.size[0] < product.size[1]


def test_products_name_known_industries_and_departments():
    keys = {industry.key for industry in WORDS.industries}
    for product in WORDS.products:
        assert set(product.pool) <= keys
        assert all(product.department in voice.departments for voice in WORDS.voices.values())


def test_pains_do_not_give_the_topic_away():
    for product in WORDS.products:
        for pain in product.pains:
            assert not any(
                re.search(rf"(?<!\w){re.escape(term)}(?!\w)", pain.lower()) for term in product.terms
            ), pain


def test_english_has_every_class_of_text_and_other_languages_only_known_ones():
    assert set(WORDS.voices["en"].classes) == set(CLASSES)
    assert set(NEED_CLASSES) < set(CLASSES)
    for voice in WORDS.voices.values():
        assert set(voice.classes) <= set(CLASSES)
        assert len(voice.words["months"]) == 12


def test_areas_and_exclusions_name_known_countries():
    codes = {country.code for country in WORDS.countries}
    for area in WORDS.areas.values():
        assert set(area.countries) <= codes
        assert len(area.names) == len(LANGUAGES)
        assert area.wider == "" or set(area.countries) < set(WORDS.areas[area.wider].countries)
    assert set(WORDS.exclusions) <= codes


def test_not_clauses_name_sub_industries_that_exist():
    for industry in WORDS.industries:
        assert industry.not_sub in {name for name, _ in industry.subs}
        assert len(industry.targets) == len(industry.not_words) == len(LANGUAGES)


@pytest.fixture(scope="module")
def companies():
    return make_companies(WorldSpec(companies=60, snippets=60), WORDS, tuple(range(56)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_slot_of_every_skeleton_can_be_filled(language, companies):
    voice = WORDS.voices[language]
    index = LANGUAGES.index(language)
    for kind, skeletons in voice.classes.items():
        everyday = kind.startswith("bg_")
        product = None if everyday else WORDS.products[0]
        for skeleton in skeletons:
            for slot in slots(skeleton):
                scene = Scene(WORDS, voice, index, Dice(3), companies, 5, product, kind, 6)
                assert scene.fill(slot)
                assert scene.fill(slot) == scene.said[slot]


def test_second_tool_differs_from_the_first(companies):
    for seed in range(100):
        scene = Scene(WORDS, WORDS.voices["en"], 0, Dice(seed), companies, 1, WORDS.products[3], "search", 6)
        assert scene.fill("tool") != scene.fill("tool2")


def test_an_everyday_text_cannot_ask_for_a_product(companies):
    scene = Scene(WORDS, WORDS.voices["en"], 0, Dice(1), companies, 1, None, "bg_news", 6)
    with pytest.raises(ValueError, match="bg_news"):
        scene.fill("prod")


def test_acronyms_are_written_in_capitals():
    assert cased("hr software") == "HR software"
    assert cased("eidas") == "eIDAS"
    assert cased("order picking") == "order picking"


def test_the_world_knows_nothing_of_the_ranking():
    folder = Path(make_companies.__code__.co_filename).parent
    for path in folder.glob("*.py"):
        assert not re.search(
            r"^(from|import) (ranking|models)\b", path.read_text(encoding="utf-8"), re.MULTILINE
        )
