"""Arrays in a file whose bytes are the same under every patch version of Python, so that a frozen world stays frozen."""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import numpy as np
import numpy.typing as npt

_ZIP64 = 45
_UNKNOWN = 0xFFFFFFFF
_FIRST_DAY = 0x21
"""The first of January 1980 in MS-DOS's form."""


class _Member(ZipInfo):
    """A stored file with 64-bit sizes, described as Python does from 3.11.4 on; before that sizes stood in both places."""

    def FileHeader(self, zip64: bool | None = None) -> bytes:  # noqa: N802 - zipfile's name
        """The local header; `ZipFile` asks for it before and after the content."""
        del zip64
        self.extract_version = self.create_version = _ZIP64
        name = self.filename.encode()
        extra = struct.pack("<HHQQ", 1, 16, self.file_size, self.compress_size)
        return struct.pack(
            "<4s2B4HL2L2H", b"PK\x03\x04", _ZIP64, self.reserved, self.flag_bits, self.compress_type, 0, _FIRST_DAY,
            self.CRC, _UNKNOWN, _UNKNOWN, len(name), len(extra),
        ) + name + extra  # fmt: skip


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """What `np.load` reads as `np.savez` would have written it."""
    with ZipFile(path, "w") as archive:
        for name, values in arrays.items():
            with archive.open(_Member(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(values), allow_pickle=False)
