"""How good a supplier's evidence proved to be with customers, against what its place in the lists let expect (F-9)."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ranking.types import BoolArray, FloatArray, IntArray

PRIOR_EVENTS: Final = 20.0
FLAGGED_BELOW: Final = 0.35
_CLICKS: Final = 0.6
_CONVERSIONS: Final = 0.4
_SCALE: Final = 0.5
_DEVIATES: Final = 1.6449  # a 90 % interval, 5 % beyond either end


@dataclass(frozen=True, slots=True)
class MinerQuality:
    """Factors of m suppliers, float64[m] in [0, 1]: `low` <= `factor` <= `high` but for rounding; 0.5 is usual.

    `flagged`: even the upper end of the 90 % interval is below 0.35.
    """

    factor: FloatArray
    low: FloatArray
    high: FloatArray
    flagged: BoolArray


def miner_quality(
    clicks: FloatArray, expected_clicks: FloatArray, conversions: FloatArray, expected_conversions: FloatArray
) -> MinerQuality:
    """Quality factors min(1, 0.5 (0.6 Lc + 0.4 Lv)) with L = (observed + 20) / (expected + 20), and their intervals.

    L is the mean of a gamma distribution that began as 20 events where 20 were expected. The sum of both is taken
    for a gamma of the same mean and variance, its quantiles from Wilson and Hilferty's cube root.

    Args:
        clicks, conversions: float64[m] >= 0, on leads that carried the supplier's snippets.
        expected_clicks, expected_conversions: float64[m] >= 0, as `expected_events` sums them.

    Source: F-9; E. B. Wilson and M. M. Hilferty, The distribution of chi-square, 1931.
    """
    clicked, converted = expected_clicks + PRIOR_EVENTS, expected_conversions + PRIOR_EVENTS
    lift = (
        _CLICKS * (clicks + PRIOR_EVENTS) / clicked + _CONVERSIONS * (conversions + PRIOR_EVENTS) / converted
    )
    variance = (
        _CLICKS**2 * (clicks + PRIOR_EVENTS) / clicked**2
        + _CONVERSIONS**2 * (conversions + PRIOR_EVENTS) / converted**2
    )
    ninth = variance / (9 * lift**2)  # one ninth of the inverse shape
    low = _factor(lift * np.maximum(0.0, 1 - ninth - _DEVIATES * np.sqrt(ninth)) ** 3)
    high = _factor(lift * (1 - ninth + _DEVIATES * np.sqrt(ninth)) ** 3)
    return MinerQuality(_factor(lift), low, high, high < FLAGGED_BELOW)


def position_rates(shown: FloatArray, happened: FloatArray) -> FloatArray:
    """float64[k] baseline rate of an event at each position, drawn to the rate over all where few were shown.

    Args:
        shown, happened: float64[k] impressions and events at positions 1..k, of all suppliers.
    """
    overall = happened.sum() / max(float(shown.sum()), 1.0)
    rates: FloatArray = (happened + PRIOR_EVENTS * overall) / (shown + PRIOR_EVENTS)
    return rates


def expected_events(miner: IntArray, position: IntArray, rates: FloatArray, miners: int) -> FloatArray:
    """float64[miners] events that suppliers of usual evidence would have met at these impressions.

    Args:
        miner: int32[i] supplier with a snippet on the lead that was shown.
        position: int32[i] its place in the list, from 1; places beyond `rates` count as the last.
        rates: float64[k] of `position_rates`.
    """
    place = np.minimum(position, len(rates)) - 1
    return np.bincount(miner, weights=rates[place], minlength=miners).astype(np.float64)


def _factor(lift: FloatArray) -> FloatArray:
    bounded: FloatArray = np.minimum(1.0, _SCALE * lift)
    return bounded
