"""What a language model says that a customer's prompt asks for, taken out of its reply; or an error of that call.

The reply is a list of readings: a field of the query, a value, and the words of the prompt that say so; and one like it for a
request of known answer. Nothing here knows which values exist: `models.llm.reading_codes` does.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from models.llm.control import Control
from models.llm.reply import GarbledReply
from ranking.wire import Wired

TARGET_FIELDS: Final = (
    "industries", "employees", "countries", "regions", "cities", "roles", "seniorities", "technologies", "stages",
)  # fmt: skip
BESIDE: Final = "beside"
LIMIT: Final = "limit"
CATEGORY: Final = "product.category"
FIELDS: Final = (
    CATEGORY,
    "product.concepts",
    "product.keywords",
    "product.comparisons",
    *(f"include.{name}" for name in TARGET_FIELDS),
    *(f"exclude.{name}" for name in (*TARGET_FIELDS, "companies", "keywords")),
    "exemplars",
    LIMIT,
    BESIDE,
)
"""As in `ranking.types.Span.field`; `beside` marks words that ask for nothing, such as the seller's own address."""

MOST_READINGS: Final = 60
_LONGEST: Final = 40_000
_VALUE_CHARACTERS: Final = 200
_LANGUAGE: Final = re.compile(r"[a-z]{2}")
_KEYS: Final = frozenset({"field", "value", "words"})


@dataclass(frozen=True, slots=True)
class Heard(Wired):
    """One reading as the model wrote it, believed in nothing: `words` need not stand in the prompt, `value` need not exist."""

    field: str
    value: str
    words: str


@dataclass(frozen=True, slots=True)
class Said(Wired):
    """A whole reply. `language` is two letters, "" when it names none."""

    language: str
    heard: tuple[Heard, ...]


def read_said(content: str, control: Control) -> Said:
    """The readings of the customer's prompt.

    Raises:
        GarbledReply: no JSON, other keys than asked for, a key twice, an unknown field, a value that is no short text, or more
            readings than a prompt can have; or the control request was read wrongly.
    """
    document = _document(content)
    if set(document) != {"control", "language", "readings"} or not isinstance(document["language"], str):
        raise _garbled("wrong_shape")
    known, heard = _readings(document["control"]), _readings(document["readings"])
    if not control.is_passed([(each.field, each.value) for each in known]):
        raise _garbled("sentinels")
    return Said(document["language"] if _LANGUAGE.fullmatch(document["language"]) else "", heard)


def _readings(listed: object) -> tuple[Heard, ...]:
    """In order, once each."""
    if not isinstance(listed, list):
        raise _garbled("wrong_shape")
    if len(listed) > MOST_READINGS:
        raise _garbled("too_long")
    return tuple(dict.fromkeys(map(_heard, listed)))


def _document(content: str) -> Mapping[str, Any]:
    if len(content) > _LONGEST:
        raise _garbled("too_long")
    try:
        document = json.loads(content, object_pairs_hook=_object)
    except (ValueError, RecursionError) as err:
        raise _garbled("not_json") from err
    if not isinstance(document, Mapping):
        raise _garbled("wrong_shape")
    return document


def _heard(reading: object) -> Heard:
    if not isinstance(reading, Mapping) or set(reading) != _KEYS:
        raise _garbled("wrong_shape")
    field, value, words = reading["field"], reading["value"], reading["words"]
    if field not in FIELDS or not isinstance(value, str) or not isinstance(words, str):
        raise _garbled("wrong_shape")
    if len(value) > _VALUE_CHARACTERS or (len(words) > _VALUE_CHARACTERS and field != BESIDE):
        raise _garbled("too_long")
    return Heard(field, value, words)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _garbled("double_key")
    return found


def _garbled(reason: str) -> GarbledReply:
    return GarbledReply("llm", reason)
