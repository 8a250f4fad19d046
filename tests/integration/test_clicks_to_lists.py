"""From clicks over HTTP to better lists: nothing about the customers is given, and the truth stands beside each figure.

They want companies of the size they name, wherever these are; what serves goes by place alone. So who takes clicks as they come
learns what served, and who finds out how likely places are looked at learns what is wanted.
"""

import asyncio
import hashlib
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psycopg
import pytest
from typer.testing import CliRunner

import cli
from bench.customers import Behaviour, Customers, Visit
from models.artefacts import BOOSTER
from models.booster import BoosterModel
from models.feedback_training import EXAMINATION_FILE
from ranking.config import RankingConfig
from tests.fixtures.served_app import AS_OF, NOW, serving
from tests.fixtures.served_world import ServedWorld

POWER, LIMIT, ROUNDS, K = 0.7, 100, 2, 10
OPTIONS = {"as_of": AS_OF, "deadline_ms": 20_000}
SIZES = ((1, 10), (11, 50), (51, 200), (201, 1000))
PLACES = ("Germany", "France", "the United Kingdom")
ASKED = ("CRM software", "HR software", "marketing automation")
UNASKED = ("ERP software", "payroll software")
STANDING = {"fit": {"weights": {"industry": 0.0, "size": 0.0, "region": 1.0}}}
CHALLENGERS = (
    {"final": {"fit": 0.0, "intent": 1.0}},
    {"fit": {"industry": 0.0, "size": 0.7, "region": 0.3}},
)
BY_BOOSTER = {
    "final": {"fit": 0.0, "intent": 1.0},
    "intent": {"bm25_threshold": 1000.0, "booster_threshold": 1000.0},
}
Lists = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Learned:
    """What was clicked, and the lists that come of it: by who counts looks, by who counts clicks, and as they were served."""

    behaviour: Behaviour
    visits: list[Visit]
    run: Callable[..., str]
    booster: Path
    fair: Lists
    naive: Lists
    served: Lists

    def worth(self, lists: Lists, products: tuple[str, ...]) -> float:
        """Clicks to be expected on the first leads of these products' lists."""
        return sum(self.behaviour.value(prompt, lists[prompt], K) for prompt in prompts(products))


def prompts(products: tuple[str, ...]) -> dict[str, tuple[int, int]]:
    """Prompts with the sizes they name."""
    return {
        f"{product} for companies in {place} with {low}-{high} employees": (low, high)
        for product, place, (low, high) in itertools.product(products, PLACES, SIZES)
    }


def customers_of(world: ServedWorld) -> Behaviour:
    lines = (world.files / "companies.jsonl").read_text().split("\n")
    size = {row["company_id"]: row.get("employee_count") for row in map(json.loads, filter(None, lines))}
    named = prompts(ASKED + UNASKED)

    def worth(prompt: str, company: str) -> float:
        (low, high), here = named[prompt], size[company]
        return 0.8 if here is not None and low <= here <= high else 0.2

    return Behaviour(POWER, worth)


def numbered() -> Callable[[], str]:
    """Ids of queries, the same at every run: they decide which lists are shared, and how."""
    count = itertools.count()
    return lambda: hashlib.sha256(f"query {next(count)}".encode()).hexdigest()[:32]


async def visited(world: ServedWorld, behaviour: Behaviour) -> list[Visit]:
    """Most lists are shared, first with one ranking, then with another; all that was seen and clicked is told."""
    visits: list[Visit] = []
    async with serving(world, new_id=numbered()) as app:
        customers = Customers(app.client, behaviour, LIMIT, OPTIONS, np.random.default_rng(7))
        for challenger in CHALLENGERS:
            trial = {"share": 0.7, "challenger": challenger}
            app.flow.config = RankingConfig.model_validate(STANDING | {"interleaving": trial})
            visits += await customers.visit(list(prompts(ASKED)), ROUNDS)
        events = sum(len(visit.companies) + int(visit.clicked.sum()) for visit in visits)
        assert await customers.tell(visits, NOW) == events
    return visits


async def lists_by(
    world: ServedWorld, behaviour: Behaviour, booster: Path | None, numbers: dict[str, object]
) -> Lists:
    """What every prompt is answered when this booster serves under these numbers."""
    model = None if booster is None else BoosterModel(booster)
    async with serving(world, replace(world.system, booster=model).ports()) as app:
        app.flow.config = RankingConfig.model_validate(numbers)
        customers = Customers(app.client, behaviour, K, OPTIONS, np.random.default_rng(7))
        visits = await customers.visit(list(prompts(ASKED + UNASKED)))
    return {visit.prompt: visit.companies for visit in visits}


@pytest.fixture(scope="module")
def learned(served_world: ServedWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Learned]:
    folder, behaviour = tmp_path_factory.mktemp("learned"), customers_of(served_world)
    visits = asyncio.run(visited(served_world, behaviour))

    def run(*arguments: str) -> str:
        environment = {"DATABASE_URL": served_world.dsn, "COLUMNS": "300"}
        data = ("--data", str(served_world.snapshots.parent))
        told = CliRunner().invoke(cli.app, [*arguments, *data], env=environment)
        assert told.exit_code == 0, (told.output, told.exception)
        return told.output

    def trained(name: str, *options: str) -> Path:
        run("train", "--feedback", "click", "--out", str(folder / name), *options)
        return next((folder / name).glob(f"{BOOSTER}-*"))

    fair, naive = trained("fair"), trained("naive", "--place-power", "0")
    lists = [
        asyncio.run(lists_by(served_world, behaviour, booster, numbers))
        for booster, numbers in ((fair, BY_BOOSTER), (naive, BY_BOOSTER), (None, STANDING))
    ]
    yield Learned(behaviour, visits, run, fair, *lists)
    with psycopg.connect(served_world.dsn, autocommit=True) as connection:
        told = [visit.query_id for visit in visits]
        for table in ("outcomes", "queries"):
            connection.execute(f"DELETE FROM {table} WHERE query_id = ANY(%s)", (told,))


def test_how_likely_places_are_looked_at_is_found_in_the_clicks(learned: Learned) -> None:
    """Within what some five hundred clicks can say: single groups of places are off by a third or more."""
    told = json.loads((learned.booster / EXAMINATION_FILE).read_text())
    first = [place for place in told["first_places"] if place <= LIMIT]
    looks = np.split(learned.behaviour.looks(LIMIT), [place - 1 for place in first[1:]])
    errors = np.log(told["chances"][: len(first)]) - np.log([group.mean() for group in looks])
    assert told["clicks"] > 300
    assert np.abs(errors).max() < np.log(1.8)
    assert abs(errors.mean()) < np.log(1.3)


def test_who_learned_how_places_are_looked_at_finds_what_customers_want(learned: Learned) -> None:
    for products in (ASKED, UNASKED):
        fair, naive, served = (
            learned.worth(each, products) for each in (learned.fair, learned.naive, learned.served)
        )
        assert fair > 1.05 * naive
        assert naive > served


def test_what_the_new_lists_would_gain_is_foretold_from_the_old_ones(
    learned: Learned, tmp_path: Path
) -> None:
    numbers = tmp_path / "numbers.yaml"
    numbers.write_text(json.dumps(BY_BOOSTER))
    judged = ("--booster", str(learned.booster), "--numbers", str(numbers), "--top", str(K))
    told = learned.run("evaluate", "--counterfactual", *judged)
    naive = learned.run("evaluate", "--counterfactual", *judged, "--place-power", "0")
    shown = sum(learned.behaviour.value(visit.prompt, visit.companies, K) for visit in learned.visits)
    other = sum(
        learned.behaviour.value(visit.prompt, learned.fair[visit.prompt], K) for visit in learned.visits
    )
    coverage = re.search(r"the lists showed (\d+)% of the other ranking's first 10", told)
    assert coverage is not None
    assert 80 <= int(coverage[1]) <= 100
    assert gain(told) == pytest.approx(other / shown - 1.0, abs=0.3)
    assert gain(naive) < 0.5 * (other / shown - 1.0)


def gain(told: str) -> float:
    found = re.search(r"^gain +([+-][\d.]+)%", told, re.MULTILINE)
    assert found is not None, told
    return float(found[1]) / 100.0
