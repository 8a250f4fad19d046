"""Identity and content of records as hashes: what is the same record, and whether it changed."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b, sha256

import orjson

from ranking.text import fold

_SORTED = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


def json_text(value: Mapping[str, object]) -> str:
    """Canonical JSON: keys sorted; values JSON has not (decimals, times of day) as text."""
    return orjson.dumps(value, default=str, option=_SORTED).decode()


def content_hash(columns: Sequence[object]) -> str:
    """128-bit hash of a record's stored columns, in hexadecimal: equal when nothing stored would change."""
    return blake2b(orjson.dumps(columns, default=str, option=_SORTED), digest_size=16).hexdigest()


def snippet_identity(miner_id: str, company_id: str, kind: str, text: str, url: str | None) -> str:
    """Derived snippet id: SHA-256 of miner, company, kind, normalised text and URL ("Identity of a snippet").

    Text is normalised by folding and by one space between words, so that re-wrapping it makes no new snippet.
    """
    normalised = " ".join(fold(text).split())
    return _digest(miner_id, company_id, kind, normalised, url or "")


def event_identity(*parts: str) -> str:
    """Derived outcome id: SHA-256 of what makes the event."""
    return _digest(*parts)


def _digest(*parts: str) -> str:
    # JSON keeps the parts apart: ("ab", "c") and ("a", "bc") must differ.
    return sha256(orjson.dumps(parts)).hexdigest()
