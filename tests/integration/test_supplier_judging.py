"""Honest and cheating suppliers in one world: who is flagged, whom rankings lose, whom emissions pay."""

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

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


async def test_the_liar_is_flagged_leaves_the_lists_and_earns_nothing(world: SupplierWorld) -> None:
    draw = random.Random(1)
    await populated(world, draw)
    await world.ask(PROMPTS, lambda lead: "liar" not in suppliers_of([lead]), draw)
    assert "liar" in suppliers_of(await world.rank(PROMPTS[0]))
    judged = await world.judge()
    standings = await world.standings()
    assert {name for name, each in standings.items() if each["is_flagged"]} == {"liar"}
    assert "liar" in judged.changed
    assert suppliers_of(await world.rank(PROMPTS[0])) == set(HONEST)
    assert standings["liar"]["share"] == 0.0
    assert sum(each["share"] for each in standings.values()) == pytest.approx(1.0)
    assert all(standings[name]["share"] > 0.0 for name in HONEST)
