"""How what is paid to suppliers is shared: for what they found first, and for what they confirmed (F-8)."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ranking.types import BoolArray, ByteArray, FloatArray, IntArray

WINDOW_DAYS: Final = (14.0, 30.0, 90.0)
_WINDOW_WEIGHTS: Final = np.array((0.55, 0.25, 0.20))
_SOURCING: Final = 0.4
_CURATING: Final = 0.6

NOTHING: Final = 0
SOURCED: Final = 1
CURATED: Final = 2


@dataclass(frozen=True, slots=True)
class Emissions:
    """Shares that sum to 1.

    Attributes:
        share: float64[m] >= 0 of each supplier.
        sourcing, curating: float64[m], the parts of `share` by role.
        treasury: 1 when nobody earned anything, else 0.
    """

    share: FloatArray
    sourcing: FloatArray
    curating: FloatArray
    treasury: float


def roles(event: IntArray, miner: IntArray, seen_s: FloatArray, counted: BoolArray) -> ByteArray:
    """uint8[s] what each snippet is to its event: SOURCED the first, CURATED the first of each other supplier, else NOTHING.

    Args:
        event: int32[s] what the snippet tells of.
        miner: int32[s] suppliers.
        seen_s: float64[s] when its first revision came; at one moment the earlier row is first.
        counted: bool[s] false for spam, repeats and flagged ones; they neither earn nor keep others from being first.
    """
    role = np.full(len(event), NOTHING, dtype=np.uint8)
    rows = np.flatnonzero(counted)
    rows = rows[np.lexsort((rows, seen_s[rows], event[rows]))]
    _, first = np.unique(event[rows], return_index=True)
    _, own = np.unique(np.column_stack((event[rows], miner[rows])), axis=0, return_index=True)
    role[rows[own]] = CURATED
    role[rows[first]] = SOURCED
    return role


def credits_by_window(
    miner: IntArray, role: ByteArray, points: FloatArray, age_days: FloatArray, miners: int
) -> FloatArray:
    """float64[2, 3, miners] points earned by sourcing and by curating within the last 14, 30 and 90 days.

    Args:
        miner: int32[c] supplier of a snippet that stood behind a returned lead, once for each lead.
        role: uint8[c] of `roles`.
        points: float64[c] >= 0, the snippet's points of the lead's waterfall.
        age_days: float64[c] since the lead was returned.
    """
    earned = np.zeros((2, len(WINDOW_DAYS), miners))
    for kind, wanted in enumerate((SOURCED, CURATED)):
        for window, days in enumerate(WINDOW_DAYS):
            within = (role == wanted) & (age_days >= 0) & (age_days <= days)
            earned[kind, window] = np.bincount(miner[within], weights=points[within], minlength=miners)
    return earned


def emissions(earned: FloatArray, quality: FloatArray, barred: BoolArray) -> Emissions:
    """Shares proportional to quality x (0.4 sourcing + 0.6 curating), each blended from its windows.

    Within one role and window points count as shares of all that was earned there by suppliers who are not barred, so that a busy
    quarter does not outweigh the last fortnight. Earning more never lowers one's share.

    Args:
        earned: float64[2, 3, m] of `credits_by_window`, >= 0.
        quality: float64[m] miner quality factors, >= 0.
        barred: bool[m] flagged or throttled: they earn nothing.

    Source: F-8.
    """
    allowed = np.where(barred, 0.0, earned)
    most = allowed.max(axis=2, keepdims=True, initial=0.0)
    scaled = allowed / np.where(most > 0, most, 1.0)  # sums of the smallest and largest floats stay finite
    total = scaled.sum(axis=2, keepdims=True)
    blended = np.einsum("kwm,w->km", scaled / np.where(total > 0, total, 1.0), _WINDOW_WEIGHTS)
    weighed = blended * np.array([[_SOURCING], [_CURATING]]) * quality
    whole = float(weighed.sum())
    if whole <= 0.0:
        nobody = np.zeros(len(quality))
        return Emissions(nobody, nobody, nobody, 1.0)
    sourcing, curating = weighed / whole
    return Emissions(sourcing + curating, sourcing, curating, 0.0)
