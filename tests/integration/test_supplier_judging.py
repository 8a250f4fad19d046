"""Honest and cheating suppliers in one world: who is flagged, whom rankings lose, whom emissions pay."""

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from configs.suppliers import SupplierArgs
from db.pool import open_pool
from tests.fixtures.supplier_world import PLACES, SupplierWorld, now, ordinary, suppliers_of

HONEST = ("ada", "bo", "cy")
PROMPTS = [
    f"{product} for companies in {place}"
    for product in ("CRM software", "CRM system", "sales CRM", "a CRM")
    for place in PLACES
]
NEEDS = (
    "The sales team of {name} keeps its contacts in spreadsheets and is evaluating a CRM for {place} this year.",
    "After losing track of two tenders, {name} wants a CRM that its {place} office can use on the road.",
    "{name} told a reporter in {place} that it will replace paper visit reports with a CRM before summer.",
    "Customers of {name} wait too long for answers; a CRM is being looked for, said the head of {place} sales.",
)


@pytest.fixture
async def world(database: str, tmp_path: Path) -> AsyncIterator[SupplierWorld]:
    pool = await open_pool(database)
    yield SupplierWorld(pool, tmp_path)
    await pool.close()


async def populated(world: SupplierWorld, draw: random.Random) -> None:
    """Each company is written about by one honest supplier, or by one who makes needs up."""
    names = [f"{place} Works {number}" for number in range(4) for place in PLACES]
    await world.companies(names)
    rows = []
    for number, name in enumerate(names):
        miner = "liar" if number % 4 == 3 else HONEST[number % 4]
        text = draw.choice(NEEDS).format(name=name, place=draw.choice(PLACES))
        rows.append({
            "miner_id": miner, "company_id": name.lower().replace(" ", "-"), "kind": "news", "text": f"{text} ({number})",
            "observed_at": (now() - timedelta(days=5)).date().isoformat(),
        })  # fmt: skip
    await world.send("snippets", [*rows, *ordinary(names)])


async def test_the_liar_is_flagged_leaves_the_lists_earns_nothing_and_may_come_back(
    world: SupplierWorld,
) -> None:
    draw = random.Random(1)
    await populated(world, draw)
    before = now()
    await world.ask(PROMPTS, lambda lead: "liar" not in suppliers_of([lead]), draw)
    change = "SELECT txid::text::bigint FROM miners WHERE miner_id = 'liar'"
    stamped = await world.pool.fetchval(change)
    assert "liar" in suppliers_of(await world.rank(PROMPTS[0]))
    judged = await world.judge()
    standings = await world.standings()
    assert {name for name, each in standings.items() if each["is_flagged"]} == {"liar"}
    assert "liar" in judged.changed
    assert await world.pool.fetchval(change) > stamped
    assert suppliers_of(await world.rank(PROMPTS[0])) == set(HONEST)
    assert standings["liar"]["share"] == 0.0
    assert sum(each["share"] for each in standings.values()) == pytest.approx(1.0)
    assert all(standings[name]["share"] > 0.0 for name in HONEST)
    assert (await world.judge(before)).changed == ()  # an earlier time changes nobody's standing
    assert await world.pool.fetchval("SELECT is_flagged FROM miners WHERE miner_id = 'liar'")
    later = await world.judge(now() + timedelta(days=91))  # nothing that was shown is left in the window
    assert later.changed == ("liar",)
    assert suppliers_of(await world.rank(PROMPTS[0])) == {*HONEST, "liar"}


async def test_what_came_later_changes_no_earlier_judgement(world: SupplierWorld) -> None:
    draw = random.Random(2)
    await populated(world, draw)
    await world.ask(PROMPTS[:6], lambda lead: True, draw)
    then = now()
    await world.judge(then)
    first = [dict(row) for row in (await world.standings()).values()]
    await world.ask(PROMPTS[6:12], lambda lead: False, draw)
    await world.snippet("late", "Berlin Works 0", "payroll price payroll price best payroll demo payroll")
    await world.pool.execute("DELETE FROM emission_reports")
    again = await world.judge(then)
    assert [dict(row) for row in (await world.standings()).values()] == first
    assert again.changed == ()


async def test_a_snippet_set_right_counts_again(world: SupplierWorld) -> None:
    await world.companies(["Acme", "Other"])
    await world.send("snippets", ordinary(["Other"]))
    text = "Acme keeps its contacts in a card index and wants a CRM."
    await world.snippet("ada", "Acme", text, snippet_id="s", observed_at="2026-01-05")
    await world.snippet("ada", "Acme", text, snippet_id="s")
    await world.judge()
    assert await world.reasons("ada") == {"redated"}
    assert suppliers_of(await world.rank("CRM software")) == set()
    await world.snippet("ada", "Acme", text + "!", snippet_id="s", observed_at="2026-01-05")
    await world.judge()
    assert await world.reasons("ada") == set()
    assert suppliers_of(await world.rank("CRM software")) == {"ada"}
    flag = await world.pool.fetchrow("SELECT found_at, lifted_at FROM snippet_flags")
    assert flag["lifted_at"] > flag["found_at"]


async def test_what_was_screened_is_not_read_again(world: SupplierWorld) -> None:
    await world.companies(["Acme"])
    await world.snippet("ada", "Acme", "Acme wants a CRM for its sales team in spring.")
    assert (await world.judge()).screened.texts == 1
    assert (await world.judge()).screened.texts == 0
    await world.snippet("ada", "Acme", "Acme repaired the roof of its canteen.")
    assert (await world.judge()).screened.texts == 1


async def test_of_a_day_its_last_judgement_stays(world: SupplierWorld) -> None:
    await populated(world, random.Random(4))
    noon = (now() + timedelta(days=1)).replace(hour=12)  # after all of it, whatever the hour
    for hours in (0, 1, 2, 25):
        await world.judge(noon + timedelta(hours=hours))
    kept = await world.pool.fetch("SELECT as_of FROM emission_reports ORDER BY as_of")
    assert [row["as_of"] for row in kept] == [noon + timedelta(hours=2), noon + timedelta(hours=25)]
    assert await world.pool.fetchval("SELECT count(DISTINCT as_of) FROM miner_judgements") == 2


async def test_the_same_prompt_of_a_day_counts_once_and_a_sample_keeps_prompts_whole(
    world: SupplierWorld,
) -> None:
    draw = random.Random(5)
    await populated(world, draw)
    await world.ask([*PROMPTS[:20], *PROMPTS[:20]], lambda lead: True, draw)
    await world.judge()
    assert await world.pool.fetchval("SELECT queries FROM emission_reports") == 20
    await world.judge(args=SupplierArgs(lists_a_day=7))
    assert await world.pool.fetchval("SELECT queries FROM emission_reports") == 7


async def test_flagged_queries_count_for_nothing(world: SupplierWorld) -> None:
    draw = random.Random(5)
    await populated(world, draw)
    await world.ask(PROMPTS[:3], lambda lead: True, draw)
    await world.pool.execute("UPDATE queries SET is_flagged = true")
    assert (await world.judge()).treasury == 1.0


async def test_what_a_suppliers_own_tenant_asks_and_clicks_counts_for_nothing(world: SupplierWorld) -> None:
    draw = random.Random(6)
    await populated(world, draw)
    await world.ask(PROMPTS[:4], lambda lead: True, draw)
    await world.pool.execute("INSERT INTO tenants (tenant_id, name) VALUES ('t', 't')")
    await world.pool.execute(
        "INSERT INTO api_keys (key_id, tenant_id, key_hash, miner_id) VALUES ('k', 't', 'x', 'liar')"
    )
    await world.pool.execute("UPDATE queries SET tenant_id = 't', submitter_id = 'someone'")
    await world.judge()
    standings = await world.standings()
    assert (standings["liar"]["impressions"], standings["liar"]["share"]) == (0, 0.0)
    assert standings["ada"]["impressions"] > 0


async def test_a_throttle_that_holds_is_renewed_when_half_its_time_is_over(world: SupplierWorld) -> None:
    names = [f"{place} Works {number}" for number in range(4) for place in PLACES]
    await world.companies(names)
    await world.send("snippets", ordinary(names))
    start = now()
    until = "SELECT throttled_until FROM miners WHERE miner_id = 'paper'"
    for hours, ends in ((0, 24), (11, 24), (13, 37)):
        await world.judge(start + timedelta(hours=hours))
        assert await world.pool.fetchval(until) == start + timedelta(hours=ends)
    await world.pool.execute(
        "UPDATE miners SET attributes = '{}', throttled_until = $1", start + timedelta(days=9)
    )
    await world.judge(start + timedelta(hours=14))
    assert await world.pool.fetchval(until) == start + timedelta(days=9)
    assert (await world.standings())["paper"]["throttle_reason"] == "by_hand"
