"""Values of single fields: text, counts, lists, objects. Each raises FieldProblem with what to mend."""

import math
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import orjson

from ingest.importers.rows import FieldProblem

MAX_ID_CHARS = 256
MAX_TEXT_CHARS = 100_000
MAX_ITEMS = 1_000
_MAX_EMPLOYEES = 10_000_000
_BUCKET_ENDS = frozenset((1, 10, 50, 200, 500, 1_000, 5_000, 10_000))
# "NA" is not among them: it is Namibia's code.
_PLACEHOLDERS = frozenset(
    ("unknown", "unspecified", "not specified", "undisclosed", "n/a", "none", "null", "nan", "-", "--", "?")
)
_TRUE = frozenset(("true", "t", "yes", "y", "1", "active"))
_FALSE = frozenset(("false", "f", "no", "n", "0", "inactive"))
_GROUPS = re.compile(r"(?<=\d)[,.'\u2019\u00a0\u202f ](?=\d{3}(?!\d))")
_RANGE = re.compile(r"(\d+) *(?:-|\u2013|\u2014|to|\.\.) *(\d+)")
_OPEN = re.compile(r"(?:(?:over|more than|>=?) *(\d+)|(\d+) *\+)")
_NUMBER = re.compile(r"(?:about|approx\.?|ca\.?|~)? *(\d+)(?:\.0+)?")
_EMPLOYEE_WORDS = re.compile(r"\b(?:employees?|people|staff|fte)\b", re.IGNORECASE)


def text(field: str, value: object, limit: int = MAX_TEXT_CHARS) -> str | None:
    """The trimmed text, None when empty; numbers are written out, a list or an object is refused."""
    if isinstance(value, str):
        cleaned = value.strip()
    elif value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    elif isinstance(value, bool) or not isinstance(value, int | float | Decimal | date):
        raise FieldProblem(field, f"must be text: {_shown(value)}")
    else:
        cleaned = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if len(cleaned) > limit:
        raise FieldProblem(field, f"is longer than {limit} characters")
    return cleaned or None


def category(field: str, value: object, limit: int = 200) -> str | None:
    """Like `text`; wordings that stand for an empty cell ("Unknown", "n/a") are None too."""
    found = text(field, value, limit)
    return None if found is None or found.lower() in _PLACEHOLDERS else found


def required(field: str, value: object, limit: int = MAX_TEXT_CHARS) -> str:
    """Like `text`, refused when empty."""
    found = text(field, value, limit)
    if found is None:
        raise FieldProblem(field, "is required")
    return found


def employee_count(field: str, value: object) -> tuple[int | None, str | None]:
    """Head count, and the wording when it is not one number.

    "51-200" is its middle (125); "1,000+" the next bucket's first number (1001), "300+" 300; 0 is unknown
    (None). Words are unknown too, with their wording. A negative or absurd number is refused.
    """
    wording = category(field, value)
    if wording is None:
        return None, None
    plain = _EMPLOYEE_WORDS.sub("", _GROUPS.sub("", wording)).strip().lower()
    if found := _NUMBER.fullmatch(plain):
        return _plausible(field, int(found.group(1)), wording), None
    if found := _RANGE.fullmatch(plain):
        low, high = int(found.group(1)), int(found.group(2))
        if low > high:
            raise FieldProblem(field, f"is a range that runs backwards: {wording!r}")
        return _plausible(field, (low + high) // 2, wording), wording
    if found := _OPEN.fullmatch(plain):
        least = int(found.group(1) or found.group(2))
        return _plausible(field, least + 1 if least in _BUCKET_ENDS else least, wording), wording
    if plain.startswith("-"):
        raise FieldProblem(field, f"is negative: {wording!r}")
    return None, wording


def _plausible(field: str, count: int, wording: str) -> int | None:
    if count > _MAX_EMPLOYEES:
        raise FieldProblem(field, f"is more than {_MAX_EMPLOYEES}: {wording!r}")
    return count or None


def whole_number(field: str, value: object, least: int, most: int) -> int | None:
    """An integer in [least, most], None when empty."""
    wording = text(field, int(value) if isinstance(value, bool) else value, 40)
    if wording is None:
        return None
    try:
        number = Decimal(wording)
    except ArithmeticError as err:
        raise FieldProblem(field, f"must be a whole number: {wording!r}") from err
    if not number.is_finite() or number != number.to_integral_value() or not least <= number <= most:
        raise FieldProblem(field, f"must be a whole number from {least} to {most}: {wording!r}")
    return int(number)


def flag(field: str, value: object, default: bool) -> bool:
    """True or False from the usual wordings, `default` when empty."""
    if isinstance(value, bool):
        return value
    wording = text(field, value, 40)
    if wording is None:
        return default
    if wording.lower() in _TRUE:
        return True
    if wording.lower() in _FALSE:
        return False
    raise FieldProblem(field, f"must be true or false: {wording!r}")


def items(field: str, value: object) -> tuple[str, ...]:
    """Distinct texts of a list, a JSON array, or a text separated by ";" or "|", in order."""
    parsed = value
    if isinstance(value, str):
        parsed = _split(field, value.strip())
    if parsed is None:
        return ()
    if not isinstance(parsed, list | tuple):
        parsed = [parsed]
    if len(parsed) > MAX_ITEMS:
        raise FieldProblem(field, f"has more than {MAX_ITEMS} items")
    found = (text(field, item, 500) for item in parsed)
    return tuple(dict.fromkeys(item for item in found if item is not None))


def _split(field: str, wording: str) -> list[object]:
    if wording.startswith("["):
        try:
            parsed = orjson.loads(wording)
        except orjson.JSONDecodeError as err:
            raise FieldProblem(field, f"starts like a JSON array but is none: {err.msg}") from err
        return list(parsed)
    separator = ";" if ";" in wording else "|"
    return [part.strip() for part in wording.split(separator)]


def attributes(field: str, value: object) -> dict[str, object]:
    """An object, given as one or as JSON text; {} when empty."""
    parsed = value
    if isinstance(value, str):
        if not value.strip():
            return {}
        try:
            parsed = orjson.loads(value)
        except orjson.JSONDecodeError as err:
            raise FieldProblem(field, f"must be a JSON object: {err.msg}") from err
    if parsed is None:
        return {}
    if not isinstance(parsed, Mapping):
        raise FieldProblem(field, f"must be an object: {_shown(parsed)}")
    return {str(key): item for key, item in parsed.items()}


def _shown(value: object) -> str:
    return repr(value)[:60]
