"""Rows of a file, whatever its format; a row that cannot be read becomes a reject, never an end."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from ingest.importers.csv_rows import read_csv
from ingest.importers.rows import RawRow, Reject, UnusableFile

MAX_LINE_BYTES = 16 * 2**20
_BATCH_ROWS = 5_000
_BOM = b"\xef\xbb\xbf"
_SUFFIXES = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv", ".parquet": "parquet",
    ".pq": "parquet",
}  # fmt: skip


def read_rows(path: Path) -> Iterator[RawRow | Reject]:
    """The rows of `path` in order; raises UnusableFile for a missing file or an ending we do not know."""
    form = _SUFFIXES.get(path.suffix.lower())
    if form is None:
        known = ", ".join(sorted(_SUFFIXES))
        raise UnusableFile(str(path), f"the ending {path.suffix!r} is not known; use one of {known}")
    if not path.is_file():
        raise UnusableFile(str(path), "there is no such file")
    if form == "jsonl":
        return read_jsonl(path)
    return read_csv(path) if form == "csv" else read_parquet(path)


def read_jsonl(path: Path) -> Iterator[RawRow | Reject]:
    """One JSON object per line; only "\\n" ends a line: U+2028 and U+0085 stand inside descriptions."""
    with path.open("rb") as file:
        line = 0
        while raw := file.readline(MAX_LINE_BYTES + 1):
            line += 1
            if line == 1:
                raw = raw.removeprefix(_BOM)
            if len(raw) > MAX_LINE_BYTES:
                _skip_line(file, raw)
                yield Reject(line, "", f"the line is longer than {MAX_LINE_BYTES} bytes")
            elif raw.strip():
                yield _parse_line(line, raw)


def _skip_line(file: BinaryIO, raw: bytes) -> None:
    while raw and not raw.endswith(b"\n"):
        raw = file.readline(MAX_LINE_BYTES)


def _parse_line(line: int, raw: bytes) -> RawRow | Reject:
    try:
        values = orjson.loads(raw)
    except orjson.JSONDecodeError as err:
        return Reject(line, "", _json_reason(raw, err))
    if not isinstance(values, dict):
        return Reject(line, "", "the line is not a JSON object")
    if b"\\u0000" in raw and (field := nul_field(values)) is not None:
        return Reject(line, field, "contains U+0000, which Postgres cannot store")
    return RawRow(line, values)


def _json_reason(raw: bytes, err: orjson.JSONDecodeError) -> str:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as undecodable:
        return f"invalid UTF-8 at byte {undecodable.start + 1} of the line"
    if "surrogate" in err.msg:
        return "contains a lone surrogate, which is no character"
    return f"invalid JSON: {err.msg}"


def nul_field(values: dict[str, object]) -> str | None:
    """The first field with U+0000 in any string of it, None when there is none."""
    return next((field for field, value in values.items() if "\0" in field or _holds_nul(value)), None)


def _holds_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in str(key) or _holds_nul(inner) for key, inner in value.items())
    return isinstance(value, list) and any(_holds_nul(inner) for inner in value)


def read_parquet(path: Path) -> Iterator[RawRow | Reject]:
    """The rows of a Parquet file, batch by batch; columns as the file's schema names them."""
    try:
        table = pq.ParquetFile(path)
    except pa.ArrowException as err:
        raise UnusableFile(str(path), f"is no Parquet file ({err})") from err
    with table:
        line = 0
        for batch in table.iter_batches(_BATCH_ROWS):
            for values in _batch_values(batch):
                line += 1
                yield _parquet_row(line, values)


def _batch_values(batch: pa.RecordBatch) -> Iterator[dict[str, object] | None]:
    """The batch's rows; row by row when one holds invalid UTF-8, None for that one."""
    try:
        yield from batch.to_pylist()
    except UnicodeDecodeError:
        for offset in range(batch.num_rows):
            try:
                yield batch.slice(offset, 1).to_pylist()[0]
            except UnicodeDecodeError:
                yield None


def _parquet_row(line: int, values: dict[str, object] | None) -> RawRow | Reject:
    if values is None:
        return Reject(line, "", "contains invalid UTF-8")
    field = nul_field(values)
    if field is not None:
        return Reject(line, field, "contains U+0000, which Postgres cannot store")
    return RawRow(line, values)
