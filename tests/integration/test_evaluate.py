"""`leads evaluate` on a small world: everything is judged on purchases, and the held-out half only when it is asked for."""

import asyncio
import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

import cli
from bench.evaluation import run, tables
from bench.evaluation.cases import outcome_cases, world_cases
from bench.evaluation.judging import Truth, judge
from bench.evaluation.legs import admission_of
from bench.evaluation.variants import REFERENCE, SERVED, baselines, configurations, fusions, legs
from commands.training import read_outcomes
from configs.schema import DEFAULT_BOOSTER
from models.booster import BoosterModel
from ranking.prompt import parse


@pytest.fixture
def system(served_world):
    return replace(served_world.system, booster=BoosterModel(DEFAULT_BOOSTER))


@pytest.fixture
def cases(served_world):
    return world_cases(served_world.files, served_world.taxonomy, ["en"])


def test_prompts_of_one_product_are_on_one_side_in_all_languages(served_world):
    halves = {}
    for case in world_cases(served_world.files, served_world.taxonomy):
        halves.setdefault(case.group, set()).add(case.half)
        assert not case.learned  # the default booster comes from another world
    assert {len(each) for each in halves.values()} == {1}


def test_prompts_are_told_apart_by_whether_they_rule_anything_out(served_world, cases):
    told = {
        "we sell CRM software to banks, not insurers": "with NOT",
        "we sell CRM software to banks": "without NOT",
    }
    for prompt, trait in told.items():
        assert trait in replace(cases[0], query=parse(prompt, served_world.taxonomy)).traits()


def test_every_ranking_is_judged_and_what_is_served_tells_of_its_leads(system, cases):
    variants = (*baselines(), *legs(), *fusions()[:2], *configurations()[:2])
    judged = judge(system, cases[:4], variants)
    for each in judged:
        assert list(each.grades) == [variant.name for variant in variants]
        assert all(0.0 <= grade.precision_at_25 <= 1.0 for grade in each.grades.values())
        served = each.grades[SERVED]
        assert len(each.shown) == served.leads
        assert sum(lead.bought for lead in each.shown) == round(25 * served.precision_at_25)
        reach = each.reach
        assert reach.buyers >= reach.admitted >= max(reach.strict, reach.pool)
        assert reach.pool >= sum(lead.bought for lead in each.shown)


def test_any_order_is_worth_the_share_of_buyers_among_the_admitted(system, cases):
    admission = asyncio.run(admission_of(system, cases[0]))
    (judged,) = judge(system, cases[:1], (*baselines(), *configurations()[:1]))
    share = Truth(cases[0], system).kept(admission.rows) / len(admission.rows)
    assert judged.grades["random"].precision_at_25 == pytest.approx(share * min(25, len(admission.rows)) / 25)


async def test_a_trivial_ranking_does_not_see_what_is_dated_later(system, cases):
    now = await admission_of(system, cases[0])
    before = await admission_of(system, replace(cases[0], as_of_s=cases[0].as_of_s - 120 * 86_400.0))
    assert before.topical.sum() < now.topical.sum()
    assert (before.topical <= now.topical).all()
    assert before.newest_days.min() >= 0.0


def test_outcomes_are_ranked_among_who_was_shown_on_that_day(system, served_world):
    events = read_outcomes(served_world.files / "outcomes.jsonl")
    told = outcome_cases(events, served_world.taxonomy)
    sides = {(case.query.product.concepts, case.half) for case in told if case.query.product.concepts}
    assert len(sides) == len({concepts for concepts, _ in sides})  # whatever the language
    shown = told[:2]
    for case, judged in zip(shown, judge(system, shown, configurations()[:1]), strict=True):
        assert judged.reach.candidates <= len(case.only)
        assert judged.reach.buyers == len(case.buyers)


def test_the_held_out_half_is_left_alone_until_it_is_asked_for(served_world, tmp_path):
    folder, out = served_world.snapshots.parent, tmp_path / "records" / "quality-small.json"
    usual = ["evaluate", "--data", str(folder), "--world", str(served_world.files), "--language", "en"]
    told = CliRunner().invoke(cli.app, [*usual, "--out", str(out)])
    assert told.exit_code == 0, told.output
    record = json.loads(out.read_text())
    assert record["halves"]["final"]["prompts"] == 0
    assert record["halves"]["tuning"]["prompts"] > 0
    assert all("final" not in row for row in record["variants"].values())
    assert (out.parent / "plots" / "quality-small.png").exists()


def test_a_record_has_both_halves_of_everything_where_both_were_judged(served_world, system, cases):
    ground = run.Ground(system, served_world.snapshots.parent, "purchases", "", "", "")
    record, judged = run.evaluate(ground, cases, 1, (*baselines(), *configurations()[:2]))
    assert record["offered"] == record["completed"] == 5 * len(cases) == 5 * len(judged)
    for part in ("reach", "routes", "calibration"):
        values = {"reach": record[part]}.values() if part == "reach" else record[part].values()
        assert all(set(each) == {"tuning", "final"} for each in values)
    shares = sum(each["tuning"]["share"] for each in record["routes"].values())
    assert shares == pytest.approx(1.0, abs=0.001)
    assert "precision_at_25_gain" not in record["variants"][REFERENCE]["tuning"]


def test_a_request_in_another_language_is_held_against_the_same_in_english(served_world, system):
    told = world_cases(served_world.files, served_world.taxonomy, ["en", "de"])
    judged = judge(system, [case for case in told if case.group == told[0].group], configurations()[:1])
    found = tables.languages(judged, 1)
    assert set(found) == {"de"}
    (half,) = found["de"].values()
    gain = judged[1].grades[SERVED].precision_at_25 - judged[0].grades[SERVED].precision_at_25
    assert half["precision_at_25_gain"]["mean"] == pytest.approx(gain, abs=1e-4)
    same = {lead.company for lead in judged[0].shown} & {lead.company for lead in judged[1].shown}
    assert half["overlap"]["mean"] == pytest.approx(len(same) / len(judged[0].shown), abs=1e-4)


def test_a_folder_without_truth_is_refused_in_one_line(served_world, tmp_path):
    told = CliRunner().invoke(cli.app, ["evaluate", "--data", str(tmp_path)])
    assert told.exit_code != 0
    assert "--labels" in str(told.exception)
    told = CliRunner().invoke(cli.app, ["evaluate", "--real", str(tmp_path)])
    assert "none of the public sets" in str(told.exception)
