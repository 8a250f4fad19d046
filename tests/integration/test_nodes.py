"""The leaves behind their coalescers answer what one process answers, one by one or together."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from configs.schema import HopsArgs
from deployments.handles import HandlePorts, handle_ports
from deployments.inprocess import open_in_process
from deployments.nodes import Bm25Node, EmbedderNode, GbdtNode, RetrievalNode
from deployments.telemetry import Telemetry
from models.booster import BoosterModel
from models.training import TrainingRows, save, train
from ranking.answer import RankedList
from ranking.config import RankingConfig
from ranking.deadline import Deadline
from ranking.errors import DependencyError, Unavailable, UnknownGeneration
from ranking.features import FEATURES
from ranking.journey import RankRequest
from ranking.pipeline import Ports, rank_leads
from ranking.ports import Boosted, RetrievalRequest
from ranking.prompt import parse
from ranking.types import Generation, Query
from tests.fixtures.labelled_rows import labelled_rows
from tests.fixtures.served_world import AS_OF_S, ServedWorld

CONFIG = RankingConfig()
PROMPTS = [
    "CRM software for companies in Europe with 20-500 employees, not hospitals",
    "HR software for healthcare companies",
    "cloud security for fintech in North America, CTO",
    "Buchhaltungssoftware für Handwerker in Deutschland",
    "marketing automation",
]


class Local:
    """A handle to a node in this process."""

    def __init__(self, node: Any) -> None:
        self._node = node

    def options(self, **_: Any) -> "Local":
        return self

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._node, name, None)

        class Method:
            remote = staticmethod(method)

        return Method()


@dataclass(frozen=True)
class Leaves:
    retrieval: RetrievalNode
    bm25: Bm25Node
    gbdt: GbdtNode
    booster: Path


@pytest.fixture(scope="module")
def leaves(served_world: ServedWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leaves]:
    rows: TrainingRows = labelled_rows()
    folder = save(
        train(rows, 7),
        rows.digest(),
        tmp_path_factory.mktemp("booster"),
        "abc",
        datetime(2026, 1, 1, tzinfo=UTC),
    )
    bm25 = Bm25Node(str(served_world.snapshots))
    bm25.reconfigure(CONFIG.model_dump(mode="json"))
    retrieval = RetrievalNode(str(served_world.snapshots), served_world.dsn)
    gbdt = GbdtNode(str(folder.parent), str(folder))
    yield Leaves(retrieval, bm25, gbdt, folder)
    for each in (gbdt._boosters, retrieval._engines, retrieval._suppressed, bm25._indexes):
        each.close()


def ports(leaves: Leaves, world: ServedWorld) -> Ports:
    hops: HandlePorts = handle_ports(
        Local(leaves.retrieval), Local(leaves.bm25), Local(leaves.gbdt), Local(None), Local(None), HopsArgs(), Telemetry(),
        coalesce=True,
    )  # fmt: skip
    return Ports(hops, hops, hops, hops, lambda _: world.system.catalogue)


async def ranked(prompt: str, outside: Ports, world: ServedWorld) -> RankedList:
    request = RankRequest(parse(prompt, world.taxonomy), 25, AS_OF_S, CONFIG.final, CONFIG.fit.weights)
    return await rank_leads(request, outside, CONFIG, Deadline.after_ms(30_000, time.monotonic))


async def test_coalesced_is_one_by_one_is_in_process(leaves: Leaves, served_world: ServedWorld) -> None:
    through = ports(leaves, served_world)
    booster = BoosterModel(leaves.booster)
    here = open_in_process(served_world.snapshots, served_world.taxonomy, CONFIG, booster).ports()
    together = await asyncio.gather(*(ranked(prompt, through, served_world) for prompt in PROMPTS * 4))
    alone = [await ranked(prompt, through, served_world) for prompt in PROMPTS]
    direct = [await ranked(prompt, here, served_world) for prompt in PROMPTS]
    assert [each.leads for each in alone] == [each.leads for each in direct]
    assert [each.leads for each in together] == [each.leads for each in direct] * 4
    assert {each["intent_source"] for result in direct for each in result.leads} >= {"gbdt"}
    assert await leaves.gbdt.version() == booster.version


async def test_a_leaf_refuses_a_generation_it_does_not_hold(leaves: Leaves) -> None:
    unknown = RetrievalRequest(Query(), 200, generation=Generation("20200101T000000Z-0"))
    known = RetrievalRequest(Query(), 200)
    first, second = await leaves.retrieval.retrieve([unknown, known], [1e4, 1e4])
    assert isinstance(first, UnknownGeneration)
    assert not isinstance(second, Exception)


async def test_a_bad_item_fails_alone(leaves: Leaves) -> None:
    good = np.zeros((3, len(FEATURES)), dtype=np.float32)
    bad = np.zeros((2, 1), dtype=np.float32)
    first, second, third = await leaves.gbdt.score([good, bad, good], [1e4] * 3)
    assert isinstance(second, DependencyError)
    assert isinstance(first, Boosted)
    assert isinstance(third, Boosted)
    np.testing.assert_array_equal(first.intent, third.intent)


async def test_the_embedder_answers_in_order() -> None:
    node = EmbedderNode({"backend": "torch"})
    first, second = await node.embed(["payments", "espresso"], [1e4, 1e4])
    (alone,) = await node.embed(["espresso"], [1e4])
    np.testing.assert_allclose(second, alone, atol=1e-5)
    assert float(np.dot(first, second)) < 0.9
    assert (await node.version()).startswith("all-MiniLM-L6-v2@")


async def test_in_one_process_a_missing_part_degrades_like_a_dead_leaf(served_world: ServedWorld) -> None:
    deadline = Deadline.after_ms(1_000, time.monotonic)
    with pytest.raises(Unavailable):
        await served_world.system.score(np.zeros((1, len(FEATURES)), np.float32), deadline)
    with pytest.raises(Unavailable):
        await served_world.system.embed(["x"], deadline)
