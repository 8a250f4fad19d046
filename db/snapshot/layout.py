"""Where a snapshot lies on disk, and how columns become `.npy` files and come back as memory maps.

<root>/CURRENT                      name of the served generation, replaced atomically
<root>/<generation>/manifest.json   what the files must be
<root>/<generation>/*.npy           one file per array, named table.column[.part]
<root>/<generation>/lexical/        written by the lexical index
<root>/.building-<number>/          a build under way, or the remains of one that crashed
"""

import os
from collections.abc import Iterator
from dataclasses import Field, dataclass, fields, is_dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast, get_type_hints

import numpy as np
from numpy.lib import format as npy

from ranking.errors import ArtifactError

CURRENT = "CURRENT"
MANIFEST = "manifest.json"
LEXICAL = "lexical"
BUILDING = ".building-"

Columns = TypeVar("Columns")


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What one file must be."""

    size_bytes: int
    sha256: str


def save_array(path: Path, array: np.ndarray[Any, Any]) -> None:
    """Write one array in `.npy` format."""
    with path.open("wb") as file:
        npy.write_array(file, np.ascontiguousarray(array), allow_pickle=False)


def open_array(path: Path) -> np.ndarray[Any, Any]:
    """A read-only view of a `.npy` file; the mapping lives as long as the array.

    The view is a plain ndarray: slicing `np.memmap` costs a microsecond more each time.
    """
    try:
        mapped: np.ndarray[Any, Any] = np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)
    except (OSError, ValueError) as err:
        raise ArtifactError("snapshot", f"{path.name} cannot be opened") from err
    return mapped


def save_columns(folder: Path, name: str, value: object) -> None:
    """Write a columns dataclass; tables inside it recurse, every leaf is an array."""
    if isinstance(value, np.ndarray):
        save_array(folder / f"{name}.npy", value)
        return
    for field in _stored(value):
        save_columns(folder, f"{name}.{field.name}", getattr(value, field.name))


def open_columns(folder: Path, name: str, kind: type[Columns]) -> Columns:
    """The columns that `save_columns` wrote under `name`, memory-mapped.

    Raises:
        ArtifactError: a file is missing or is no array.
    """
    values: dict[str, object] = {}
    hints = get_type_hints(kind)
    for field in _stored(kind):
        path, hint = f"{name}.{field.name}", hints[field.name]
        nested = isinstance(hint, type) and is_dataclass(hint)
        values[field.name] = (
            open_columns(folder, path, hint) if nested else open_array(folder / f"{path}.npy")
        )
    return kind(**values)


def _stored(columns: object) -> list[Field[Any]]:
    return [field for field in fields(cast(Any, columns)) if field.init]


class ArrayFile:
    """A `.npy` file that grows by appending items, or rows of `width` items; use as a context manager.

    The header is written again on leaving, when the length is known; numpy pads it to a fixed size.
    """

    def __init__(self, path: Path, dtype: type[np.generic], width: int | None = None) -> None:
        self._path = path
        self._width = width
        self._dtype = np.dtype(dtype)
        self._length = 0
        self._file: BinaryIO | None = None

    def __enter__(self) -> "ArrayFile":
        self._file = self._path.open("wb")
        self._write_header(self._file)
        return self

    def __exit__(self, *_: object) -> None:
        file = cast(BinaryIO, self._file)
        file.seek(0)
        self._write_header(file)
        file.close()

    def append(self, content: bytes) -> None:
        """Add whole items as raw bytes in the machine's order."""
        cast(BinaryIO, self._file).write(content)
        self._length += len(content) // self._dtype.itemsize

    def _write_header(self, file: BinaryIO) -> None:
        width = self._width
        shape = (self._length,) if width is None else (self._length // width, width)
        header = {"descr": npy.dtype_to_descr(self._dtype), "fortran_order": False, "shape": shape}
        npy.write_array_header_1_0(file, header)


def files_under(folder: Path) -> Iterator[Path]:
    """Every file below `folder` except its own manifest, in byte order of its relative path."""
    found = (path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    yield from sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def record_files(folder: Path) -> dict[str, FileRecord]:
    """Size and checksum of every file, flushed to the disk first; keys are relative paths."""
    records = {}
    for path in files_under(folder):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            digest = file_digest(file, "sha256").hexdigest()
        records[path.relative_to(folder).as_posix()] = FileRecord(path.stat().st_size, digest)
    return records


def write_durably(path: Path, content: bytes) -> None:
    """Replace `path` by `content` in one step that survives a crash."""
    draft = path.with_name(path.name + ".draft")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
