"""How much older evidence counts (F-5).

Every snippet has one *effective time*: its date, or, when it has none, the older of the time it was first
seen and the date that nine tenths of its kind are younger than. An age is then as_of minus the effective
time, never below 0.
"""

from typing import Annotated, Final

import numpy as np
from pydantic import Field

from ranking.strict import Strict
from ranking.types import SNIPPET_KINDS, BoolArray, ByteArray, FloatArray, SnippetKind

DAY_S: Final = 86_400.0
FUTURE_TOLERANCE_S: Final = DAY_S
OLDEST_SHARE: Final = 0.1


class DecayConfig(Strict):
    """How fast evidence fades (F-5)."""

    tau_days: float = Field(60.0, gt=0, le=3650, description="e-folding time of evidence in days (F-5)")
    tau_days_by_kind: dict[SnippetKind, Annotated[float, Field(gt=0, le=3650)]] = Field(
        default_factory=dict, description="e-folding time in days for single kinds of snippet, > 0 (F-5)"
    )
    floor: float = Field(0.1, ge=0, le=1, description="smallest weight of old evidence, no unit (F-5)")

    def taus(self) -> FloatArray:
        """float64[len(SNIPPET_KINDS)] e-folding times in days, in that order."""
        return np.array([self.tau_days_by_kind.get(kind, self.tau_days) for kind in SNIPPET_KINDS])


def time_decay(age_days: FloatArray, tau_days: FloatArray | float, floor: float) -> FloatArray:
    """Weight evidence by age: max(floor, exp(-age / tau)), 1 when new.

    Args:
        age_days: float64[n], >= 0.
        tau_days: e-folding time, > 0; one for all or float64[n].
        floor: in [0, 1].

    Returns:
        float64[n] in [floor, 1], in input order.

    Source: F-5.
    """
    weight = np.exp(-age_days / tau_days)
    return np.maximum(weight, floor, out=weight)


def ages_days(effective_s: FloatArray, as_of_s: float) -> FloatArray:
    """float64[n] ages in days, 0 for what lies after `as_of_s` (up to 24 h ahead is clamped, F-5)."""
    age = as_of_s - effective_s
    age /= DAY_S
    return np.maximum(age, 0.0, out=age)


def too_far_ahead(observed_s: FloatArray, as_of_s: float) -> BoolArray:
    """bool[n], true for dates more than 24 h after `as_of_s`: such evidence is unknown yet (F-5)."""
    return observed_s > as_of_s + FUTURE_TOLERANCE_S


def effective_times(
    observed_s: FloatArray, first_seen_s: FloatArray, kind: ByteArray, usable: BoolArray
) -> FloatArray:
    """Give every snippet the time from which its age counts.

    The 90 % quantile of a kind's ages belongs to the 10 % quantile of its dates, whatever as_of is, so
    undated
    evidence needs no as_of here: max(P90 age, age since first seen) = as_of - min(that date, first seen). A
        kind without any date takes the quantile of all kinds; with no date at all the time first seen
        stands.

    Args:
        observed_s: float64[n], NaN where undated.
        first_seen_s: float64[n].
        kind: uint8[n] positions in SNIPPET_KINDS.
        usable: bool[n]; whose dates make the quantiles (duplicates and flagged ones would let spam shift
            them).

    Returns:
        float64[n] seconds since the epoch; finite where `first_seen_s` is.

    Source: F-5.
    """
    return effective_before(observed_s, first_seen_s, kind, oldest_dates(observed_s, kind, usable))


def oldest_dates(observed_s: FloatArray, kind: ByteArray, usable: BoolArray) -> FloatArray:
    """float64[kinds] the date that nine tenths of the usable, dated snippets of each kind are younger than.

    A kind without any date takes the quantile of all kinds; inf with no date at all. Source: F-5.
    """
    known = ~np.isnan(observed_s) & usable
    overall = _old_end(observed_s[known], np.inf)
    return np.array(
        [_old_end(observed_s[known & (kind == number)], overall) for number in range(len(SNIPPET_KINDS))]
    )


def effective_before(
    observed_s: FloatArray, first_seen_s: FloatArray, kind: ByteArray, oldest_s: FloatArray
) -> FloatArray:
    """`effective_times` under given `oldest_dates`."""
    return np.where(np.isnan(observed_s), np.minimum(oldest_s[kind], first_seen_s), observed_s)


def _old_end(observed_s: FloatArray, otherwise: float) -> float:
    return float(np.quantile(observed_s, OLDEST_SHARE)) if len(observed_s) else otherwise
