"""Arrays on the disk: written whole or growing, mapped back, refused when broken."""

from pathlib import Path

import numpy as np
import pytest

from db.snapshot.building import csr, key_index, string_table
from db.snapshot.columns import role_words
from db.snapshot.gathering import Codes, Interner, RoleMasks, StringFile
from db.snapshot.layout import ArrayFile, open_array, open_columns, save_columns
from db.snapshot.tables import Csr, KeyIndex, StringTable
from ranking.errors import ArtifactError


def test_nested_columns_come_back_equal_and_read_only(tmp_path: Path) -> None:
    index = key_index({"a": [1], "b": [0, 2]})
    save_columns(tmp_path, "names", index)
    opened = open_columns(tmp_path, "names", KeyIndex)
    assert opened.rows_of("b").tolist() == [0, 2]
    assert not opened.hashes.flags.writeable
    assert type(opened.hashes) is np.ndarray


def test_empty_columns_come_back_empty(tmp_path: Path) -> None:
    save_columns(tmp_path, "lists", csr([]))
    assert len(open_columns(tmp_path, "lists", Csr)) == 0


def test_a_missing_or_damaged_file_is_refused(tmp_path: Path) -> None:
    save_columns(tmp_path, "texts", string_table(["a"]))
    (tmp_path / "texts.blob.npy").write_bytes(b"not an array")
    with pytest.raises(ArtifactError, match=r"texts\.blob"):
        open_columns(tmp_path, "texts", StringTable)
    with pytest.raises(ArtifactError, match="cannot be opened"):
        open_array(tmp_path / "absent.npy")


def test_an_array_file_grows_by_appending(tmp_path: Path) -> None:
    with ArrayFile(tmp_path / "grown.npy", np.float32, width=3) as file:
        for number in range(1_000):
            file.append(np.full(3, number, dtype=np.float32).tobytes())
    grown = open_array(tmp_path / "grown.npy")
    assert grown.shape == (1_000, 3)
    assert grown[:, 1].tolist() == list(range(1_000))


def test_a_string_file_reads_like_a_table(tmp_path: Path) -> None:
    with StringFile(tmp_path, "texts") as file:
        file.extend([b"one", b""])
        file.extend(["drei €".encode()])
    assert open_columns(tmp_path, "texts", StringTable).all() == ["one", "", "drei €"]


def test_codes_outside_the_taxonomy_are_unknown() -> None:
    codes = Codes(("x", "y"), 255)
    assert [codes.number(code) for code in ("y", "z", None)] == [1, 255, 255]


def test_names_are_numbered_in_order_of_appearance() -> None:
    interner = Interner(["known"])
    assert interner.numbers(["fresh", "known", "other", "fresh"]) == [1, 0, 2, 1]
    assert interner.names() == ["known", "fresh", "other"]


@pytest.mark.parametrize(("roles", "words"), [(0, 1), (1, 1), (64, 1), (65, 2), (130, 3)])
def test_role_bits_take_a_word_per_64_roles(roles: int, words: int) -> None:
    assert role_words(roles) == words


def test_role_bits_stand_where_the_columns_say() -> None:
    roles = [f"r{number}" for number in range(70)]
    masks = RoleMasks(roles)
    masks.add(["r0", "r3", "unknown"])
    masks.add(["r69"])
    masks.add([])
    assert masks.masks().tolist() == [[1 + 8, 0], [0, 1 << (69 - 64)], [0, 0]]
