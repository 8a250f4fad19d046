"""Languages of short prompts, and the shape of the language data (F-1)."""

import tomllib
from pathlib import Path

import pytest

import ranking.prompt
from ranking.prompt import cues, parse
from ranking.prompt.confidence import Grounds, confidence
from ranking.prompt.lexicon import LANGUAGES, load_lexicon
from ranking.taxonomy.loading import load_taxonomy

DATA = Path(ranking.prompt.__file__).with_name("data")


@pytest.mark.parametrize(
    ("prompt", "language"),
    [
        ("CRM for banks", "en"),
        ("CRM", "en"),
        ("", "en"),
        ("CRM für Banken", "de"),
        ("Banken in Berlin mit 50 Mitarbeitern", "de"),
        ("CRM pour les banques", "fr"),
        ("banques à Lyon", "fr"),
        ("CRM para bancos en España", "es"),
        ("CRM para bancos em Portugal", "pt"),
        ("CRM per le banche", "it"),
        ("CRM voor banken", "nl"),
        ("banken die SAP gebruiken", "nl"),
        ("wij zoeken hotels", "nl"),
        ("cerchiamo alberghi", "it"),
    ],
)
def test_language_of_short_prompts(prompt: str, language: str):
    assert parse(prompt, load_taxonomy()).language == language


def test_confidence_is_the_documented_sum():
    grounds = Grounds(content=4, explained=2.5, product=0.5, has_target=True, guesses=2, knows_language=True)

    assert confidence(grounds) == pytest.approx(0.5 * 2.5 / 4 + 0.25 * 0.5 + 0.25 * 1 - 0.05 * 2)


def test_confidence_counts_at_most_four_guesses_and_an_unknown_language():
    grounds = Grounds(content=2, explained=2, product=1.0, has_target=True, guesses=9, knows_language=False)

    assert confidence(grounds) == pytest.approx(0.5 + 0.25 + 0.25 - 0.05 * 4 - 0.05)


def test_confidence_is_never_negative_and_nothing_without_content():
    lost = Grounds(content=1, explained=0, product=0.0, has_target=False, guesses=4, knows_language=False)

    assert confidence(lost) == 0.0
    assert confidence(lost._replace(content=0, has_target=True)) == 0.0


def test_a_clear_prompt_is_trusted_more_than_a_vague_one():
    taxonomy = load_taxonomy()
    clear = parse("CRM for banks in Germany", taxonomy)
    vague = parse("something blue with quality wombats", taxonomy)

    assert clear.confidence > 0.9 > 0.6 > vague.confidence


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_a_phrase_for_every_class(language: str):
    table = tomllib.loads((DATA / f"{language}.toml").read_text("utf-8"))

    assert table["code"] == language
    assert set(table["cues"]) == set(cues.NAMES) | {"prefix"}
    assert set(load_lexicon().languages) == set(LANGUAGES)


def test_an_unknown_class_of_cues_is_refused():
    with pytest.raises(KeyError):
        cues.bit("shrug")
