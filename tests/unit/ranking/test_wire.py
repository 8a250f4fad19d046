import pickle
from dataclasses import dataclass, replace

import numpy as np
import pytest

from ranking.levels import Levels
from ranking.ports import EvidenceRequest, RetrievalRequest
from ranking.row_set import RowSet
from ranking.types import (
    Candidates,
    Dropped,
    EmployeeRange,
    Exclusions,
    ExemplarChoice,
    Generation,
    PoolEvidence,
    Product,
    Query,
    Span,
    StepReport,
    Targets,
    moved_sources,
)
from ranking.wire import Wired

QUERY = Query(
    Product("hr software", ("hris",), ("payroll",)),
    Targets(industries=("banking",), employees=(EmployeeRange(50, None),)),
    Exclusions(companies=("Acme",), keywords=("cloud clinic",)),
    ("Globex",),
    spans=(Span("industries", "banking", "banks", 0, 5),),
)


@dataclass(frozen=True, slots=True)
class Table(Wired):
    name: str
    table: np.ndarray
    other: np.ndarray | None = None


def sent(value):
    return pickle.loads(pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL))


def candidates(rows: np.ndarray, source_rows: np.ndarray, levels: np.ndarray, **more) -> Candidates:
    packed = {
        "generation": Generation("g"), "companies": RowSet.of(rows), "fit_levels": Levels.of(levels),
        "relaxation": (StepReport("strict", len(rows)),), "later": None, "moved": moved_sources(rows, source_rows),
    }  # fmt: skip
    return Candidates(**{**packed, **more})


def assert_same_columns(one: Candidates, other: Candidates) -> None:
    for name in ("rows", "source_rows", "steps", "levels"):
        column, arrived = getattr(one, name), getattr(other, name)
        assert column.dtype == arrived.dtype, name
        assert column.tolist() == arrived.tolist(), name


@pytest.mark.parametrize(
    "table",
    [
        np.zeros(0), np.zeros((0, 5), np.float32), np.arange(3, dtype=np.uint8), np.arange(12).reshape(3, 4).T,
        np.array([np.nan, np.inf]), np.array(7.0), np.zeros(3, bool),
    ],
)  # fmt: skip
def test_an_array_arrives_with_its_shape_its_type_and_its_values(table):
    arrived = sent(Table("t", np.arange(3, dtype=np.uint8), table))
    assert arrived.name == "t"
    assert arrived.table.tolist() == [0, 1, 2]
    assert arrived.other.dtype == table.dtype
    assert arrived.other.shape == table.shape
    np.testing.assert_array_equal(arrived.other, table)
    assert arrived.other.flags.aligned


def test_what_arrives_is_read_only():
    arrived = sent(Table("t", np.arange(3)))
    with pytest.raises(ValueError, match="read-only"):
        arrived.table[0] = 1


def test_a_value_without_arrays_arrives_equal():
    assert sent(QUERY) == QUERY
    request = RetrievalRequest(QUERY, 200, ("a", "b"), tenant="blue")
    assert sent(request) == request


def test_the_filters_of_a_query_leave_its_words_at_home():
    sparse = QUERY.filters()
    assert (sparse.include, sparse.exclude, sparse.exemplars) == (
        QUERY.include,
        QUERY.exclude,
        QUERY.exemplars,
    )
    assert sparse == replace(QUERY, product=Product(), spans=())


def test_exemplar_vectors_travel_with_the_request():
    vector = np.arange(4, dtype=np.float32)
    assert sent(RetrievalRequest(QUERY, 200, exemplar_vector=vector)).exemplar_vector.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("rows", [[], [0], [7], [8], [0, 3, 64, 65, 99], list(range(100))])
def test_a_set_of_rows_arrives_whole(rows):
    found = sent(RowSet.of(np.array(rows, dtype=np.int32)))
    assert len(found) == len(rows)
    assert found.rows.tolist() == rows
    assert found.rows.dtype == np.int32


def test_the_empty_set_still_has_an_octet():
    assert RowSet.of(np.zeros(0, np.int32)).bits.tolist() == [0]


@pytest.mark.parametrize(
    "levels", [[], [5], [5, 5, 5], [5, 9, 5], list(range(256)), list(range(300)), [65535, 0]]
)
def test_levels_arrive_as_they_were(levels):
    found = sent(Levels.of(np.array(levels, dtype=np.uint16)))
    assert len(found) == len(levels)
    assert found.array().tolist() == levels
    assert found.array().dtype == np.uint16
    some = np.arange(0, len(levels), 2, dtype=np.int32)
    assert found.at(some).tolist() == levels[::2]


def test_levels_that_are_all_alike_weigh_two_bytes():
    assert Levels.alike(292, 100_000).nbytes == 2
    assert Levels.of(np.full(9, 292, dtype=np.uint16)).nbytes == 2
    assert Levels.of(np.array([1, 2, 1, 1], dtype=np.uint16)).nbytes == 2 * 2 + 4


def test_nobody_admitted_arrives_as_nobody():
    nobody = candidates(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.uint16))
    arrived = sent(nobody)
    assert len(arrived) == 0
    assert_same_columns(nobody, arrived)
    assert arrived.similarity is None


def test_everybody_admitted_by_all_steps_arrives_as_such():
    rows = np.arange(70, dtype=np.int32)
    steps = np.arange(70, dtype=np.uint8) % 12
    similarity = np.full(70, np.nan, dtype=np.float32)
    similarity[3] = 0.25
    everybody = candidates(
        rows, rows[::-1].copy(), rows.astype(np.uint16) * 7, later=steps, similarity=similarity,
        dropped=(Dropped("x", "unknown id"),), unresolved_exemplars=("Initech",),
        exemplars=(ExemplarChoice("Acme", "c1", ("c2",)),),
    )  # fmt: skip
    arrived = sent(everybody)
    assert arrived.steps.tolist() == steps.tolist()
    assert arrived.source_rows.tolist() == rows[::-1].tolist()
    assert_same_columns(everybody, arrived)
    np.testing.assert_array_equal(arrived.similarity, similarity)
    for name in ("generation", "relaxation", "dropped", "unresolved_exemplars", "exemplars"):
        assert getattr(arrived, name) == getattr(everybody, name)


def test_columns_that_were_looked_at_do_not_travel():
    looked_at = candidates(np.arange(9, dtype=np.int32), np.arange(9, dtype=np.int32), np.ones(9, np.uint16))
    before = len(pickle.dumps(looked_at))
    assert looked_at.rows.tolist() == looked_at.source_rows.tolist() == list(range(9))
    assert len(pickle.dumps(looked_at)) == before


def test_a_hundred_thousand_alike_companies_weigh_little_more_than_their_bits():
    rows = np.arange(100_000, dtype=np.int32)
    wide = candidates(rows, rows, np.full(100_000, 292, dtype=np.uint16))
    assert len(pickle.dumps(wide)) < 100_000 / 8 + 500


def test_the_pool_s_evidence_arrives_column_by_column():
    count = 3
    columns = {
        "positions": np.arange(count, dtype=np.int32), "base": np.array([0.1, 2.5, np.pi]), "churn": np.zeros(count),
        "churn_snippets": np.full(count, -1, np.int32), "job": np.ones(count), "job_snippets": np.arange(count, dtype=np.int32),
        "best_raw": np.ones(count, np.float32), "snippets": np.full((count, 5), -1, np.int32),
        "raw": np.ones((count, 5), np.float32), "decay": np.ones((count, 5), np.float32),
        "contribution": np.ones((count, 5), np.float32), "matched": np.full((count, 5), 3, np.uint8),
        "counts": np.full((count, 2), np.nan, np.float32),
    }  # fmt: skip
    arrived = sent(PoolEvidence(generation=Generation("g"), considered=2, **columns))
    assert (arrived.generation, arrived.considered) == ("g", 2)
    for name, column in columns.items():
        assert getattr(arrived, name).dtype == column.dtype, name
        np.testing.assert_array_equal(getattr(arrived, name), column)


def test_a_question_arrives_with_its_packed_levels():
    question = EvidenceRequest(
        Generation("g"), ("crm",), ("word",), RowSet.of(np.array([3, 9], np.int32)).bits, 2, Levels.alike(292, 2),
        np.array([0.4, 0.3, 0.3]), np.array([0.6, 0.4]), 200, 12.5, np.array([0.5, 1.0], np.float32),
    )  # fmt: skip
    arrived = sent(question)
    assert arrived.rows.tolist() == question.rows.tolist()
    assert isinstance(arrived.levels, Levels)
    assert arrived.levels.array().tolist() == [292, 292]
    assert arrived.fit_weights.tolist() == [0.4, 0.3, 0.3]
    assert (arrived.concepts, arrived.keywords, arrived.pool_size, arrived.as_of_s) == (
        ("crm",),
        ("word",),
        200,
        12.5,
    )
