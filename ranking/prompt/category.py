"""The readable phrase that names the product: "hr software"."""

from collections.abc import Sequence

from ranking.prompt import cues
from ranking.prompt.meaning import CONCEPT, KEYWORD
from ranking.prompt.negation import INCLUDED
from ranking.prompt.parts import TARGET
from ranking.prompt.reading import Reading
from ranking.prompt.units import HYPHEN, SLASH, Unit

_SOLD = frozenset({CONCEPT, KEYWORD})
_NO_LINK = cues.NEGATION | cues.TARGET | (cues.ACTION & ~cues.USE)


def product_phrase(
    units: Sequence[Unit], readings: Sequence[Reading], marks: Sequence[int], part: Sequence[int]
) -> tuple[int, int]:
    """Return the code points of the product's phrase, (0, 0) when nothing is sold.

    It is the first run of product words that holds a concept, else the longest. Product nouns ("software") belong
    to a run, and so does a small word between two of its words ("logiciel de paie").
    """
    concepts = {reading.unit for reading in readings if reading.field == CONCEPT}
    sold = _sold(units, readings, marks, part)
    best, best_rank = (0, 0), (False, 0)
    end = 0
    for place, is_sold in enumerate(sold):
        if not is_sold or place < end:
            continue
        end = _run_end(units, place, sold)
        rank = (not concepts.isdisjoint(range(place, end)), end - place)
        if rank[0] > best_rank[0] or (not best_rank[0] and rank > best_rank):
            best, best_rank = (units[place].start, units[end - 1].end), rank
    return best


def _sold(
    units: Sequence[Unit], readings: Sequence[Reading], marks: Sequence[int], part: Sequence[int]
) -> list[bool]:
    """Tell of each unit whether it names the product; an industry does right before such a unit ("hotel software")."""
    sold = [False] * len(units)
    for reading in readings:
        if reading.field in _SOLD and marks[reading.unit] == INCLUDED:
            sold[reading.unit] = True
    for place, unit in enumerate(units):
        if unit.bits & cues.PRODUCT_NOUN and marks[place] == INCLUDED and part[place] != TARGET:
            sold[place] = True
        if sold[place] and place and unit.gap <= HYPHEN and units[place - 1].has("industry"):
            before = place - 1
            sold[before] |= marks[before] == INCLUDED and part[before] != TARGET
    return sold


def _run_end(units: Sequence[Unit], place: int, sold: Sequence[bool]) -> int:
    end = place + 1
    while end < len(units) and units[end].gap <= SLASH:
        if sold[end]:
            end += 1
        elif _links(units, end, sold):
            end += 2
        else:
            break
    return end


def _links(units: Sequence[Unit], place: int, sold: Sequence[bool]) -> bool:
    bits, following = units[place].bits, place + 1
    small = bits & cues.STOP and not bits & _NO_LINK
    return bool(small) and following < len(units) and units[following].gap <= HYPHEN and sold[following]
