"""Prompts as salespeople write them are read as the table says (F-1)."""

from pathlib import Path

import pytest

from ranking.prompt import parse
from ranking.taxonomy.loading import load_taxonomy
from tests.unit.prompt.table import Case, differences, parsed, read_blocks, read_table

HERE = Path(__file__).parent
CASES = tuple(read_table(HERE / "prompts.txt"))
REQUESTS = tuple(read_blocks(HERE / "requests.txt"))
LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "nl")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.prompt)
def test_prompt_is_read_as_the_table_says(case: Case):
    taxonomy = load_taxonomy()

    assert differences(case, parse(case.prompt, taxonomy), taxonomy) == {}


@pytest.mark.parametrize("block", REQUESTS, ids=lambda block: block[0])
def test_the_same_request_in_seven_languages_gives_the_same_codes(block: tuple[str, ...]):
    taxonomy = load_taxonomy()
    readings = {
        language: parsed(parse(prompt, taxonomy)) for language, prompt in zip(LANGUAGES, block, strict=True)
    }
    english = {
        name: values for name, values in readings["en"].items() if name not in ("language", "keywords")
    }

    for language, reading in readings.items():
        assert reading.pop("language") == {language}
        assert {name: values for name, values in reading.items() if name != "keywords"} == english, language


def test_tables_are_large_enough_to_mean_something():
    assert len(CASES) >= 150
    assert len(REQUESTS) >= 20
    assert {language for case in CASES for language in case.expected.get("language", [])} == set(LANGUAGES)
