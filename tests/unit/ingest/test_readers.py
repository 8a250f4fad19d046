from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.importers import readers
from ingest.importers.csv_rows import sniff, sniff_delimiter
from ingest.importers.readers import read_rows
from ingest.importers.rows import RawRow, Reject, UnusableFile


def written(tmp_path: Path, name: str, content: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def rows_of(path: Path) -> list[tuple[int, dict[str, object]]]:
    return [(row.line, dict(row.values)) for row in read_rows(path) if isinstance(row, RawRow)]


def rejects_of(path: Path) -> list[tuple[int, str, str]]:
    return [(row.line, row.field, row.reason) for row in read_rows(path) if isinstance(row, Reject)]


def test_only_a_line_feed_ends_a_json_line(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", '{"a":"x\u2028y\u0085z"}\r\n\n{"a":"last"}'.encode())
    assert rows_of(path) == [(1, {"a": "x\u2028y\u0085z"}), (3, {"a": "last"})]


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    assert rows_of(written(tmp_path, "a.jsonl", b'\xef\xbb\xbf{"a":1}\n')) == [(1, {"a": 1})]


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        (b'{"a":"\xff"}', "", "invalid UTF-8 at byte 7 of the line"),
        (rb'{"a":"\ud800"}', "", "contains a lone surrogate, which is no character"),
        (rb'{"a":1,"b":"x\u0000"}', "b", "contains U+0000, which Postgres cannot store"),
        (rb'{"c":[{"d":"x\u0000"}]}', "c", "contains U+0000, which Postgres cannot store"),
        (b"[1]", "", "the line is not a JSON object"),
    ],
)
def test_an_unreadable_line_is_rejected_and_the_next_one_read(
    tmp_path: Path, line: bytes, field: str, reason: str
) -> None:
    path = written(tmp_path, "a.jsonl", line + b'\n{"a":"fine"}\n')
    assert rejects_of(path) == [(1, field, reason)]
    assert rows_of(path) == [(2, {"a": "fine"})]


def test_broken_json_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    ((line, _, reason),) = rejects_of(written(tmp_path, "a.jsonl", b'{"a":\n'))
    assert line == 1
    assert reason.startswith("invalid JSON: ")


def test_an_escaped_backslash_before_u0000_is_no_nul(tmp_path: Path) -> None:
    assert rows_of(written(tmp_path, "a.jsonl", rb'{"a":"\\u0000"}')) == [(1, {"a": r"\u0000"})]


def test_an_endless_line_is_skipped_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MAX_LINE_BYTES", 10)
    path = written(tmp_path, "a.jsonl", b'{"a":"' + b"x" * 35 + b'"}\n{"a":1}\n')
    assert rejects_of(path) == [(1, "", "the line is longer than 10 bytes")]
    assert rows_of(path) == [(2, {"a": 1})]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_of_a_csv_file_is_found_out(tmp_path: Path, delimiter: str) -> None:
    lines = (("id", "name"), ("1", "Acme; Inc, x|y".replace(delimiter, " ")), ("2", "Müller"))
    text = "\n".join(delimiter.join(line) for line in lines)
    path = written(tmp_path, "a.csv", text.encode())
    assert [values["id"] for _, values in rows_of(path)] == ["1", "2"]


def test_a_single_column_has_no_delimiter_to_find() -> None:
    assert sniff_delimiter("name\nAcme\n") == ","
    assert sniff_delimiter("") == ","


def test_quoted_newlines_belong_to_the_field_and_lines_count_on(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", b'id,text\r\n1,"two\r\nlines"\r\n2,one\r\n\r\n3,last\r\n')
    assert rows_of(path) == [
        (2, {"id": "1", "text": "two\r\nlines"}),
        (4, {"id": "2", "text": "one"}),
        (6, {"id": "3", "text": "last"}),
    ]


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        ("id,name\n1,Müller".encode(), "utf-8"),
        ("id,name\n1,Müller".encode("utf-8-sig"), "utf-8-sig"),
        ("id,name\n1,Müller".encode("utf-16"), "utf-16"),
        ("id,name\n1,Müller".encode("cp1252"), "cp1252"),
    ],
)
def test_the_encoding_of_a_csv_file_is_found_out(tmp_path: Path, raw: bytes, encoding: str) -> None:
    path = written(tmp_path, "a.csv", raw)
    assert sniff(path).encoding == encoding
    assert rows_of(path) == [(2, {"id": "1", "name": "Müller"})]


def test_a_few_broken_bytes_cost_their_rows_only(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "id,name\n1,Müller\n2,Jürgen\n3,".encode() + b"\xff\n")
    assert [values["id"] for _, values in rows_of(path)] == ["1", "2"]
    assert rejects_of(path) == [(4, "name", "contains bytes that are no text in the file's encoding")]


def test_rows_that_do_not_fit_the_header_are_rejected(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", b"id,name\n1\n2,b,c\n3,\x00\n4,fine\n")
    assert rejects_of(path) == [
        (2, "", "1 fields where the header has 2"),
        (3, "", "3 fields where the header has 2"),
        (4, "name", "contains U+0000, which Postgres cannot store"),
    ]
    assert rows_of(path) == [(5, {"id": "4", "name": "fine"})]


def test_a_field_without_an_end_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.importers.csv_rows.MAX_FIELD_CHARS", 20)
    path = written(tmp_path, "a.csv", b"id,name\n1," + b"x" * 30 + b"\n2,fine\n")
    assert rejects_of(path) == [(2, "", "invalid CSV: field larger than field limit (20)")]
    assert rows_of(path) == [(3, {"id": "2", "name": "fine"})]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "the file is empty"), (b"id,name,id\n", "the header names 'id' more than once")],
)
def test_a_header_must_name_the_columns_once(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(UnusableFile, match=reason):
        list(read_rows(written(tmp_path, "a.csv", content)))


def test_parquet_rows_keep_their_types(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["1", "2"], "n": [3, None], "tags": [["x"], []]}), path)
    assert rows_of(path) == [(1, {"id": "1", "n": 3, "tags": ["x"]}), (2, {"id": "2", "n": None, "tags": []})]


def test_parquet_rows_that_are_no_text_are_rejected(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    broken = pa.array([b"fine", b"\xff", b"x\0"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"id": broken}), path)
    assert rows_of(path) == [(1, {"id": "fine"})]
    assert rejects_of(path) == [
        (2, "", "contains invalid UTF-8"),
        (3, "id", "contains U+0000, which Postgres cannot store"),
    ]


@pytest.mark.parametrize(
    ("name", "reason"),
    [("a.xlsx", "the ending '.xlsx' is not known"), ("missing.csv", "there is no such file")],
)
def test_a_file_we_cannot_open_is_named(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(UnusableFile, match=reason) as caught:
        read_rows(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))


def test_a_file_that_only_ends_like_parquet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="is no Parquet file"):
        list(read_rows(written(tmp_path, "a.parquet", b"id,name\n")))
