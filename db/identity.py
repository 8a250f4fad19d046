"""Identity and content of records as hashes: the same record is the same, whichever way it comes in."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b, sha256

import orjson

_SORTED = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


def json_text(value: Mapping[str, object]) -> str:
    """Canonical JSON: keys sorted; values JSON has not (decimals, times of day) as text."""
    return orjson.dumps(value, default=str, option=_SORTED).decode()


def content_hash(columns: Sequence[object]) -> str:
    """128-bit hash of a record's stored columns, in hexadecimal: equal when nothing stored would change."""
    return blake2b(orjson.dumps(columns, default=str, option=_SORTED), digest_size=16).hexdigest()


def event_identity(*parts: str) -> str:
    """Derived outcome id: SHA-256 of what makes the event."""
    return digest(*parts)


def digest(*parts: str) -> str:
    """SHA-256 of texts that are kept apart, in hexadecimal: ("ab", "c") and ("a", "bc") differ."""
    return sha256(orjson.dumps(parts)).hexdigest()
