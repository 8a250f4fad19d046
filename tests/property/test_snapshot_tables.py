"""Invariants of the snapshot's tables, and of the judgements made while it is built, over arbitrary texts."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from db.snapshot.building import csr, id_index, inverse, key_index, string_table
from db.snapshot.company_rows import representative_rows
from db.snapshot.tables import IdIndex, key_hashes
from ranking.judgement import judge
from ranking.selling import sold_concepts
from ranking.taxonomy import load_taxonomy
from ranking.types import SNIPPET_KINDS

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
TAXONOMY = load_taxonomy()


@given(st.lists(TEXTS, max_size=30))
def test_a_string_table_holds_what_was_put_in(texts: list[str]) -> None:
    assert string_table(texts).all() == texts


@given(st.dictionaries(TEXTS, st.sets(st.integers(0, 1_000), min_size=1, max_size=5), max_size=30), TEXTS)
def test_a_key_index_answers_like_a_dictionary(rows: dict[str, set[int]], other: str) -> None:
    index = key_index(rows)
    for key in (*rows, other):
        assert index.rows_of(key).tolist() == sorted(rows.get(key, ()))


@given(st.lists(TEXTS, unique=True, max_size=30), TEXTS)
def test_an_id_index_answers_like_a_dictionary(ids: list[str], other: str) -> None:
    rows = {company_id: row for row, company_id in enumerate(ids)}
    asked = [*ids, other]
    assert id_index(ids).rows_of(asked, string_table(ids)).tolist() == [rows.get(one, -1) for one in asked]


@given(st.lists(st.text(max_size=5), unique=True, min_size=1, max_size=20), st.data())
def test_ids_of_one_hash_are_told_apart_by_what_they_are(ids: list[str], data: st.DataObject) -> None:
    """As if every stored id had the hash of the one that is asked for."""
    asked = data.draw(st.sampled_from([*ids, "somebody else"]))
    index = IdIndex(key_hashes([asked] * len(ids)), np.arange(len(ids), dtype=np.int32)[::-1])
    expected = ids.index(asked) if asked in ids else -1
    assert index.rows_of([asked], string_table(ids)).tolist() == [expected]


@given(st.lists(st.sets(st.integers(0, 9), max_size=5), max_size=20))
def test_inverting_twice_gives_the_same_lists(lists: list[set[int]]) -> None:
    table = csr(lists)
    twice = inverse(inverse(table, 10), len(table))
    assert twice.offsets.tolist() == table.offsets.tolist()
    assert twice.values.tolist() == table.values.tolist()


@given(st.lists(st.integers(-1, 12), max_size=12))
def test_a_representative_stands_for_itself_and_chains_end(named: list[int]) -> None:
    ids = [str(row) for row in range(len(named))]
    rows = representative_rows(ids, [str(target) for target in named])
    assert rows[rows].tolist() == rows.tolist()


@settings(
    deadline=None
)  # what is proved is that it ends well; the texts are short, and a busy machine is no fault
@given(TEXTS, st.text(max_size=300), st.sampled_from(SNIPPET_KINDS))
def test_any_text_can_be_judged(name: str, text: str, kind: str) -> None:
    judged = judge(text, kind)
    assert {judged.vendor_talk, judged.not_a_posting, judged.no_need, judged.stuffed} <= {True, False}
    assert set(sold_concepts(name, text, [name], TAXONOMY)) <= set(TAXONOMY.CONCEPTS)
