"""Strict JSON: UTF-8, no repeated member names, no NUL; what is wrong is named by its JSON pointer."""

import json
from collections.abc import Iterator, Sequence

import orjson

from ranking.errors import FieldError, InvalidQuery

_FAULTS_SHOWN = 20
_NUL_ESCAPE = b"\\u0000"
_MOST_LEVELS = 100


def read_json(content: bytes) -> object:
    """The value of a request body.

    Raises:
        InvalidQuery: not JSON in UTF-8, nested too deeply, a member named twice, or a NUL in a text (no database column
            takes one).
    """
    try:
        value: object = orjson.loads(content)
    except orjson.JSONDecodeError as err:
        place = f"cannot be read at line {err.lineno}, column {err.colno}"
        raise InvalidQuery("The body is not JSON in UTF-8.", (FieldError("", place),)) from err
    if _is_too_deep(content, value):
        raise InvalidQuery("The body is nested too deeply.", (FieldError("", "nested too deeply"),))
    faults = _repeated_members(content, value)
    if _NUL_ESCAPE in content:
        faults += [FieldError(pointer, "contains U+0000") for pointer, text in _texts(value) if "\0" in text]
    if faults:
        raise InvalidQuery("The request cannot be used as it is.", tuple(faults[:_FAULTS_SHOWN]))
    return value


def pointer_of(location: Sequence[int | str]) -> str:
    """RFC 6901."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


class _Members(dict[str, object]):
    """An object whose text named a member twice."""

    repeated: tuple[str, ...] = ()


def _repeated_members(content: bytes, value: object) -> list[FieldError]:
    """Which of two values is meant, nobody knows; orjson takes the last and the signer of a request perhaps the first."""
    if _is_without_repetition(content, value):
        return []
    found = False

    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal found
        value = dict(pairs)
        if len(value) == len(pairs):
            return value
        found = True
        names = [name for name, _ in pairs]
        twice = _Members(value)
        twice.repeated = tuple(dict.fromkeys(name for name in names if names.count(name) > 1))
        return twice

    marked = json.loads(content, object_pairs_hook=members)
    if not found:
        return []
    return [
        FieldError(pointer_of((*location, name)), "is given twice")
        for location, each in _nodes(marked)
        if isinstance(each, _Members)
        for name in each.repeated
    ]


def _is_without_repetition(content: bytes, value: object) -> bool:
    """Whether no member can have been named twice, without a second reading.

    Each member has a colon, and what orjson keeps has all others, those in texts, as long as no escape hides one.
    """
    return b"\\" not in content and content.count(b":") == orjson.dumps(value).count(b":")


def _is_too_deep(content: bytes, value: object) -> bool:
    """Whether there are more levels than any request has; few brackets need no look."""
    if content.count(b"[") + content.count(b"{") <= _MOST_LEVELS:
        return False
    return any(len(location) >= _MOST_LEVELS for location, _ in _nodes(value))


def _texts(value: object) -> Iterator[tuple[str, str]]:
    for location, each in _nodes(value):
        if isinstance(each, str):
            yield pointer_of(location), each
        elif isinstance(each, dict):
            yield from ((pointer_of((*location, name)), name) for name in each)


def _nodes(value: object) -> Iterator[tuple[tuple[int | str, ...], object]]:
    """Every value with its location, parents first; without recursion, as the depth is the caller's choice."""
    waiting: list[tuple[tuple[int | str, ...], object]] = [((), value)]
    while waiting:
        location, each = waiting.pop()
        yield location, each
        if isinstance(each, dict):
            waiting += [((*location, name), child) for name, child in reversed(each.items())]
        elif isinstance(each, list):
            waiting += [((*location, at), each[at]) for at in range(len(each) - 1, -1, -1)]
