"""Head counts and K: "50-500 people", "mehr als 200 Mitarbeiter", "10k+", "top 50", "20 Firmen"."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from ranking.prompt import cues
from ranking.prompt.units import COMMA, HYPHEN, STOP, Unit
from ranking.types import EmployeeRange

MAX_LIMIT: Final = 2000
_LOOKAHEAD: Final = 4
_PAIR_GAP: Final = 2
_YEARS: Final = range(1900, 2101)
_MONEY: Final = "$\u20ac\u00a3\u00a5%"
_SIGNS: Final = {
    ">": cues.MORE, "\u2265": cues.AT_LEAST, ">=": cues.AT_LEAST, "=>": cues.AT_LEAST,
    "<": cues.LESS, "\u2264": cues.AT_MOST, "<=": cues.AT_MOST, "=<": cues.AT_MOST,
}  # fmt: skip
_DASHES: Final = frozenset("-\u2010\u2011\u2012\u2013\u2014~")


class Quantity(NamedTuple):
    """Units [start, end) that state a head count (`employees`) or K (`limit`)."""

    start: int
    end: int
    employees: EmployeeRange | None
    limit: int | None


class _Numbers(NamedTuple):
    """One number or a range, units [start, end); `joined` when written "50-500", `plus` when written "50+".

    `sign` is the bound that a mark right before it says (">50"), 0 for none.
    """

    start: int
    end: int
    low: int
    high: int | None
    joined: bool
    plus: bool
    sign: int = 0


def read_quantities(prompt: str, units: Sequence[Unit]) -> list[Quantity]:
    """Return head counts and K in order; numbers that count anything else (years, money, shops) are left alone.

    "around n" reads n/2 to 2n, and so does a bare "n employees"; "more than n" begins at n + 1 (F-1).
    """
    found: list[Quantity] = []
    place = 0
    for at, unit in enumerate(units):
        if unit.number is None or at < place:
            continue
        place = at
        numbers = _read_numbers(prompt, units, place)
        quantity = None if _is_money(prompt, units, numbers) else _read_one(units, numbers)
        if quantity is not None:
            found.append(quantity)
        place = max(numbers.end, quantity.end if quantity else 0)
    return _paired(found) if len(found) > 1 else found


def _paired(quantities: Sequence[Quantity]) -> list[Quantity]:
    """Join "more than 50" and "but less than 500" to one range."""
    paired: list[Quantity] = []
    for quantity in quantities:
        last = paired[-1] if paired else None
        if (
            last is not None
            and last.employees
            and quantity.employees
            and quantity.start - last.end <= _PAIR_GAP
        ):
            low = [
                bound.minimum for bound in (last.employees, quantity.employees) if bound.minimum is not None
            ]
            high = [
                bound.maximum for bound in (last.employees, quantity.employees) if bound.maximum is not None
            ]
            if len(low) == len(high) == 1 and low[0] <= high[0]:
                paired[-1] = Quantity(last.start, quantity.end, EmployeeRange(low[0], high[0]), None)
                continue
        paired.append(quantity)
    return paired


def _read_numbers(prompt: str, units: Sequence[Unit], place: int) -> _Numbers:
    low = units[place].number
    assert low is not None
    after = place + 1
    plus = prompt[units[place].end : units[place].end + 1] == "+"
    if after < len(units):
        between = prompt[units[place].end : units[after].start].strip()
        second = units[after].number
        if second is not None and between in _DASHES:
            return _range(place, after + 1, low, second, units[after].text, True)
        if units[after].bits & cues.THROUGH and not plus and after + 1 < len(units):
            second = units[after + 1].number
            if (
                second is not None
                and units[after + 1].gap < COMMA
                and _may_span(units, place, after, second, low)
            ):
                return _range(place, after + 2, low, second, units[after + 1].text, False)
    return _Numbers(place, after, low, None, False, plus, _sign_before(prompt, units, place))


def _sign_before(prompt: str, units: Sequence[Unit], place: int) -> int:
    before = prompt[units[place - 1].end if place else 0 : units[place].start].rstrip()
    return _SIGNS.get(before[-2:].lstrip(" ,;:("), 0) or _SIGNS.get(before[-1:], 0)


def _may_span(units: Sequence[Unit], place: int, through: int, second: int, low: int) -> bool:
    """ "and" makes a range only after "between"."""
    if units[through].bits & cues.AND:
        return place > 0 and bool(units[place - 1].bits & cues.BETWEEN)
    return second > low or "k" in units[through + 1].text


def _range(start: int, end: int, low: int, high: int, text: str, joined: bool) -> _Numbers:
    """Read "1-5k" as 1,000 to 5,000; bounds come out in order."""
    if text.endswith("k") and low < 1000 and low * 1000 <= high:
        low *= 1000
    return _Numbers(start, end, min(low, high), max(low, high), joined, False)


def _is_money(prompt: str, units: Sequence[Unit], numbers: _Numbers) -> bool:
    first, last = units[numbers.start].start, units[numbers.end - 1].end
    around = prompt[max(0, first - 2) : first].rstrip()[-1:] + prompt[last : last + 2].lstrip()[:1]
    return any(mark in _MONEY for mark in around)


def _read_one(units: Sequence[Unit], numbers: _Numbers) -> Quantity | None:
    following = units[numbers.end] if numbers.end < len(units) else None
    bound, start = _bound_before(units, numbers.start)
    bound = numbers.sign or bound
    noun_end = _people_end(units, numbers.end)
    if noun_end or (start > 0 and units[start - 1].bits & cues.PEOPLE and _close(units, start)):
        head = start - 1 if not noun_end else start
        return Quantity(head, noun_end or numbers.end, _employees(numbers, bound), None)
    if following is not None and following.bits & cues.NOT_SIZES and following.gap < COMMA:
        return _limit(units, numbers, start) if following.bits & (cues.LEAD | cues.COMPANY) else None
    limit = _limit(units, numbers, start)
    if limit is not None:
        return limit
    if numbers.low in _YEARS and (numbers.high is None or numbers.high in _YEARS):
        return None
    counted = following is not None and following.is_word and following.gap <= HYPHEN
    stated = numbers.joined or numbers.plus or (bound and numbers.low >= 5) or numbers.high is not None
    if stated and not counted:
        return Quantity(start, numbers.end, _employees(numbers, bound), None)
    return None


def _close(units: Sequence[Unit], start: int) -> bool:
    return units[start].gap != STOP


def _bound_before(units: Sequence[Unit], place: int) -> tuple[int, int]:
    """Return the bound that stands before a number, 0 for none, and where the quantity begins."""
    if place == 0 or units[place].gap >= COMMA:
        return 0, place
    bits = units[place - 1].bits
    if bits & cues.BOUND:
        return bits & cues.BOUND, place - 1
    if bits & cues.BETWEEN:
        return 0, place - 1
    return 0, place


def _people_end(units: Sequence[Unit], place: int) -> int:
    """Return the end of "employees" or "full-time employees" after a number, 0 where there is none."""
    for end in range(place, min(place + 2, len(units))):
        unit = units[end]
        if unit.gap >= COMMA:
            return 0
        if end == place and unit.has("role") and _is_had(units, place - 1):
            return end + 1
        if unit.bits & cues.PEOPLE:
            return end + 1
        if not unit.is_word and unit.bits != cues.STOP:
            return 0
    return 0


def _is_had(units: Sequence[Unit], number: int) -> bool:
    """Tell whether people of some profession are counted: "with at least 10 lawyers"."""
    _, start = _bound_before(units, number)
    return start < number and start > 0 and bool(units[start - 1].bits & cues.WITH)


def _employees(numbers: _Numbers, bound: int) -> EmployeeRange:
    low, high = numbers.low, numbers.high
    if high is not None:
        return EmployeeRange(low, high)
    if numbers.plus or bound & cues.AT_LEAST:
        return EmployeeRange(low, None)
    if bound & cues.MORE:
        return EmployeeRange(low + 1, None)
    if bound & cues.LESS:
        return EmployeeRange(None, max(low - 1, 0))
    if bound & cues.AT_MOST:
        return EmployeeRange(None, low)
    return EmployeeRange(max(low // 2, 1), 2 * low)


def _limit(units: Sequence[Unit], numbers: _Numbers, start: int) -> Quantity | None:
    """Read K from "top 50", "50 leads", "20 fintech startups in ..." at the beginning of a request."""
    if numbers.high is not None and numbers.end < len(units) and units[numbers.end].bits & cues.LEAD:
        return Quantity(numbers.start, numbers.end, None, min(numbers.high, MAX_LIMIT))
    if numbers.high is not None or numbers.plus or not 1 <= numbers.low <= MAX_LIMIT:
        return None
    before = units[numbers.start - 1].bits if numbers.start and units[numbers.start].gap < COMMA else 0
    if (before & cues.ABOUT and _is_asked(units, numbers)) or (
        before & cues.TOP and not (before & cues.BOUND and not _counts_leads(units, numbers.end))
    ):
        return Quantity(numbers.start - 1, numbers.end, None, numbers.low)
    if before & (cues.PREPOSITION | cues.BOUND) & ~cues.TARGET or (
        start < numbers.start and not before & cues.REQUEST
    ):
        return None
    named = numbers.start and units[numbers.start - 1].is_word and units[numbers.start].gap < COMMA
    if not named and _counts_leads(units, numbers.end):
        return Quantity(numbers.start, numbers.end, None, numbers.low)
    return None


def _is_asked(units: Sequence[Unit], numbers: _Numbers) -> bool:
    """ "find me about 40 decision makers" """
    asks = any(unit.bits & cues.REQUEST for unit in units[max(numbers.start - _LOOKAHEAD, 0) : numbers.start])
    return asks and _counts_leads(units, numbers.end)


def _counts_leads(units: Sequence[Unit], place: int) -> bool:
    """Tell whether a noun for companies or contacts follows, with only words that describe it between."""
    for unit in units[place : place + _LOOKAHEAD]:
        if unit.gap >= COMMA:
            return False
        if unit.bits & (cues.COMPANY | cues.LEAD | cues.EXEMPLAR_TARGET):
            return True
        if any(entry.kind in {"industry", "size", "role", "seniority"} for entry in unit.entries):
            return True
        if unit.bits & ~(cues.STOP | cues.TOP | cues.NOUN):
            return False
    return False
