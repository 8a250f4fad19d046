"""What a list is worth, how sure that is, and how rankings are brought together: all as arithmetic."""

import json
import math

import numpy as np
import pytest

from bench.evaluation import page
from bench.evaluation.cases import half_of
from bench.evaluation.lifts import Field, rows
from bench.evaluation.measures import (
    average_precision,
    calibration_error,
    graded_ndcg,
    ndcg_at,
    precision_at,
    reliability,
)
from bench.evaluation.resampling import Resampler
from bench.evaluation.variants import (
    REFERENCE,
    all_variants,
    places,
    reciprocal_ranks,
    standardised,
)


def flags(*hits):
    return np.array(hits, dtype=bool)


def test_a_short_list_is_not_forgiven():
    assert precision_at(flags(1, 0, 1), 25) == 2 / 25
    assert precision_at(flags(*[1] * 30), 25) == 1.0


def test_a_hit_counts_by_its_place():
    best = 1.0 + 1.0 / math.log2(3)
    assert ndcg_at(flags(1, 0, 1), 2, 25) == pytest.approx((1.0 + 1.0 / math.log2(4)) / best)
    assert ndcg_at(flags(0, 0, 1), 2, 2) == 0.0
    assert ndcg_at(flags(1), 0, 10) == 0.0


def test_wanted_who_are_not_listed_lower_average_precision():
    assert average_precision(flags(1, 0, 1), 4) == pytest.approx((1 / 1 + 2 / 3) / 4)


def test_graded_gains_are_held_against_their_best_order():
    gains = np.array([1.0, 3.0])
    assert graded_ndcg(gains, 10) == pytest.approx((1.0 + 3.0 / math.log2(3)) / (3.0 + 1.0 / math.log2(3)))
    assert graded_ndcg(np.zeros(3), 10) == 0.0


def test_reliability_bins_have_equally_many_predictions_and_keep_ties_together():
    stated = np.array([0.1, 0.1, 0.1, 0.4, 0.6, 0.9])
    curve = reliability(stated, flags(0, 0, 1, 1, 1, 1), 3)
    assert [each.count for each in curve] == [4, 2]  # two of the three edges are .1
    assert [each.happened for each in curve] == pytest.approx([2 / 4, 1.0])
    expected = (4 * abs(0.175 - 0.5) + 2 * abs(0.75 - 1.0)) / 6
    assert calibration_error(curve) == pytest.approx(expected)
    assert math.isnan(calibration_error(reliability(np.zeros(0), flags(), 3)))


def test_whole_products_are_drawn():
    # two products that each have a spread of their own, but the same mean: nothing is uncertain
    found = Resampler(["a", "a", "b", "b"], 1).mean(np.array([0.2, 0.4, 0.2, 0.4]))
    assert (round(found.mean, 9), round(found.low, 9), round(found.high, 9)) == (0.3, 0.3, 0.3)
    wide = Resampler(["a", "b", "c", "d"], 1).mean(np.array([0.2, 0.4, 0.2, 0.4]))
    assert wide.low < 0.3 < wide.high


def test_a_rate_weighs_members_by_how_much_they_have():
    found = Resampler(["a", "b"], 1).ratio(np.array([1.0, 0.0]), np.array([1.0, 9.0]))
    assert found.mean == 0.1
    assert (found.low, found.high) == (0.0, 1.0)
    assert Resampler(["a"], 1).ratio(np.zeros(1), np.zeros(1)).count == 0


def test_a_comparison_is_paired():
    draws = Resampler([str(each) for each in range(20)], 3)
    theirs = np.random.default_rng(5).random(20)
    gain, better = draws.better(theirs + 0.01, theirs)
    assert (round(gain.mean, 9), better) == (0.01, 1.0)  # however much the prompts differ
    assert draws.better(theirs, theirs)[1] == 0.5


def test_a_product_stays_in_its_half():
    # SHA-256 of "crm" begins with 92, of "hris" with b1, of "ats" with 33
    assert {name: half_of(name) for name in ("crm", "hris", "ats")} == {
        "crm": "tuning",
        "hris": "final",
        "ats": "final",
    }


def test_lift_is_the_rate_at_the_top_over_the_rate_of_all():
    labels = flags(*[1] * 10, *[0] * 90)
    found = rows(Field(labels, {"best": -np.arange(100.0), "none": np.zeros(100)}), "best", 1)
    assert found["best"]["lift_at_0.1"]["mean"] == 10.0
    assert found["best"]["lift_at_0.05"]["mean"] == 10.0
    assert found["best"]["auc"]["mean"] == 1.0
    # equal scores are worth what any order of them is on average
    assert found["none"]["lift_at_0.1"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert found["none"]["auc"]["mean"] == 0.5
    assert found["none"]["auc_gain"]["better"] == 0.0


def test_ranks_are_fused_by_place_and_equal_scores_share_theirs():
    assert places(np.array([5.0, 1.0, 5.0])).tolist() == [1.5, 3.0, 1.5]
    fused = reciprocal_ranks(np.array([3.0, 2.0]), np.array([0.0, 9.0]), k=60.0)
    assert fused.tolist() == pytest.approx([1 / 61 + 1 / 62, 1 / 62 + 1 / 61])


def test_a_leg_is_put_on_the_spread_of_its_own_scores():
    assert standardised(np.array([1.0, 3.0])).tolist() == pytest.approx([0.5 - 1 / 6, 0.5 + 1 / 6])
    assert standardised(np.array([2.0, 2.0])).tolist() == [0.5, 0.5]


def test_rankings_have_names_of_their_own_and_the_trivial_ones_come_first():
    names = [each.name for each in all_variants()]
    assert len(set(names)) == len(names)
    assert names[:3] == ["random", "newest signal first", "most signals"]
    assert REFERENCE in names


def test_the_page_of_quality_is_the_one_its_records_make():
    assert page.PAGE.read_text("utf-8") == page.page(), "run `python -m bench.evaluation.page`"


def test_the_held_out_half_stands_in_the_last_column_alone(tmp_path):
    def row(mean):
        told = {"mean": mean, "low": mean, "high": mean}
        return {
            "ndcg_at_10": told,
            "ndcg_at_10_gain": {**told, "better": 0.5},
        }

    record = {
        "started_at": "2026-11-23T08:00:00", "git_sha": "0" * 40, "absent": ["cacm"],
        "real": {"cranfield": {"texts": 3, "tuning": {"rrf": row(0.25)}, "final": {"rrf": row(0.75)}}},
    }  # fmt: skip
    (tmp_path / "quality-x.json").write_text(json.dumps(record))
    text = page.page(tmp_path)
    assert "Absent when this was measured: cacm." in text
    (line,) = [each for each in text.split("\n") if each.startswith("| rrf")]
    *_, last, _ = line.split("|")
    assert "0.750" in last
    assert line.count("0.750 (") == 1
