"""Rows of a CSV file whose delimiter and encoding are found out first."""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.importers.rows import RawRow, Reject, UnusableFile

MAX_FIELD_CHARS = 4 * 2**20
_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_CHARS = 64 * 2**10
_BLOCK_BYTES = 2**20
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written."""

    encoding: str
    delimiter: str


def sniff(path: Path) -> Dialect:
    """The encoding (byte order mark, UTF-8, else Windows-1252) and the delimiter (",", ";", tab, "|")."""
    encoding = _encoding(path)
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
        return Dialect(encoding, sniff_delimiter(file.read(_SAMPLE_CHARS)))


def sniff_delimiter(sample: str) -> str:
    """The delimiter under which most rows have as many fields as the header, and the header most fields."""
    return max(_DELIMITERS, key=lambda delimiter: _agreement(sample, delimiter))


def _agreement(sample: str, delimiter: str) -> tuple[float, int]:
    try:
        rows = [row for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if row]
    except csv.Error:
        return 0.0, 0
    if not rows or len(rows[0]) == 1:
        return 0.0, 0
    whole = rows[:-1] if len(sample) == _SAMPLE_CHARS and len(rows) > 1 else rows
    return sum(len(row) == len(rows[0]) for row in whole) / len(whole), len(rows[0])


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
        for mark, encoding in _BOMS:
            if start.startswith(mark):
                return encoding
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
        valid = broken = 0
        while block := file.read(_BLOCK_BYTES):
            text = decoder.decode(block)
            if not text.isascii():
                escaped = sum("\udc80" <= mark <= "\udcff" for mark in text)
                broken += escaped
                valid += sum(mark > "\x7f" for mark in text) - escaped
    # A few broken bytes in a UTF-8 file cost their rows; a file without any valid sequence is Windows-1252.
    return "utf-8" if broken <= valid else "cp1252"


def read_csv(path: Path) -> Iterator[RawRow | Reject]:
    """Rows by the header's names; quoted fields may hold newlines, `line` is where a row starts."""
    csv.field_size_limit(MAX_FIELD_CHARS)
    dialect = sniff(path)
    with path.open(encoding=dialect.encoding, errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, delimiter=dialect.delimiter)
        header = _header(path, reader)
        end = reader.line_num
        while True:
            line = end + 1
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as err:
                end = reader.line_num
                yield Reject(line, "", f"invalid CSV: {err}")
                continue
            end = reader.line_num
            if any(field.strip() for field in fields):
                yield _row(line, header, fields)


def _header(path: Path, reader: Iterator[list[str]]) -> list[str]:
    header = [name.strip() for name in next(reader, [])]
    if not any(header):
        raise UnusableFile(str(path), "the file is empty; its first line must name the columns")
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise UnusableFile(str(path), f"the header names {', '.join(map(repr, repeated))} more than once")
    return header


def _row(line: int, header: list[str], fields: list[str]) -> RawRow | Reject:
    if len(fields) != len(header):
        return Reject(line, "", f"{len(fields)} fields where the header has {len(header)}")
    for name, value in zip(header, fields, strict=True):
        if not value.isascii() and any("\ud800" <= mark <= "\udfff" for mark in value):
            return Reject(line, name, "contains bytes that are no text in the file's encoding")
        if "\0" in value:
            return Reject(line, name, "contains U+0000, which Postgres cannot store")
    return RawRow(line, dict(zip(header, fields, strict=True)))
