"""Fields and rows of COPY's text format, made from JSON encoding.

asyncpg's own encoding of records looks at every element of every array in Python; a JSON list of texts or numbers is an
array literal but for its brackets.

Source: PostgreSQL 18 documentation, "COPY", "File Formats", and "Array Input and Output Syntax".
"""

from collections.abc import Iterable, Sequence

import numpy as np
import orjson
from numpy.typing import NDArray

_ESCAPES = ((b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n"), (b"\r", b"\\r"))


def text_field(text: str) -> bytes:
    """A text; a NUL in it is for Postgres to refuse."""
    field = text.encode()
    for plain, escaped in _ESCAPES:
        field = field.replace(plain, escaped)
    return field


def json_field(document: bytes) -> bytes:
    """A JSON document in UTF-8 and on one line."""
    return document.replace(b"\\", b"\\\\")


def array_field(values: Sequence[str] | Sequence[float] | NDArray[np.float32]) -> bytes:
    """An array of texts or of numbers, NaN as NULL."""
    inner = orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
    if b"\\" not in inner:
        return b"{" + inner + b"}"
    return text_field("{" + ",".join(_quoted(str(value)) for value in values) + "}")


def copy_row(fields: Iterable[bytes]) -> bytes:
    """One row, with its end."""
    return b"\t".join(fields) + b"\n"


def _quoted(text: str) -> str:
    """JSON's escapes of control characters mean nothing in an array literal, which takes the characters themselves."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
