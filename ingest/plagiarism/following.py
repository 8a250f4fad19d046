"""The index of originals follows what is stored: what this member judged, what others did, and all of it after a restart."""

from typing import Final

import numpy as np
from asyncpg.pool import PoolConnectionProxy

from ingest.plagiarism.index import SKETCH_KEYS, Sketches, SketchIndex
from ingest.plagiarism.statements import statements

_PAGE: Final = 50_000
# Postgres' binary COPY: a header of 19 bytes, rows of fields with their lengths, -1 at the end.
_HEADER_BYTES: Final = 19
_TRAILER_BYTES: Final = 2
_ROW: Final = np.dtype(
    [
        ("fields", ">i2"),
        *(
            part
            for name in ("change", "ref", "wording", "simhash", "company")
            for part in ((f"{name}_bytes", ">i4"), (name, ">i8"))
        ),
        ("shingles_bytes", ">i4"), ("shingles", ">i4"),
        ("is_original_bytes", ">i4"), ("is_original", "?"),
        ("keys_bytes", ">i4"), ("keys", "<u8", (SKETCH_KEYS,)),
    ]
)  # fmt: skip


class Follower:
    """An index, and up to which judgement it has followed."""

    def __init__(self, capacity: int) -> None:
        self.index = SketchIndex(capacity)
        self._capacity = capacity
        self._seen = 0

    async def follow(self, connection: PoolConnectionProxy) -> list[int]:
        """Take in what was judged since; the references it was about.

        Call it under the lock of judging: judgements are numbered in the order of their commits only there.
        """
        last = await connection.fetchval(statements()["last_change"])
        start = max(self._seen, last - self._capacity)
        changed: list[int] = []
        while start < last:
            end = min(start + _PAGE, last)
            rows = await _sketches(connection, start, end)
            self._take(rows)
            changed += rows["ref"].tolist()
            self._seen = start = end
        return changed

    def _take(self, rows: np.ndarray[tuple[int], np.dtype[np.void]]) -> None:
        originals = rows[rows["is_original"]]
        self.index.forget(rows["ref"][~rows["is_original"]].astype(np.int64))
        names = ("ref", "wording", "shingles", "simhash", "company")
        columns = np.array([originals[name] for name in names], dtype=np.int64)
        self.index.extend(Sketches(columns, originals["keys"].astype(np.uint64)))


async def _sketches(
    connection: PoolConnectionProxy, start: int, end: int
) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    content = bytearray()

    async def take(part: bytes) -> None:
        content.extend(part)

    await connection.copy_from_query(
        statements()["changed_sketches"], start, end, output=take, format="binary"
    )
    rows = len(content) - _HEADER_BYTES - _TRAILER_BYTES
    return np.frombuffer(content, dtype=_ROW, count=rows // _ROW.itemsize, offset=_HEADER_BYTES)
