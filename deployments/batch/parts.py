"""Parts on disk: written beside their place and moved there whole, so that a part is there or it is not."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from db.snapshot.layout import sync_folder
from deployments.batch.columns import LEADS, PROMPTS, table

LEADS_FOLDER = "leads"
PROMPTS_FOLDER = "prompts"
_FLUSH_ROWS = 1_000
_ACCOUNT = b"leads_batch"


class Account(NamedTuple):
    """What a part holds and what it cost, written into its footer."""

    part: int
    prompts: int
    leads: int
    remarks: int
    cpu_s: float


def name_of(part: int) -> str:
    """The file of a part, in both folders."""
    return f"part-{part:05d}.parquet"


class PartFile:
    """One table of a part on its way to disk; at most a thousand rows are held. Use as a context manager.

    What is written shows up under its name only by `publish`, and is gone if that is not reached.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._draft = path.with_name(f".{path.name}.{os.getpid()}")
        self._schema = schema
        self._held: list[dict[str, Any]] = []
        self._writer = pq.ParquetWriter(self._draft, schema, compression="zstd")
        self.rows = 0

    def __enter__(self) -> "PartFile":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._writer.close()
        finally:  # a full disk fails here, too
            self._draft.unlink(missing_ok=True)

    def add(self, rows: list[dict[str, Any]]) -> None:
        """Write rows, in this order."""
        self._held += rows
        self.rows += len(rows)
        if len(self._held) >= _FLUSH_ROWS:
            self._flush()

    def publish(self, account: Account | None = None) -> None:
        """Put the file in its place, durably."""
        self._flush()
        if account is not None:
            self._writer.add_key_value_metadata({_ACCOUNT: json.dumps(account._asdict()).encode()})
        self._writer.close()
        with self._draft.open("rb") as file:
            os.fsync(file.fileno())
        self._draft.replace(self._path)
        sync_folder(self._path.parent)

    def _flush(self) -> None:
        if self._held:
            self._writer.write_table(table(self._held, self._schema))
            self._held = []


def open_part(out: Path, part: int) -> tuple[PartFile, PartFile]:
    """The files of a part's prompts and of its leads, to be published in this order: the leads' file says that the part is done."""
    name = name_of(part)
    return PartFile(out / PROMPTS_FOLDER / name, PROMPTS), PartFile(out / LEADS_FOLDER / name, LEADS)


def done_parts(out: Path) -> dict[int, Account]:
    """The parts that are done, by number; one of which a file is gone or cut short is to be done again."""
    found = (_account_of(out, path.name) for path in sorted((out / LEADS_FOLDER).glob("part-*.parquet")))
    return {account.part: account for account in found if account is not None}


def _account_of(out: Path, name: str) -> Account | None:
    """What the footer of a part's leads says, None unless both files hold as many rows as it says."""
    try:
        leads, prompts = (pq.read_metadata(out / folder / name) for folder in (LEADS_FOLDER, PROMPTS_FOLDER))
        account = Account(**json.loads(leads.metadata[_ACCOUNT]))
    except (FileNotFoundError, KeyError, TypeError, pa.ArrowInvalid):
        return None
    whole = (leads.num_rows, prompts.num_rows) == (account.leads, account.prompts)
    return account if whole and name == name_of(account.part) else None


def remarks(out: Path) -> Iterator[dict[str, Any]]:
    """The prompts of all parts of which something is to be said, in order of the file."""
    columns = ["prompt_id", "row", "prompt", "code", "detail", "leads"]
    for path in sorted((out / PROMPTS_FOLDER).glob("part-*.parquet")):
        for row in pq.read_table(path, columns=columns).to_pylist():
            if row["code"] is not None:
                yield row


def sweep(out: Path) -> None:
    """Remove what killed workers left half written."""
    for folder in (LEADS_FOLDER, PROMPTS_FOLDER):
        for draft in (out / folder).glob(".part-*"):
            draft.unlink(missing_ok=True)
