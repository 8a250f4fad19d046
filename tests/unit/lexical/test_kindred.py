"""Texts that speak of a concept without naming it."""

from pathlib import Path

import numpy as np
import pytest

from models.lexical import LexicalIndex, build
from models.lexical.later import LaterTexts, LaterWriter
from models.lexical.later_index import LaterIndex
from models.lexical.manifest import LexicalManifest
from models.lexical.statistics import Statistics
from tests.unit.lexical.wording import WORDING

NAMED = [f"Payroll with Wagefox {number}" for number in range(20)]
SILENT = ["Wagefox is too slow for us", "Coffee machine in the office"]
OTHERS = [f"Room number {number} has a window" for number in range(200)]
TEXTS = [*NAMED, *SILENT, *OTHERS]


def opened(
    folder: Path, texts: list[str], companies: list[int], under: LexicalIndex | None = None
) -> LexicalIndex:
    statistics = None if under is None else Statistics(under)
    build(texts, np.array(companies, dtype=np.int32), folder, WORDING, statistics)
    return LexicalIndex.open(folder)


@pytest.fixture
def index(tmp_path: Path) -> LexicalIndex:
    return opened(tmp_path / "lexical", TEXTS, list(range(len(TEXTS))))


def rows_of(index: LexicalIndex | LaterIndex, code: str) -> list[int]:
    return [row for part in index.kindred(code) for row in part.rows.tolist()]


def test_a_word_that_stands_beside_a_concepts_names_tells_of_it_elsewhere(index: LexicalIndex) -> None:
    (part,) = index.kindred("payroll")
    assert part.rows.tolist() == [TEXTS.index(SILENT[0])]
    assert part.companies.tolist() == part.rows.tolist()


def test_a_text_without_the_name_is_worth_less_than_the_concepts_idf(index: LexicalIndex) -> None:
    (part,) = index.kindred("payroll")
    # all of 20 texts with the word that name a concept name this one, and 5 are held against the word
    assert part.raw[0] == pytest.approx(index.idf("payroll") * 20 / (20 + 5))


def test_no_text_counts_twice(index: LexicalIndex) -> None:
    for code in WORDING.CONCEPTS:
        assert not set(rows_of(index, code)) & set(index.concept(code).rows.tolist())


def test_what_one_company_says_again_and_again_teaches_nothing(tmp_path: Path) -> None:
    found = opened(tmp_path, TEXTS, [*[0] * len(NAMED), *range(1, 1 + len(TEXTS) - len(NAMED))])
    assert rows_of(found, "payroll") == []


def test_an_unknown_concept_has_none(index: LexicalIndex) -> None:
    assert index.kindred("nothing_we_know") == ()


def test_an_index_from_before_has_none(tmp_path: Path, index: LexicalIndex) -> None:
    folder = tmp_path / "lexical"
    older = index.manifest.model_dump(exclude={"kindred_postings"})
    LexicalManifest.model_validate(older).write(folder)
    for file in folder.glob("kindred*"):
        file.unlink()
    assert rows_of(LexicalIndex.open(folder), "payroll") == []


def test_later_texts_are_told_by_the_same_words_as_in_a_build_under_the_same_statistics(
    tmp_path: Path, index: LexicalIndex
) -> None:
    later = ["We left Wagefox last week", "Payroll and Wagefox again", "Nothing of the sort"]
    first = len(TEXTS)
    rows = np.arange(first, first + len(later), dtype=np.int32)
    batch = LaterWriter(index, WORDING).write(later, rows, rows)
    grown = LaterIndex(index).extended(LaterTexts.of_arrays(batch.arrays()))
    whole = opened(tmp_path / "whole", [*TEXTS, *later], list(range(first + len(later))), under=index)
    (expected,) = whole.kindred("payroll")
    parts = grown.kindred("payroll")
    assert rows_of(grown, "payroll") == expected.rows.tolist() == [TEXTS.index(SILENT[0]), first]
    assert np.concatenate([part.raw for part in parts]).tolist() == expected.raw.tolist()


def test_additions_that_know_of_no_kindred_texts_are_read(index: LexicalIndex) -> None:
    rows = np.array([len(TEXTS)], dtype=np.int32)
    arrays = LaterWriter(index, WORDING).write(["We left Wagefox"], rows, rows).arrays()
    older = {name: array for name, array in arrays.items() if not name.startswith("kindred")}
    assert rows_of(LaterIndex(index).extended(LaterTexts.of_arrays(older)), "payroll") == rows_of(
        index, "payroll"
    )
