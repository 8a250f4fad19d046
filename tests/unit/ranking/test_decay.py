import math

import numpy as np
import pytest
from pydantic import ValidationError

from ranking.decay import DAY_S, DecayConfig, ages_days, effective_times, time_decay, too_far_ahead
from ranking.types import SNIPPET_KINDS

NEWS, JOB = SNIPPET_KINDS.index("news"), SNIPPET_KINDS.index("job_posting")
NAN = math.nan


def effective(
    observed: list[float], first_seen: list[float], kind: list[int], usable: list[bool] | None = None
):
    return effective_times(
        np.array(observed),
        np.array(first_seen),
        np.array(kind, dtype=np.uint8),
        np.array([True] * len(observed) if usable is None else usable, dtype=bool),
    ).tolist()


def test_weight_falls_exponentially_and_stops_at_the_floor() -> None:
    weights = time_decay(np.array([0.0, 45.0, 90.0, 1000.0]), 90.0, 0.1)
    assert weights.tolist() == pytest.approx([1.0, math.exp(-0.5), math.exp(-1.0), 0.1])


def test_each_snippet_may_have_its_own_tau() -> None:
    assert time_decay(np.array([30.0, 30.0]), np.array([30.0, 60.0]), 0.0).tolist() == pytest.approx(
        [math.exp(-1.0), math.exp(-0.5)]
    )


def test_ages_are_days_and_never_negative() -> None:
    assert ages_days(np.array([0.0, 3 * DAY_S, 11 * DAY_S]), 10 * DAY_S).tolist() == [10.0, 7.0, 0.0]


def test_up_to_a_day_ahead_is_known() -> None:
    dates = np.array([10 * DAY_S, 11 * DAY_S, 11 * DAY_S + 1, NAN])
    assert too_far_ahead(dates, 10 * DAY_S).tolist() == [False, False, True, False]


def test_dated_evidence_keeps_its_date() -> None:
    assert effective([5.0, 7.0], [100.0, 100.0], [NEWS, JOB]) == [5.0, 7.0]


def test_undated_evidence_is_as_old_as_the_oldest_tenth_of_its_kind() -> None:
    # ten ages 100..110 days at day 110, nine tenths of them at most 109
    days = [float(day) for day in range(11)]
    found = effective([*days, NAN, NAN], [99.0] * 11 + [50.0, 0.5], [NEWS] * 11 + [NEWS, NEWS])
    assert found[-2:] == [1.0, 0.5]


def test_the_quantile_looks_at_the_own_kind_and_at_usable_evidence_alone() -> None:
    found = effective(
        [10.0, 900.0, 2.0, NAN], [999.0] * 4, [NEWS, JOB, NEWS, NEWS], [True, True, False, True]
    )
    assert found[3] == 10.0


def test_a_kind_without_dates_takes_the_quantile_of_all_kinds() -> None:
    assert effective([0.0, 10.0, NAN], [999.0] * 3, [NEWS, NEWS, JOB])[2] == pytest.approx(0.1 * 10.0)


def test_without_any_date_the_first_sight_counts() -> None:
    assert effective([NAN, NAN], [3.0, 4.0], [NEWS, JOB]) == [3.0, 4.0]
    assert effective([], [], []) == []


def test_stripping_the_date_of_any_but_the_oldest_tenth_makes_evidence_older() -> None:
    days = [float(day) for day in range(30)]
    for number in range(4, 30):
        stripped = [NAN if day == number else day for day in days]
        assert effective(stripped, [50.0] * 30, [NEWS] * 30)[number] < number


def test_taus_follow_the_kinds() -> None:
    taus = DecayConfig(tau_days=60.0, tau_days_by_kind={"funding": 200.0}).taus()
    assert taus.tolist() == [200.0 if kind == "funding" else 60.0 for kind in SNIPPET_KINDS]


@pytest.mark.parametrize(
    "wrong",
    [
        {"tau_days": 0},
        {"floor": 1.5},
        {"tau_days_by_kind": {"funding": 0}},
        {"tau_days_by_kind": {"x": 1}},
        {"tau": 9},
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DecayConfig.model_validate(wrong)
