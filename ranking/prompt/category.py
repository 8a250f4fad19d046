"""The readable phrase that names the product: "hr software"."""

from collections.abc import Collection, Sequence

from ranking.prompt import cues
from ranking.prompt.meaning import CONCEPT, KEYWORD, Reading
from ranking.prompt.negation import INCLUDED
from ranking.prompt.units import HYPHEN, SLASH, Unit


def product_phrase(
    units: Sequence[Unit], readings: Sequence[Reading], marks: Sequence[int], part: Sequence[int], target: int
) -> tuple[int, int]:
    """Return the code points of the product's phrase, (0, 0) when nothing is sold.

    The phrase is the first run of product words that holds a concept, else the longest; product nouns ("software") belong to it.
    """
    sold = {
        reading.unit: reading.field == CONCEPT for reading in readings if reading.field in (CONCEPT, KEYWORD)
    }
    best, best_rank = (0, 0), (False, 0)
    place = 0
    while place < len(units):
        if not _is_sold(units, place, sold, marks, part, target):
            place += 1
            continue
        end = place + 1
        while (
            end < len(units) and units[end].gap <= SLASH and _goes_on(units, end, sold, marks, part, target)
        ):
            end += 1
        while not _is_sold(units, end - 1, sold, marks, part, target):
            end -= 1
        rank = (any(sold.get(index, False) for index in range(place, end)), end - place)
        if rank[0] > best_rank[0] or (not best_rank[0] and rank > best_rank):
            best, best_rank = (units[place].start, units[end - 1].end), rank
        place = end
    return best


def _is_sold(
    units: Sequence[Unit],
    place: int,
    sold: Collection[int],
    marks: Sequence[int],
    part: Sequence[int],
    target: int,
) -> bool:
    if marks[place] != INCLUDED:
        return False
    return place in sold or (bool(units[place].bits & cues.PRODUCT_NOUN) and part[place] != target)


def _goes_on(
    units: Sequence[Unit],
    place: int,
    sold: Collection[int],
    marks: Sequence[int],
    part: Sequence[int],
    target: int,
) -> bool:
    """A small word between two product words belongs to the phrase ("logiciel de paie")."""
    if _is_sold(units, place, sold, marks, part, target):
        return True
    following = place + 1
    small = units[place].bits & cues.STOP and not units[place].bits & (
        cues.NEGATION | cues.TARGET | cues.ACTION & ~cues.USE
    )
    return bool(
        small
        and following < len(units)
        and units[following].gap <= HYPHEN
        and _is_sold(units, following, sold, marks, part, target)
    )
