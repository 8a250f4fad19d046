"""Rows of a prompts file as the bodies of `POST /query` that they stand for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isnan
from typing import Any

import orjson

from deployments.schemas import QueryBody, checked_body
from ranking.errors import FieldError, InvalidQuery

FIELDS = ("prompt", "limit", "filters", "candidates", "min_score")
"""What a row may say beside `prompt_id`; other columns are left alone."""
_ALIASES = {"query": "prompt", "desired_count": "limit"}
_DEADLINE_MS = 30_000


@dataclass(frozen=True, slots=True)
class PromptRow:
    """One row: `row` is its line in the file; `fault` says why it cannot be read, None where it can."""

    prompt_id: str
    row: int
    values: Mapping[str, Any] = field(default_factory=dict)
    fault: str | None = None

    @property
    def prompt(self) -> str:
        """The prompt as far as there is one."""
        return str(self.values.get("prompt") or "")


def prompt_row(row: int, values: Mapping[str, Any]) -> PromptRow:
    """A row with its known columns; without an id of its own its line is its id, and so it is where bytes are no UTF-8."""
    try:
        named = {_ALIASES.get(name, name): _cell(value) for name, value in values.items()}
    except UnicodeDecodeError:
        return PromptRow(f"row-{row}", row, fault="contains invalid UTF-8")
    kept = {name: named[name] for name in FIELDS if not _is_absent(named.get(name))}
    identity = named.get("prompt_id")
    return PromptRow(f"row-{row}" if _is_absent(identity) else str(identity), row, kept)


def has_prompt(values: Mapping[str, Any]) -> bool:
    """Whether columns have a prompt in them."""
    return not (_is_absent(values.get("prompt")) and _is_absent(values.get("query")))


def prompt_rows(lines: Iterable[tuple[int, Mapping[str, Any], str | None]]) -> Iterator[PromptRow]:
    """The rows of a file's lines, given as number, columns and what makes it unreadable.

    One that repeats an id gets its line into its id, and a fault: two lists under one name could not be told apart.
    """
    seen: dict[str, int] = {}
    for line, values, fault in lines:
        row = prompt_row(line, values)
        first = seen.setdefault(row.prompt_id, line)
        if first != line:
            identity = _free(f"{row.prompt_id}@{line}", seen)
            seen[identity] = line
            yield replace(
                row, prompt_id=identity, fault=f"prompt_id {row.prompt_id!r} is that of row {first}"
            )
        else:
            yield row if fault is None else replace(row, fault=fault)


def body_of(row: PromptRow, as_of: str, limit: int | None) -> QueryBody:
    """The body that asks over HTTP for what this row asks for.

    Args:
        as_of: ISO 8601; what ages count from.
        limit: K of rows that state none; None leaves it to the prompt, as the API does.

    Raises:
        InvalidQuery: as `POST /query`, or a cell holds text that is neither a number nor JSON.
    """
    values = row.values
    options: dict[str, Any] = {"as_of": as_of, "llm": "never", "deadline_ms": _DEADLINE_MS}
    if "min_score" in values:
        options["min_score"] = _number(values["min_score"], "/options/min_score")
    body: dict[str, Any] = {"query": values.get("prompt", ""), "options": options}
    if "limit" in values:
        body["limit"] = _number(values["limit"], "/limit")
    elif limit is not None:
        body["limit"] = limit
    if "filters" in values:
        body["filters"] = _given(_json(values["filters"], "/filters"))
    if "candidates" in values:
        body["candidates"] = _json(values["candidates"], "/candidates")
    return checked_body(body, QueryBody)


def packed(rows: Sequence[PromptRow]) -> bytes:
    """Rows as they travel to a worker."""
    return orjson.dumps([(each.prompt_id, each.row, each.values, each.fault) for each in rows], default=str)


def unpacked(content: bytes) -> list[PromptRow]:
    """What `packed` packed."""
    return [PromptRow(*each) for each in orjson.loads(content)]


def _cell(value: object) -> object:
    """A cell as JSON would have it: a column of integers with gaps comes as floats, with NaN in the gaps; text may come as bytes."""
    if isinstance(value, float):
        if isnan(value):
            return None
        return int(value) if value.is_integer() else value
    return value.decode() if isinstance(value, bytes) else value


def _is_absent(value: object) -> bool:
    """A cell without a value; CSV writes it as nothing, Parquet as null. An empty prompt is absent too: both are refused."""
    return value is None or value == ""


def _free(identity: str, seen: Mapping[str, int]) -> str:
    while identity in seen:
        identity += "'"
    return identity


def _number(value: object, pointer: str) -> object:
    """A number that a CSV cell holds as text; everything else as it is, for the schema to judge."""
    if not isinstance(value, str):
        return value
    try:
        return _cell(orjson.loads(value))
    except orjson.JSONDecodeError as err:
        raise InvalidQuery(
            "The row cannot be used.", (FieldError(pointer, f"{value!r} is no number"),)
        ) from err


def _json(value: object, pointer: str) -> object:
    """A structure, or the JSON of one in a cell of text."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as err:
        raise InvalidQuery("The row cannot be used.", (FieldError(pointer, "is not JSON"),)) from err


def _given(value: object) -> object:
    """Filters without their nulls: a Parquet struct has every field in every row."""
    if not isinstance(value, dict):
        return value
    return {name: _given(each) for name, each in value.items() if each is not None}
