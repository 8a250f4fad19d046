"""Points in time as files write them. Raises FieldProblem with what to mend."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from ingest.importers.fields import text
from ingest.importers.rows import FieldProblem

CLAMPED = timedelta(hours=24)
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_DIGITS = re.compile(r"\d{9,13}(?:\.\d+)?")
_EPOCH_FLOOR_S = 100_000_000
_EPOCH_CEILING_S = 10_000_000_000
_MILLISECONDS_FROM = 100_000_000_000


def moment(field: str, value: object, now: datetime, order: str | None = None) -> datetime | None:
    """A point in time in UTC, None when empty.

    ISO 8601 (UTC without a zone), seconds or milliseconds since 1970, and M/D/YYYY where it can be read one
    way only, or where `order` ("MDY", "DMY") says what the file's column means. Up to 24 h ahead of `now` is
    `now`; beyond is refused (F-5).
    """
    found = _moment(field, value, order)
    if found is None or found <= now:
        return found
    if found - now <= CLAMPED:
        return now
    raise FieldProblem(field, f"lies more than 24 hours in the future: {found.isoformat()}")


def _moment(field: str, value: object, order: str | None) -> datetime | None:
    if isinstance(value, datetime):
        return _in_utc(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    wording = text(field, value, 80)
    if wording is None:
        return None
    if _DIGITS.fullmatch(wording):
        return _from_epoch(field, float(wording))
    if slashed := _SLASHED.fullmatch(wording):
        return _from_slashed(field, wording, [int(part) for part in slashed.groups()], order)
    try:
        return _in_utc(datetime.fromisoformat(wording))
    except (ValueError, OverflowError) as err:
        raise FieldProblem(field, f"is no ISO 8601 date: {wording!r}") from err


def _in_utc(found: datetime) -> datetime:
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _from_epoch(field: str, number: float) -> datetime:
    seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
    if not _EPOCH_FLOOR_S <= seconds < _EPOCH_CEILING_S:
        raise FieldProblem(field, f"is no plausible number of seconds since 1970: {number:.0f}")
    return datetime.fromtimestamp(seconds, UTC)


def _from_slashed(field: str, wording: str, parts: list[int], order: str | None) -> datetime:
    first, second, year = parts
    readings = {(first, second), (second, first)}
    if order is not None:
        readings = {(first, second) if order == "MDY" else (second, first)}
    valid = {(month, day) for month, day in readings if _is_date(year, month, day)}
    if not valid:
        raise FieldProblem(field, f"is no date: {wording!r}")
    if len(valid) > 1:
        raise FieldProblem(
            field, f"can be read as month/day or day/month: {wording!r}; write it as YYYY-MM-DD"
        )
    ((month, day),) = valid
    return datetime(year, month, day, tzinfo=UTC)


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def slashed_order(values: Iterable[object]) -> str | None:
    """What a column of N/N/YYYY dates means, "MDY" or "DMY".

    None when no date of it can be read one way only, or when they contradict one another.
    """
    found = [
        match for value in values if isinstance(value, str) and (match := _SLASHED.fullmatch(value.strip()))
    ]
    month_first = any(int(match.group(2)) > 12 for match in found)
    day_first = any(int(match.group(1)) > 12 for match in found)
    if month_first == day_first:
        return None
    return "MDY" if month_first else "DMY"
