import json
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from ingest.synthetic import DEFAULT_SPEC, SMALL_SPEC, Difficulty, WorldSpec, generate
from ingest.synthetic.frozen import DEFAULT_SEED, DEFAULT_SHA256, SMALL_SHA256
from ingest.synthetic.spec import HORIZON_DAYS
from ingest.synthetic.vocabulary import vocabulary

SNIPPET_TRAPS = {
    "vendor_talk", "zero_positions", "inactive_company", "stale", "resolved", "near_duplicate", "padded_spam",
    "date_stripped", "future_date", "keyword_mention", "undated", "invented_need",
}  # fmt: skip
COMPANY_TRAPS = {"duplicate_company", "name_collision", "inactive_company", "vendor", "unknown_field"}


class Read:
    def __init__(self, folder, manifest):
        self.folder, self.manifest = folder, manifest

    def rows(self, name):
        return [
            json.loads(line)
            for line in (self.folder / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")
            if line
        ]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    return Read(folder, generate(SMALL_SPEC, folder))


def test_the_small_world_is_frozen(world):
    assert world.manifest.sha256 == SMALL_SHA256


def test_the_difficulty_on_record_is_that_of_the_frozen_default_world():
    record = json.loads(
        (Path(__file__).parents[3] / f"bench/records/difficulty-{DEFAULT_SEED}.json").read_text()
    )
    assert record["data"]["sha256"] == DEFAULT_SHA256
    assert record["spec"] == json.loads(json.dumps(DEFAULT_SPEC.as_dict()))
    precision = {name: row["mean"] for name, row in record["rankings"].items()}
    assert precision["random"] <= 0.05
    assert max(precision["newest_on_topic"], precision["most_on_topic"]) <= 0.20
    assert precision["reference"] >= 0.35
    assert precision["oracle"] >= 0.55


def test_counts_are_those_of_the_spec(world):
    counts = world.manifest.counts
    assert counts["companies.jsonl"] == 3_000
    assert counts["leads.jsonl"] == 3_000 * 2
    assert counts["snippets.jsonl"] == 12_000
    assert counts["prompts.jsonl"] == 56 * 7
    assert counts["truth.jsonl"] == 56
    assert json.loads((world.folder / "manifest.json").read_text())["sha256"] == world.manifest.sha256


def test_ids_are_unique_and_every_reference_resolves(world):
    companies = world.rows("companies")
    ids = [row["company_id"] for row in companies]
    domains = {row["domain"] for row in companies}
    assert len(set(ids)) == len(ids)
    known = set(ids)
    leads = world.rows("leads")
    assert len({row["lead_id"] for row in leads}) == len(leads)
    assert all(row["company_id"] in known for row in leads)
    snippets = world.rows("snippets")
    snippet_ids = {row["snippet_id"] for row in snippets}
    assert len(snippet_ids) == len(snippets)
    assert all(row.get("company_id") in known or row.get("domain") in domains for row in snippets)
    assert all(row["company_id"] in known for row in world.rows("outcomes"))
    assert all(company in known for row in world.rows("truth") for company in row["company_ids"])
    for row in world.rows("traps"):
        assert row.get("company_id") in known or row.get("snippet_id") in snippet_ids
        assert row.get("of") is None or row["of"] in known or row["of"] in snippet_ids


def test_a_domain_names_one_company_unless_it_is_a_duplicate(world):
    doubles = {
        row["company_id"]
        for row in world.rows("traps")
        if row["trap"] == "duplicate_company" and row["by"] == "domain"
    }
    owners = [row["domain"] for row in world.rows("companies") if row["company_id"] not in doubles]
    assert len(set(owners)) == len(owners)


def test_snippets_have_exactly_one_way_to_their_company_and_the_fields_of_an_import(world):
    kinds = {
        "job_posting",
        "tech_change",
        "news",
        "web_page",
        "funding",
        "launch",
        "social",
        "review",
        "other",
    }
    for row in world.rows("snippets"):
        assert ("company_id" in row) != ("domain" in row)
        assert row["kind"] in kinds
        assert row["text"].strip() == row["text"] != ""
        assert "{" not in row["text"]
        assert "[" not in row["text"]


def test_dates_lie_within_the_history_or_are_marked_as_future(world):
    traps = {row.get("snippet_id"): row["trap"] for row in world.rows("traps")}
    as_of = SMALL_SPEC.as_of
    for row in world.rows("snippets"):
        if row["observed_at"] is None:
            assert traps[row["snippet_id"]] in {"undated", "date_stripped", "padded_spam", "invented_need"}
            continue
        day = date.fromisoformat(row["observed_at"][:10])
        assert day > as_of - timedelta(days=401)
        if day > as_of + timedelta(days=1):
            assert traps[row["snippet_id"]] == "future_date"


def test_every_trap_is_present(world):
    traps = world.rows("traps")
    assert {row["trap"] for row in traps if "snippet_id" in row} == SNIPPET_TRAPS
    assert {row["trap"] for row in traps if "company_id" in row} == COMPANY_TRAPS


def test_prompts_are_distinct_and_half_of_the_products_are_held_out(world):
    prompts = world.rows("prompts")
    assert len({row["prompt"] for row in prompts}) == 56 * 7
    splits = Counter(row["split"] for row in prompts)
    assert splits == {"train": 28 * 7, "heldout": 28 * 7}


def test_exemplars_are_named_in_the_prompt_and_do_not_buy(world):
    names = {row["company_id"]: row["name"] for row in world.rows("companies")}
    truth = {row["product_id"]: set(row["company_ids"]) for row in world.rows("truth")}
    named = [row for row in world.rows("prompts") if row["truth"]["exemplar_company_ids"]]
    assert named
    for row in named:
        for company in row["truth"]["exemplar_company_ids"]:
            short = names[company].split(" ")[0]
            assert short in row["prompt"]
            assert company not in truth[row["product_id"]]


def test_buyers_are_active_meet_the_filters_and_sell_no_such_product(world):
    companies = {row["company_id"]: row for row in world.rows("companies")}
    wanted = {row["product_id"]: row["truth"] for row in world.rows("prompts") if row["language"] == "en"}
    words = {spelling: row.words[0] for row in vocabulary().industries for spelling in row.words}
    for row in world.rows("truth"):
        filters = wanted[row["product_id"]]
        for company in map(companies.get, row["company_ids"]):
            assert company["is_active"]
            assert (
                company["industry"] is None
                or not filters["industries"]
                or words[company["industry"]] in filters["industries"]
            )
            assert company["country"] not in filters["not_countries"]
            assert company["sub_industry"] not in filters["not_sub_industries"]
            if company["employee_count"] is not None and filters["employee_min"] is not None:
                assert filters["employee_min"] <= company["employee_count"] <= filters["employee_max"]


def test_about_two_percent_of_the_candidates_buy(world):
    truth = world.rows("truth")
    rate = sum(len(row["company_ids"]) for row in truth) / sum(row["candidates"] for row in truth)
    assert 0.012 < rate < 0.03


def test_outcomes_are_of_training_prompts_and_lie_before_the_date(world):
    train = {row["prompt"] for row in world.rows("prompts") if row["split"] == "train"}
    rows = world.rows("outcomes")
    assert {row["prompt"] for row in rows} <= train
    assert {row["event"] for row in rows} == {"impression", "click", "reply", "meeting", "conversion"}
    assert all(row["occurred_at"][:10] < SMALL_SPEC.as_of.isoformat() for row in rows)


def test_an_impression_is_positive_exactly_when_a_conversion_follows(world):
    rows = world.rows("outcomes")
    shown = {}
    for row in rows:
        if row["event"] == "impression":
            shown.setdefault((row["prompt"], row["company_id"]), []).append(
                (date.fromisoformat(row["occurred_at"][:10]), row["label"])
            )
    sold = {}
    for row in rows:
        if row["event"] == "conversion":
            sold.setdefault((row["prompt"], row["company_id"]), set()).add(
                date.fromisoformat(row["occurred_at"][:10])
            )
    for key, impressions in shown.items():
        for day, label in impressions:
            follows = any(
                timedelta(0) < end - day <= timedelta(days=HORIZON_DAYS) for end in sold.get(key, ())
            )
            assert follows == bool(label)


def test_truth_follows_from_the_hidden_state(world):
    hidden = np.load(world.folder / "hidden.npz")
    keys = hidden["product_keys"].tolist()
    due = hidden["bought"] & (hidden["end"] > 0) & (hidden["end"] <= HORIZON_DAYS)
    for row in world.rows("truth"):
        rows = hidden["company"][due & (hidden["product"] == keys.index(row["product_id"]))]
        assert row["company_ids"] == [f"co-{number:06d}" for number in sorted(rows.tolist())]


def test_more_snippets_leave_companies_and_truth_as_they_are(tmp_path):
    few = generate(WorldSpec(companies=400, snippets=900), tmp_path / "few")
    many = generate(WorldSpec(companies=400, snippets=2_000), tmp_path / "many")
    for name in ("companies.jsonl", "leads.jsonl", "prompts.jsonl", "truth.jsonl", "outcomes.jsonl"):
        assert few.files[name] == many.files[name]
    assert few.files["snippets.jsonl"] != many.files["snippets.jsonl"]


def test_a_knob_of_evidence_leaves_the_truth_as_it_is(tmp_path):
    plain = generate(WorldSpec(companies=300, snippets=600), tmp_path / "plain")
    loud = generate(
        WorldSpec(companies=300, snippets=600, difficulty=Difficulty(emission=6.0)), tmp_path / "loud"
    )
    assert plain.files["truth.jsonl"] == loud.files["truth.jsonl"]
    assert plain.files["snippets.jsonl"] != loud.files["snippets.jsonl"]


@pytest.mark.parametrize("bad", [{"companies": 10}, {"snippets": 10}, {"products": 57}, {"products": 1}])
def test_impossible_sizes_are_refused(bad):
    with pytest.raises(ValueError, match=r"world needs|products must"):
        WorldSpec(**bad)
