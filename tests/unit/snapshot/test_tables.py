"""Strings, lists and keys as arrays."""

import numpy as np
import pytest

from db.snapshot.building import Postings, csr, id_index, inverse, key_index, string_table
from db.snapshot.company_rows import united
from db.snapshot.tables import IdIndex, KeyIndex, StringTable, key_hash, key_hashes


def test_strings_come_back_in_order_and_by_row() -> None:
    table = string_table(["a", "", "größe", "日本"])
    assert len(table) == 4
    assert table.all() == ["a", "", "größe", "日本"]
    assert table.take([3, 0]) == ["日本", "a"]
    assert [bytes(each) for each in table.take_raw([3, 0])] == ["日本".encode(), b"a"]
    assert table.offsets.tolist() == [0, 1, 1, 1 + 7, 1 + 7 + 6]


def test_an_empty_table_has_no_strings() -> None:
    assert string_table([]).all() == []


def test_lists_are_sorted_and_distinct() -> None:
    lists = csr([[3, 1, 3], [], [2]])
    assert [lists.row(row).tolist() for row in range(len(lists))] == [[1, 3], [], [2]]


def test_the_inverse_names_the_rows_of_each_value() -> None:
    turned = inverse(csr([[0, 2], [2], []]), 4)
    assert [turned.row(value).tolist() for value in range(4)] == [[0], [], [0, 1], []]


def test_hashes_of_many_keys_are_the_hashes_of_each() -> None:
    keys = ["a", "ü", ""]
    assert key_hashes(keys).tolist() == [key_hash(key) for key in keys]


def test_keys_find_their_rows_and_others_none() -> None:
    index = key_index({"acme": [4, 1], "globex": [2]})
    assert index.rows_of("acme").tolist() == [1, 4]
    assert index.rows_of("globex").tolist() == [2]
    assert index.rows_of("initech").tolist() == []


def test_the_order_of_insertion_leaves_no_trace_in_an_index() -> None:
    def index(keys: str) -> KeyIndex:
        postings = Postings()
        for key in keys:
            postings.add(key, 0)
        return postings.index()

    one, other = index("abcdefgh"), index("hgfedcba")
    assert one.keys.all() == other.keys.all()
    assert one.hashes.tolist() == other.hashes.tolist() == sorted(one.hashes.tolist())


def test_keys_with_equal_hashes_are_told_apart() -> None:
    hashes = np.full(2, key_hash("wanted"), dtype=np.uint64)
    index = KeyIndex(hashes, string_table(["another", "wanted"]), csr([[7], [8]]))
    assert index.rows_of("wanted").tolist() == [8]


def test_ids_with_equal_hashes_are_told_apart() -> None:
    ids = string_table(["another", "wanted"])
    index = IdIndex(np.full(2, key_hash("wanted"), dtype=np.uint64), np.array([0, 1], dtype=np.int32))
    assert index.rows_of(["wanted"], ids).tolist() == [1]
    assert index.rows_of(["wanted"], string_table(["another", "third"])).tolist() == [-1]


@pytest.mark.parametrize("count", [0, 1, 100])
def test_every_id_finds_its_own_row(count: int) -> None:
    ids = [f"id-{number * 7 % 101}" for number in range(count)]
    table: StringTable = string_table(ids)
    assert id_index(ids).rows_of(ids, table).tolist() == list(range(count))
    assert id_index(ids).rows_of(["unknown"], table).tolist() == [-1]


def test_a_representative_sells_what_its_duplicates_sell() -> None:
    lists = csr([[3], [], [1, 3], [7]], np.uint16)
    merged = united(lists, np.array([1, 1, 1, 3], dtype=np.int32))
    assert [merged.row(row).tolist() for row in range(4)] == [[3], [1, 3], [1, 3], [7]]
    assert merged.values.dtype == np.uint16


def test_nothing_is_united_out_of_nothing() -> None:
    assert len(united(csr([], np.uint16), np.zeros(0, dtype=np.int32))) == 0
