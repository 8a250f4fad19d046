"""The gaming suite on the real ranking: no attack ranks above honest evidence of the same kind, and none is paid for."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
import psycopg
import pytest
import pytest_asyncio

from configs.suppliers import RuleArgs, SupplierArgs
from db.embedded import EmbeddedPostgres
from db.pool import open_pool
from ranking.answer import RankedLead
from ranking.config import RankingConfig
from tests.fixtures.gaming import ATTACKS, LONGER_NAME, NEED, OLD, PROMPT, Attack
from tests.fixtures.supplier_world import (
    PLACES,
    SupplierWorld,
    company_id,
    now,
    ordinary,
    snippet,
    suppliers_of,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
TRUE_NEEDS = [f"{place} Foundry" for place in PLACES]
RINGERS = [f"{place} Ringers" for place in PLACES[:4]]
QUIET = [f"{place} Quiet" for place in PLACES]


@dataclass(frozen=True)
class Played:
    """The list before anybody was judged and after, and what was found of everybody."""

    before: dict[str, RankedLead]
    after: dict[str, RankedLead]
    standings: dict[str, asyncpg.Record]
    reasons: dict[str, set[str]]
    world: SupplierWorld


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Played]:
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE gaming TEMPLATE migrated STRATEGY file_copy")
    pool = await open_pool(postgres.dsn("gaming"))
    try:
        yield await play(SupplierWorld(pool, tmp_path_factory.mktemp("gaming")))
    finally:
        await pool.close()
        with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
            connection.execute("DROP DATABASE gaming WITH (FORCE)")


async def play(world: SupplierWorld) -> Played:
    """Honest suppliers and all attackers at once; prompts are asked, attackers go on, everybody is judged."""
    await world.companies([
        *TRUE_NEEDS, *RINGERS, *QUIET, LONGER_NAME, *(each.company for each in ATTACKS),
        *(f"Hamlet {number}" for number in range(40)),
    ])  # fmt: skip
    await world.send("snippets", [row for each in ATTACKS for row in each.rows(each.first)])
    await world.send("snippets", honest())
    prompts = [PROMPT, *(f"payroll software for companies near {place}" for place in PLACES)]
    await world.ask(prompts, lambda lead: True, random.Random(3), limit=100)
    await world.send("snippets", [row for each in ATTACKS for row in each.rows(each.later)])
    before = by_company(await world.rank(PROMPT, 200))
    await world.judge()
    after = by_company(await world.rank(PROMPT, 200))
    reasons = {each.name: await world.reasons(each.name) for each in ATTACKS}
    return Played(before, after, await world.standings(), reasons, world)


def honest() -> list[dict[str, object]]:
    """Two who write about needs, fresh and 200 days old, and one who writes about other things at all ages."""
    rows = []
    for number, name in enumerate(TRUE_NEEDS):
        text = NEED.format(name=name, place=PLACES[number])
        dated = {"observed_at": OLD} if number % 2 else {}
        rows.append(snippet("ada" if number % 4 < 2 else "bo", name, text, **dated))
    for number, name in enumerate(QUIET):
        day = (now() - timedelta(days=30 * (number + 1))).date().isoformat()
        rows.append(
            snippet("cy", name, f"{name} rebuilt hall {number} after the storm in spring.", observed_at=day)
        )
    return rows


def by_company(leads: tuple[RankedLead, ...]) -> dict[str, RankedLead]:
    return {lead["company_id"]: lead for lead in leads}


def worst_honest(leads: dict[str, RankedLead]) -> float:
    """The score of an honest text of 200 days."""
    return min(leads[company_id(name)]["score"] for name in TRUE_NEEDS)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda each: each.name)
async def test_an_attack_gains_nothing(attack: Attack, played: Played) -> None:
    standing = played.standings[attack.name]
    lead = played.after[company_id(attack.company)]
    if attack.reason is None:
        assert lead["score"] <= worst_honest(played.after) + 1e-9
        return
    found = {*played.reasons[attack.name], standing["throttle_reason"]}
    if standing["repeats"] == standing["snippets"]:
        found.add("repeats")
    assert attack.reason in found
    assert attack.name not in suppliers_of(played.after.values())
    assert lead["score"] < worst_honest(played.after)
    assert standing["share"] == 0.0


@pytest.mark.parametrize("name", ["ada", "bo", "cy"])
async def test_the_honest_are_not_flagged_beside_them(name: str, played: Played) -> None:
    standing = played.standings[name]
    assert (standing["is_flagged"], standing["throttle_reason"], standing["flagged_snippets"]) == (
        False,
        None,
        0,
    )
    assert await played.world.reasons(name) == set()


async def test_what_the_honest_sent_ranks_as_before(played: Played) -> None:
    for name in TRUE_NEEDS:
        before, after = played.before[company_id(name)], played.after[company_id(name)]
        assert [each["snippet_id"] for each in before["signals"]] == [
            each["snippet_id"] for each in after["signals"]
        ]


async def test_a_type_of_source_claimed_for_another_page_weighs_nothing(
    database: str, tmp_path: Path
) -> None:
    weights = {"press": 1.0, "blog": 0.3, "*": 0.2}
    config = RankingConfig()
    intent = config.intent.model_copy(update={"source_weights": weights})
    async with await open_pool(database) as pool:
        world = SupplierWorld(pool, tmp_path, config.model_copy(update={"intent": intent}))
        await world.companies(["Honest Holding", "Inflated Holding", "Unnamed Holding", *QUIET])
        await world.send("snippets", ordinary(QUIET))
        for miner, source in (("honest", "blog"), ("inflated", "press"), ("unnamed", "gazette")):
            name = f"{miner.title()} Holding"
            page = f"https://blogs.example/{miner}"
            await world.snippet(
                miner, name, NEED.format(name=name, place="Ulm"), source_type=source, source_url=page
            )
        before = by_company(await world.rank(PROMPT))
        assert before["inflated-holding"]["score"] > before["honest-holding"]["score"]
        assert before["unnamed-holding"]["score"] < before["honest-holding"]["score"]
        hosts = {"press": ("wire.example", "company")}
        await world.judge(args=SupplierArgs(rules=RuleArgs(source_hosts=hosts)))
        after = by_company(await world.rank(PROMPT))
        assert after["inflated-holding"]["score"] < after["honest-holding"]["score"]
        assert await world.reasons("inflated") == {"source"}
        assert await world.reasons("honest") == set()


async def test_emissions_go_to_the_honest_alone(played: Played) -> None:
    shares = {name: each["share"] for name, each in played.standings.items()}
    assert sum(shares.values()) == pytest.approx(1.0)
    assert {name for name, share in shares.items() if share > 0.0} <= {"ada", "bo", "stripper"}
