import json
import math
from pathlib import Path
from types import SimpleNamespace

import bm25s
import numpy as np
import pytest

from models.lexical import LexicalIndex, LexicalManifest, Tokeniser, build
from models.lexical.surfaces import Surfaces
from ranking.errors import ArtifactError
from ranking.excerpt import READ_CHARACTERS
from tests.unit.lexical.wording import WORDING

TEXTS = [
    "We need an applicant tracking system",
    "Our ATS is too old, which applicant tracking systems do you like?",
    "",
    "Wir suchen ein Bewerbermanagement und eine neue Lohnabrechnungssoftware",
    "Payroll errors again; payroll payroll",
    "Coffee machine",
]
COMPANIES = np.array([0, 0, 1, 1, 3, 4], dtype=np.int32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build(TEXTS, COMPANIES, tmp_path / "lexical", WORDING)
    return tmp_path / "lexical"


@pytest.fixture
def index(folder: Path) -> LexicalIndex:
    return LexicalIndex.open(folder)


def documents() -> list[list[str]]:
    tokeniser = Tokeniser(Surfaces.of(WORDING))
    return [tokeniser.terms(text) for text in TEXTS]


def test_a_score_is_the_atire_formula(index: LexicalIndex) -> None:
    terms = documents()
    average = sum(len(one) for one in terms) / 6
    rows, raw = index.term_postings("coffe")
    length_factor = 1.2 * (1 - 0.75 + 0.75 * 2 / average)
    assert rows.tolist() == [5]
    assert raw[0] == pytest.approx(math.log(6 / 1) * (1.2 + 1) * 1 / (1 + length_factor), rel=1e-6)
    rows, raw = index.term_postings("payrol")
    length_factor = 1.2 * (1 - 0.75 + 0.75 * len(terms[4]) / average)
    assert rows.tolist() == [4]
    assert raw[0] == pytest.approx(math.log(6 / 1) * (1.2 + 1) * 3 / (3 + length_factor), rel=1e-6)


def test_postings_equal_the_scores_of_bm25s(index: LexicalIndex) -> None:
    oracle = bm25s.BM25(k1=1.2, b=0.75, method="atire")
    oracle.index(documents(), show_progress=False)
    for term in {term for one in documents() for term in one}:
        rows, raw = index.term_postings(term)
        dense = np.zeros(len(TEXTS), dtype=np.float32)
        dense[rows] = raw
        assert dense == pytest.approx(oracle.get_scores([term]), rel=1e-6), term


def test_a_concept_takes_the_best_synonym_of_each_snippet(index: LexicalIndex) -> None:
    found = index.concept("recruiting")
    assert found.rows.tolist() == [0, 1, 3]
    assert found.companies.tolist() == [0, 0, 1]
    synonyms = [index.term_postings(term) for term in ("_ats", "_applic_track_system")]
    of_row_1 = [raw[rows.tolist().index(1)] for rows, raw in synonyms]
    assert found.raw[1] == max(of_row_1)
    assert found.idf == index.idf("recruiting") == pytest.approx(math.log(6 / 3))
    rows, raw = index.concept_postings("recruiting")
    assert (rows.tolist(), raw.tolist()) == (found.rows.tolist(), found.raw.tolist())


def test_inflected_forms_share_one_term(index: LexicalIndex) -> None:
    assert index.term_postings("_applic_track_system")[0].tolist() == [0, 1]


def test_concepts_are_found_whatever_the_language_of_the_text(index: LexicalIndex) -> None:
    assert index.concept("payroll").rows.tolist() == [3, 4]


def test_need_phrases_count_as_synonyms(index: LexicalIndex) -> None:
    assert index.term_postings("_payroll_errors")[0].tolist() == [4]


def test_a_single_word_of_need_is_no_evidence_by_itself(index: LexicalIndex) -> None:
    assert index.term_postings("_errors")[0].tolist() == []


def test_a_keyword_is_found_in_its_stems(index: LexicalIndex) -> None:
    found = index.keyword("machines")
    assert found.rows.tolist() == [5]
    assert found.companies.tolist() == [4]
    assert found.idf == pytest.approx(math.log(6 / 1))


@pytest.mark.parametrize("found", ["keyword", "concept"])
def test_what_nothing_names_has_no_postings(index: LexicalIndex, found: str) -> None:
    postings = getattr(index, found)("zeppelin")
    assert (len(postings.rows), len(postings.companies), len(postings.raw), postings.idf) == (0, 0, 0, 0.0)
    assert index.idf("zeppelin") == 0.0
    assert index.idf("hosting") == 0.0


def test_mentions_tell_where_each_text_names_what_was_asked(index: LexicalIndex) -> None:
    rows = np.array([3, 1, 5, 1])

    def named(concepts: tuple[str, ...], keywords: tuple[str, ...] = ()) -> list[list[str]]:
        found = zip(rows.tolist(), index.mentions(rows, concepts, keywords), strict=True)
        return [[TEXTS[row][start:end] for start, end in spans] for row, spans in found]

    assert named(("recruiting",)) == [
        ["Bewerbermanagement"], ["ATS", "applicant tracking systems"], [], ["ATS", "applicant tracking systems"],
    ]  # fmt: skip
    assert named(("payroll",)) == [["Lohnabrechnungssoftware"], [], [], []]
    assert named(("hosting",), ("machines",)) == [[], [], ["machine"], []]
    assert named(("unheard_of",)) == [[]] * 4
    assert index.mentions(rows[:0], ("payroll",)) == []


def test_of_mentions_with_one_start_the_longest_comes_first(index: LexicalIndex) -> None:
    assert index.mentions(np.array([4]), ("payroll",))[0][:2] == [(0, 14), (0, 7)]


def test_mentions_behind_the_part_that_is_read_are_left_out(tmp_path: Path) -> None:
    text = f"payroll {'x ' * (READ_CHARACTERS // 2)}payroll"
    build([text], np.zeros(1, dtype=np.int32), tmp_path, WORDING)
    assert LexicalIndex.open(tmp_path).mentions(np.array([0]), ("payroll",)) == [[(0, 7)]]
    assert READ_CHARACTERS < 2**16


def test_the_manifest_counts_what_is_indexed(folder: Path, index: LexicalIndex) -> None:
    manifest = LexicalManifest.read(folder)
    terms = documents()
    assert manifest == index.manifest
    assert (manifest.texts, manifest.method, manifest.k1, manifest.b) == (6, "atire", 1.2, 0.75)
    assert manifest.terms == len({term for one in terms for term in one})
    assert manifest.postings == sum(len(set(one)) for one in terms)
    assert manifest.concept_postings == 3 + 2
    assert manifest.average_length == pytest.approx(sum(len(one) for one in terms) / 6)
    assert manifest.taxonomy_version == "w1"


@pytest.mark.parametrize("texts", [[], ["", "the"]])
def test_texts_without_words_make_an_empty_index(tmp_path: Path, texts: list[str]) -> None:
    build(texts, np.arange(len(texts), dtype=np.int32), tmp_path, WORDING)
    index = LexicalIndex.open(tmp_path)
    assert len(index.concept("payroll").rows) == 0
    assert len(index.keyword("payroll").rows) == 0


def test_every_text_needs_a_company(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 texts for 1 companies"):
        build(["one", "two"], np.zeros(1, dtype=np.int32), tmp_path, WORDING)


def test_a_missing_index_is_an_artifact_error(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="manifest cannot be read"):
        LexicalIndex.open(tmp_path)


def test_an_index_of_another_format_is_refused(folder: Path) -> None:
    content = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(content | {"format": 1}))
    with pytest.raises(ArtifactError, match="another format"):
        LexicalIndex.open(folder)


@pytest.mark.parametrize(
    "name",
    [
        "terms_blob",
        "postings_rows",
        "concepts_raw",
        "companies",
        "mentions_spans",
        "concept_terms_numbers",
    ],
)
def test_a_damaged_array_is_an_artifact_error(folder: Path, name: str) -> None:
    (folder / f"{name}.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(ArtifactError, match=name):
        LexicalIndex.open(folder)


def test_a_rebuild_of_the_same_texts_is_byte_for_byte_the_same(folder: Path, tmp_path: Path) -> None:
    build(iter(TEXTS), COMPANIES, tmp_path / "again", WORDING)
    for file in folder.iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes(), file.name


def test_forms_that_would_mix_two_concepts_keep_terms_of_their_own() -> None:
    ledger = SimpleNamespace(surfaces={"en": ("accounting", "accounts")}, need=())
    banking = SimpleNamespace(surfaces={"en": ("account",)}, need=())
    concepts = {"banking": banking, "ledger": ledger}
    surfaces = Surfaces.of(
        SimpleNamespace(version="x", CONCEPTS=tuple(concepts), concept=concepts.__getitem__)
    )
    assert surfaces.concepts["banking"] == ("_account",)
    assert surfaces.concepts["ledger"] == ("_accounting", "_accounts")
