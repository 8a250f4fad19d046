"""Look-up tables of a generation and of its additions read as one."""

import numpy as np

from db.snapshot.building import csr, id_index, key_index, string_table
from db.snapshot.joined import JoinedIds, JoinedKeys, JoinedLists, JoinedStrings

BUILT, LATER = string_table(["a", "bé", ""]), string_table(["later", "ö"])


def test_strings_follow_one_another() -> None:
    joined = JoinedStrings(BUILT.offsets, BUILT.blob, LATER)
    assert joined.all() == ["a", "bé", "", "later", "ö"]
    assert (len(joined), joined[1], joined[4]) == (5, "bé", "ö")
    assert [bytes(raw).decode() for raw in joined.take_raw([4, 0, 3])] == ["ö", "a", "later"]


def test_rows_of_keys_are_united() -> None:
    built, later = key_index({"acme": [0, 2], "bolt": [1]}), key_index({"acme": [1], "new": [0]})
    joined = JoinedKeys(built.hashes, built.keys, built.rows, ((later, 3),))
    assert [joined.rows_of(key).tolist() for key in ("acme", "bolt", "new", "none")] == [
        [0, 2, 4],
        [1],
        [3],
        [],
    ]


def test_lists_by_value_are_united_where_one_has_more_values() -> None:
    built, later = csr([[0, 2], []]), csr([[1], [0], [4]])
    joined = JoinedLists(built.offsets, built.values, ((later, 5),))
    assert len(joined) == 3
    assert [joined.row(value).tolist() for value in range(3)] == [[0, 2, 6], [5], [9]]


def test_an_id_is_found_where_it_is_now() -> None:
    names, moved = ["x", "y", "z"], ["y", "w"]
    built, later = id_index(names), id_index(moved)
    gone = np.array([False, True, True, False, False])
    tables = ((later, string_table(moved), 3),)
    joined = JoinedIds(built.hashes, built.rows, string_table(names), tables, gone)
    assert joined.rows_of(["x", "y", "z", "w", "v"], string_table(())).tolist() == [0, 3, -1, 4, -1]
