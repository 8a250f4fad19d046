"""A part that is dead or late costs its share of the answer, never the answer."""

import asyncio
from typing import Any

import numpy as np
import pytest

from ranking.deadline import Deadline
from ranking.errors import DeadlineExceeded, LeadError, Overloaded, Unavailable, UnknownGeneration
from tests.fixtures.served_app import serving, with_ports
from tests.fixtures.served_world import ServedWorld


class Dead:
    """Every port, failing with one error."""

    def __init__(self, error: LeadError) -> None:
        self._error = error

    async def _fail(self, *_: object) -> Any:
        raise self._error

    retrieve = gather = score = embed = _fail


class Slow:
    """A port that answers long after its deadline, waited for as the coalescer does."""

    def __init__(self, node: str) -> None:
        self._node = node

    async def _wait(self, _question: object, deadline: Deadline) -> Any:
        try:
            await asyncio.wait_for(asyncio.Event().wait(), deadline.require(self._node))
        except TimeoutError as err:
            raise DeadlineExceeded(self._node) from err

    retrieve = gather = score = embed = _wait


async def test_without_a_booster_lexical_evidence_still_ranks(served_world: ServedWorld) -> None:
    dead = Dead(Unavailable("gbdt", "died"))
    async with serving(served_world, with_ports(served_world, booster=dead)) as app:
        answer = await app.query(limit=50)
    assert {"stage": "gbdt", "reason": "unavailable"} in answer["metadata"]["degradations"]
    assert {lead["intent_source"] for lead in answer["leads"]} <= {"bm25", "none"}
    assert any(lead["intent_score"] > 0 for lead in answer["leads"])
    assert len(answer["leads"]) == 50


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Unavailable("bm25", "died"), "unavailable"),
        (Overloaded("bm25"), "overloaded"),
        (DeadlineExceeded("bm25"), "deadline"),
    ],
)
async def test_without_evidence_fit_still_ranks(
    served_world: ServedWorld, error: LeadError, reason: str
) -> None:
    async with serving(served_world, with_ports(served_world, evidence=Dead(error))) as app:
        answer = await app.query()
    assert {"stage": "bm25", "reason": reason} in answer["metadata"]["degradations"]
    assert [lead["score"] for lead in answer["leads"]] == [
        pytest.approx(0.6 * lead["fit_score"]) for lead in answer["leads"]
    ]
    assert not any(lead["signals"] for lead in answer["leads"])


async def test_without_an_embedder_unknown_exemplars_are_named(served_world: ServedWorld) -> None:
    dead = Dead(Unavailable("embedder", "died"))
    async with serving(served_world, with_ports(served_world, embedder=dead)) as app:
        answer = await app.query("CRM for companies like Qwertyuiop Dynamics in Europe")
    assert {"stage": "embedder", "reason": "unavailable"} in answer["metadata"]["degradations"]
    assert answer["metadata"]["unresolved_exemplars"]
    assert len(answer["leads"]) == 25


async def test_unknown_exemplars_are_embedded(served_world: ServedWorld) -> None:
    class Embedder:
        async def embed(self, texts: tuple[str, ...], _deadline: Deadline) -> np.ndarray:
            return np.full((len(texts), 384), 384**-0.5, dtype=np.float32)

    async with serving(served_world, with_ports(served_world, embedder=Embedder())) as app:
        answer = await app.query("CRM for companies like Qwertyuiop Dynamics in Europe")
    assert "embedder" not in [each["stage"] for each in answer["metadata"]["degradations"]]
    assert len(answer["leads"]) == 25


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Unavailable("retrieval", "died"), 503, "unavailable"),
        (Overloaded("retrieval"), 503, "overloaded"),
        (DeadlineExceeded("retrieval"), 504, "deadline_exceeded"),
        (UnknownGeneration("retrieval", "20200101T000000Z-0"), 503, "unavailable"),
    ],
)
async def test_without_retrieval_there_is_no_answer(
    served_world: ServedWorld, error: LeadError, status: int, code: str
) -> None:
    async with serving(served_world, with_ports(served_world, retrieval=Dead(error))) as app:
        response = await app.client.post("/query", json={"query": "CRM"})
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert int(response.headers["Retry-After"]) >= 1
    assert "2020" not in response.text


@pytest.mark.parametrize(("late", "stage"), [("evidence", "bm25"), ("booster", "gbdt")])
async def test_a_deadline_of_20_ms_gives_what_is_ready(
    served_world: ServedWorld, late: str, stage: str
) -> None:
    async with serving(served_world, with_ports(served_world, **{late: Slow(stage)})) as app:
        answer = await app.query(limit=10, options={"deadline_ms": 20})
    assert {"stage": stage, "reason": "deadline"} in answer["metadata"]["degradations"]
    assert len(answer["leads"]) == 10


async def test_a_deadline_that_retrieval_misses_is_a_problem(served_world: ServedWorld) -> None:
    async with serving(served_world, with_ports(served_world, retrieval=Slow("retrieval"))) as app:
        response = await app.client.post("/query", json={"query": "CRM", "options": {"deadline_ms": 20}})
    assert (response.status_code, response.json()["code"]) == (504, "deadline_exceeded")


async def test_a_leaf_that_swapped_its_snapshot_is_asked_again(served_world: ServedWorld) -> None:
    class Swapped:
        """Knows the pinned generation no more when first asked, as after two swaps."""

        calls = 0

        async def retrieve(self, request: Any, deadline: Deadline) -> Any:
            self.calls += 1
            if request.generation is not None:
                raise UnknownGeneration("retrieval", request.generation)
            return await served_world.system.retrieve(request, deadline)

    swapped = Swapped()
    async with serving(served_world, with_ports(served_world, retrieval=swapped)) as app:
        answer = await app.query()
    assert swapped.calls == 2
    assert len(answer["leads"]) == 25
    assert answer["metadata"]["versions"]["snapshot"] == served_world.system.snapshot.generation
