"""The bench of the language model's worth, on a small world: what each row may know, and how answers are graded."""

import math
from dataclasses import replace

import numpy as np
import pytest

from bench import quality_page
from bench.cascade_quality import cases
from bench.graded import interval, ndcg_at, precision_at
from bench.llm_quality import USUAL, Ground, passes, row, without
from configs.schema import DEFAULT_BOOSTER
from deployments.standin.world import HiddenWorld
from models.booster import BoosterModel
from tests.fixtures.served_world import AS_OF_S


@pytest.fixture
def stage(served_world, database):
    system = replace(served_world.system, booster=BoosterModel(DEFAULT_BOOSTER))
    hidden = HiddenWorld.open(served_world.files)
    opening = cases(served_world.files, "train", ["en"])[0].prompt
    return Ground(system, served_world.taxonomy, hidden, AS_OF_S, 1, database, opening)


def test_hits_count_alike_in_precision_and_by_place_in_ndcg():
    hits = [True, False, True] + [False] * 22
    assert precision_at(hits) == 2 / 25
    assert ndcg_at(hits, buyers=2) == pytest.approx((1.0 + 1.0 / math.log2(4)) / (1.0 + 1.0 / math.log2(3)))
    assert ndcg_at(hits, buyers=0) == 0.0
    assert ndcg_at([True] * 5, buyers=5) == pytest.approx(1.0)


def test_an_interval_draws_whole_products():
    one = interval(np.array([0.2, 0.4, 0.2, 0.4]), ["a", "b", "a", "b"], 1)
    assert (one["mean"], one["low"], one["high"], one["prompts"]) == (0.3, 0.2, 0.4, 4)


async def test_first_sight_is_judged_only_for_who_waits_and_the_second_pass_for_everybody(
    served_world, stage
):
    held_out = cases(served_world.files, "heldout", ["en"])[:4]
    plain = await without(stage, held_out, booster=True)
    first, second = await passes(stage, held_out, ("auto", "auto"), USUAL, 0.0)
    (waited,) = await passes(stage, held_out, ("wait",), USUAL, 0.0)
    assert [each.judged for each in first] == [0] * len(held_out)
    assert [each.ndcg for each in first] == [each.ndcg for each in plain]
    assert sum(each.judged for each in second) == sum(each.judged for each in waited) > 0
    assert (
        sum(each.sent for each in first)
        == sum(each.sent for each in waited)
        > sum(each.sent for each in second)
    )
    told = row(waited, plain, 1)
    assert told["cost_per_lead_usd"]["gpt-4o"] > told["cost_per_lead_usd"]["gpt-4o-mini"] > 0.0
    lines = list(quality_page.tables({"rows": {"+ LLM wait": told}}))
    assert lines[-1].startswith("| + LLM wait | 0.")


async def test_one_company_a_call_costs_more_for_each(served_world, stage):
    held_out = cases(served_world.files, "heldout", ["en"])[:2]
    pointwise = {**USUAL, "calls": {"model": "gpt-4o", "mode": "pointwise"}}
    costs = []
    for args in (USUAL, pointwise):
        (grades,) = await passes(stage, held_out, ("wait",), args, 0.0)
        costs.append(row(grades, None, 1)["cost_per_company_asked_usd"]["gpt-4o"])
    assert costs[1] > 1.3 * costs[0]  # few are in doubt in so small a world: calls carry few companies
