"""Customers whose behaviour is known, over HTTP: they ask, look at places with a given chance, click what is worth it, and tell so.

Chances and worth are given here and nowhere else, so that whatever is learned from what they tell can be held against the truth
(decision 0057). `python -m bench.customers WORLD --url http://127.0.0.1:8000` lets them ask the English prompts of an imported
synthetic world and click those who will buy.
"""

import argparse
import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

from ranking.types import BoolArray, FloatArray

BUYER, OTHER = 0.7, 0.12
_EVENTS_AT_ONCE = 2_000
_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Behaviour:
    """Place k is looked at with chance k^-power; who looks clicks a company with chance worth(prompt, company)."""

    power: float
    worth: Callable[[str, str], float]

    def looks(self, count: int) -> FloatArray:
        """float64[count] chance of each place, the first 1."""
        return np.arange(1, count + 1, dtype=np.float64) ** -self.power

    def worths(self, prompt: str, companies: Sequence[str]) -> FloatArray:
        """float64[n] in [0, 1], in the list's order."""
        return np.array([self.worth(prompt, company) for company in companies])

    def value(self, prompt: str, companies: Sequence[str], k: int) -> float:
        """Clicks to be expected on the first `k` of a list."""
        first = companies[:k]
        return float(self.looks(len(first)) @ self.worths(prompt, first))


@dataclass(frozen=True)
class Visit:
    """A list that was shown, best first; `clicked` bool[n]."""

    query_id: str
    prompt: str
    companies: tuple[str, ...]
    clicked: BoolArray


class Customers:
    """They ask through `client`, `limit` leads at a time, with these `options`; what they do comes from `draws`."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        behaviour: Behaviour,
        limit: int,
        options: Mapping[str, Any],
        draws: np.random.Generator,
    ) -> None:
        self._client = client
        self._behaviour = behaviour
        self._limit = limit
        self._options = dict(options)
        self._draws = draws

    async def visit(self, prompts: Sequence[str], rounds: int = 1) -> list[Visit]:
        """Ask each prompt `rounds` times and look at what comes; nobody is told yet."""
        return [await self._visit(prompt) for _ in range(rounds) for prompt in prompts]

    async def tell(self, visits: Sequence[Visit], at: datetime) -> int:
        """Tell all impressions with their places, and the clicks; how many events were stored."""
        events = [event for visit in visits for event in _events(visit, at)]
        stored = 0
        for first in range(0, len(events), _EVENTS_AT_ONCE):
            told = await self._post("/outcomes", events[first : first + _EVENTS_AT_ONCE])
            stored += told["stored"]
        return stored

    async def _visit(self, prompt: str) -> Visit:
        body = {"query": prompt, "limit": self._limit, "options": self._options}
        answer = await self._post("/query", body)
        companies = tuple(lead["company_id"] for lead in answer["leads"])
        chances = self._behaviour.looks(len(companies)) * self._behaviour.worths(prompt, companies)
        return Visit(answer["query_id"], prompt, companies, self._draws.random(len(companies)) < chances)

    async def _post(self, path: str, body: object) -> dict[str, Any]:
        response = await self._client.post(path, json=body)
        response.raise_for_status()
        told: dict[str, Any] = response.json()
        return told


def _events(visit: Visit, at: datetime) -> Iterator[dict[str, Any]]:
    for place, (company, clicked) in enumerate(
        zip(visit.companies, visit.clicked.tolist(), strict=True), start=1
    ):
        told = {
            "query_id": visit.query_id,
            "company_id": company,
            "occurred_at": at.isoformat(),
            "position": place,
        }
        yield {**told, "event": "impression"}
        if clicked:
            yield {**told, "event": "click"}


def buyers_of(world: Path) -> dict[str, frozenset[str]]:
    """The English prompts of a world, with the ids of everybody who buys."""
    bought: dict[str, frozenset[str]] = {}
    for row in _rows(world / "truth.jsonl"):
        others = [each for aliases in row["aliases"].values() for each in aliases]
        bought[row["product_id"]] = frozenset((*row["company_ids"], *others))
    prompts = _rows(world / "prompts.jsonl")
    return {row["prompt"]: bought[row["product_id"]] for row in prompts if row["language"] == "en"}


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


async def _simulate(options: argparse.Namespace) -> None:
    buyers = buyers_of(options.world)
    behaviour = Behaviour(
        options.power, lambda prompt, company: BUYER if company in buyers[prompt] else OTHER
    )
    manifest = json.loads((options.world / "manifest.json").read_text("utf-8"))
    asked = {"as_of": f"{manifest['spec']['as_of']}T00:00:00Z", "deadline_ms": 20_000, "llm": "never"}
    draws = np.random.default_rng(options.seed)
    async with httpx2.AsyncClient(base_url=options.url, timeout=_TIMEOUT_S) as client:
        customers = Customers(client, behaviour, options.limit, asked, draws)
        visits = await customers.visit(tuple(buyers), options.rounds)
        stored = await customers.tell(visits, datetime.now(UTC))
    clicks = sum(int(visit.clicked.sum()) for visit in visits)
    hits = sum(company in buyers[visit.prompt] for visit in visits for company in visit.companies)
    shown = sum(len(visit.companies) for visit in visits)
    print(
        f"{len(visits)} lists of {len(buyers)} prompts, {shown} leads of which {hits} buy; {clicks} clicks; {stored} events stored"
    )


def main() -> None:
    """Let them ask, and say how often they clicked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("world", type=Path)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--limit", type=int, default=25)
    parser.add_argument("--power", type=float, default=0.7, help="place k is looked at with chance k^-POWER")
    parser.add_argument("--seed", type=int, default=7)
    asyncio.run(_simulate(parser.parse_args()))


if __name__ == "__main__":
    main()
