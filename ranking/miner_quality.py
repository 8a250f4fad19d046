"""How good a supplier's evidence proved to be with customers, against what its place in the lists let expect (F-9)."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ranking.types import BoolArray, FloatArray

PRIOR_EVENTS: Final = 20.0
FLAGGED_BELOW: Final = 0.35
_CLICKS: Final = 0.6
_CONVERSIONS: Final = 0.4
_SCALE: Final = 0.5
_DEVIATES: Final = 1.6449  # a 90 % interval, 5 % beyond either end
# Places 4 and 5 are nearly one, 1 and 2 are not: standard deviation in the logarithm of the place.
_NEAR_PLACES: Final = 0.35


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


def expected_events(
    own_shown: FloatArray, own_happened: FloatArray, shown: FloatArray, happened: FloatArray
) -> FloatArray:
    """float64[m] events that usual evidence would have met at each supplier's places, by what others met there and nearby.

    One who alone holds a place must not be his own measure: his leads are left out, and places alike in order tell for each
    other. Where others were seldom shown, their rate over all counts, and where there are no others, everybody's.

    Args:
        own_shown, own_happened: float64[m, k] impressions and events of leads that carried the supplier's snippets, by place.
        shown, happened: float64[k] of all leads.
    """
    others_shown, others_happened = shown - own_shown, happened - own_happened
    order = np.log(np.arange(1, len(shown) + 1))
    near = np.exp(-(((order[:, None] - order[None, :]) / _NEAR_PLACES) ** 2) / 2)
    whole = float(happened.sum()) / max(float(shown.sum()), 1.0)
    overall = (others_happened.sum(axis=1) + PRIOR_EVENTS * whole) / (others_shown.sum(axis=1) + PRIOR_EVENTS)
    rates = (others_happened @ near + PRIOR_EVENTS * overall[:, None]) / (others_shown @ near + PRIOR_EVENTS)
    expected: FloatArray = (own_shown * rates).sum(axis=1)
    return expected


def _factor(lift: FloatArray) -> FloatArray:
    bounded: FloatArray = np.minimum(1.0, _SCALE * lift)
    return bounded
