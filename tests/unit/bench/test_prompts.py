import json
from dataclasses import replace

import pytest

from bench import asking
from bench.asking import Directory, Supply
from bench.prompts import LANGUAGES, USUAL, Mix, Prompts, described, key_of, unique_prompts
from bench.scenario import Requests

DIRECTORY = Directory(tuple(f"co-{n:03d}" for n in range(700)), ("Rome Opal Construction", "Ali Bau"))


def test_no_two_prompts_of_a_supply_parse_alike_even_across_batches():
    supply = Prompts(5)
    asked = supply.take(300) + supply.take(300)
    assert len({each.key for each in asked}) == 600
    assert asked[7].key == key_of(asked[7].prompt)


def test_the_seed_decides_the_prompts():
    assert unique_prompts(50, seed=5) == unique_prompts(50, seed=5)
    assert unique_prompts(50, seed=5) != unique_prompts(50, seed=6)


def test_two_wordings_of_one_question_have_one_key():
    assert key_of("CRM software for banks in Germany") == key_of("We sell CRM software to banks in Germany")
    assert key_of("CRM software for banks in Germany") != key_of("CRM software for banks in France")


def test_the_mix_is_what_it_says():
    asked = Prompts(9, companies=DIRECTORY.names).take(2_000)
    english = sum(each.language == "en" for each in asked) / len(asked)
    excluding = sum(any((each.key[2].industries, each.key[2].countries)) for each in asked) / len(asked)
    assert english == pytest.approx(0.4, abs=0.04)
    assert {each.language for each in asked} == set(LANGUAGES)
    assert 0.2 < excluding < USUAL.excluded_kind + USUAL.excluded_country  # slang and keywords exclude nobody
    assert sum(each.filters is not None for each in asked) / len(asked) == pytest.approx(
        USUAL.filters, abs=0.03
    )
    assert any("Ali Bau" in each.prompt for each in asked)
    assert {each.limit for each in asked} == {10, 25, 50, 100}


def test_a_world_s_prompts_are_mixed_in_once_each(tmp_path):
    world = tmp_path / "prompts.jsonl"
    given = [f"CRM for banks with {number}-900 employees" for number in (3, 4, 5)]
    world.write_text("".join(json.dumps({"prompt": each, "language": "en"}) + "\n" for each in given))
    asked = Prompts(1, replace(USUAL, world=0.5), world=world).take(60)
    assert sorted(each.prompt for each in asked if each.prompt in given) == given


def test_the_mix_is_described_by_language():
    assert described(USUAL)["languages"] == dict(zip(LANGUAGES, USUAL.languages, strict=True))


def bodies(requests: Requests, count: int) -> list[dict[str, object]]:
    return [json.loads(each) for each in Supply(requests, 3, DIRECTORY, None).batch(count).bodies]


def test_repeats_are_of_earlier_queries_and_the_popular_ones_come_most():
    batch = Supply(Requests(repeats=0.4), 3, DIRECTORY, None).batch(1_000)
    assert batch.unique_share == pytest.approx(0.6, abs=0.04)
    assert batch.distinct == round(batch.unique_share * 1_000)
    seen: dict[str, int] = {}
    for each in (json.loads(body)["query"] for body in batch.bodies):
        seen[each] = seen.get(each, 0) + 1
    assert max(seen.values()) > 20
    assert next(iter(seen.values())) == max(seen.values())


def test_lists_hold_so_many_candidates_each_list_others():
    asked = bodies(Requests(candidates=500), 5)
    assert all(len(set(each["candidates"])) == 500 for each in asked)
    assert asked[0]["candidates"] != asked[1]["candidates"]
    assert not any("filters" in each for each in asked)


def test_k_and_deadline_are_the_scenario_s():
    one = bodies(Requests(limit=2_000, deadline_ms=350), 1)[0]
    assert one["limit"] == 2_000
    assert one["options"] == {"deadline_ms": 350, "llm": "never"}


def test_free_text_exemplars_name_companies_nobody_stored():
    named = [
        each.key[3] for each in Prompts(4, Mix(free_text=1.0, world=0.0, keywords=0.0, slang=0.0)).take(50)
    ]
    assert sum(bool(names) for names in named) >= 45


def test_the_body_of_a_query_is_json_with_what_stands_beside_the_prompt():
    sent = json.loads(asking.body("CRM für Ämter", 7, 900, {"filters": {"countries": ["DE"]}}))
    assert sent == {
        "query": "CRM für Ämter", "limit": 7, "options": {"deadline_ms": 900, "llm": "never"},
        "filters": {"countries": ["DE"]},
    }  # fmt: skip
