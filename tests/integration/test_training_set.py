"""Training rows: made by the pipeline that answers, and blind to whatever came later."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg
import pytest

from db.embedded import EmbeddedPostgres
from db.pool import open_pool
from deployments.inprocess import InProcess, open_in_process
from ingest.importers import import_files
from ingest.indexing import build_generation
from models.outcome_rows import OutcomeEvent, examples
from models.training import TrainingRows
from models.training_set import Example, collect
from ranking.config import RankingConfig
from ranking.features import FEATURES
from ranking.prompt import parse
from ranking.taxonomy import load_taxonomy
from tests.fixtures.served_world import AS_OF_S, PROMPT, ServedWorld

_REPEATS = "SELECT snippet_id, duplicate_of FROM intent_snippets WHERE duplicate_of IS NOT NULL"
BEFORE = datetime.fromtimestamp(AS_OF_S, UTC) - timedelta(days=120)


def _rows(system: InProcess, *shown: Example) -> TrainingRows:
    return asyncio.run(collect(shown, system.ports(), RankingConfig(), time.monotonic))


def _example(system: InProcess, prompt: str, at: datetime) -> Example:
    companies = system.snapshot.companies
    bought = {companies.ids[row]: row % 3 == 0 for row in range(len(companies.active))}
    return Example(parse(prompt, load_taxonomy()), at.timestamp(), bought)


def test_rows_carry_their_labels_and_queries(served_world: ServedWorld) -> None:
    first = _example(served_world.system, PROMPT, BEFORE)
    second = Example(parse("HR software for banks", load_taxonomy()), AS_OF_S, {"nobody": True})
    rows = _rows(served_world.system, first, second)
    assert rows.features.shape == (len(rows.labels), len(FEATURES))
    assert rows.features.dtype == np.float32
    assert set(rows.queries.tolist()) == {0}  # nobody of the second list is known
    assert 0.2 < rows.labels.mean() < 0.5
    empty = _rows(served_world.system)
    assert empty.features.shape == (0, len(FEATURES))


def test_companies_that_were_not_shown_count_as_not_bought(served_world: ServedWorld) -> None:
    example = _example(served_world.system, PROMPT, BEFORE)
    few = Example(example.query, example.as_of_s, dict(list(example.bought.items())[:60]))

    def rows(unshown: int, seed: int = 7) -> TrainingRows:
        ports, config = served_world.system.ports(), RankingConfig()
        return asyncio.run(collect([few], ports, config, time.monotonic, unshown=unshown, seed=seed))

    shown, more = rows(0), rows(50)
    assert len(more.labels) == len(shown.labels) + 50
    assert more.labels.sum() == shown.labels.sum()
    assert rows(50).digest() == more.digest()
    assert rows(50, seed=8).digest() != more.digest()


def test_the_worlds_outcomes_make_rows_with_purchases(training_rows: TrainingRows) -> None:
    assert len(np.unique(training_rows.queries)) >= 5
    assert training_rows.labels.any()
    assert not training_rows.labels.all()


@pytest.fixture(scope="module")
def shuffled(
    served_world: ServedWorld, postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> InProcess:
    """The world again, with everything that is dated after BEFORE told of other companies.

    The texts themselves stay, and so do those that repeat others, so that idf and mean length do: those are the index's, not
    the features'.
    """
    folder = tmp_path_factory.mktemp("shuffled")
    for name in ("companies.jsonl", "leads.jsonl"):
        (folder / name).write_bytes((served_world.files / name).read_bytes())
    lines = (served_world.files / "snippets.jsonl").read_text().split("\n")
    snippets = [json.loads(line) for line in lines if line]
    # A day ahead is taken for a clock's error and counts as now (F-5).
    later = [
        each
        for each in snippets
        if (each.get("observed_at") or "") > (BEFORE + timedelta(days=2)).isoformat()
    ]
    assert len(later) > 100
    owners = [{key: each.pop(key, None) for key in ("company_id", "domain")} for each in later]
    for each, owner in zip(later, owners[len(owners) // 2 :] + owners[: len(owners) // 2], strict=True):
        each.update({key: value for key, value in owner.items() if value is not None})
    (folder / "snippets.jsonl").write_text("\n".join(map(json.dumps, snippets)))
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE shuffled_world TEMPLATE migrated STRATEGY file_copy")
    with psycopg.connect(served_world.dsn) as connection:
        repeats = connection.execute(_REPEATS).fetchall()
    assert repeats
    asyncio.run(_load(postgres.dsn("shuffled_world"), folder, repeats))
    return open_in_process(folder / "snapshots", load_taxonomy(), RankingConfig())


async def _load(dsn: str, folder: Path, repeats: list[tuple[str, str]]) -> None:
    async with await open_pool(dsn) as pool:
        await import_files(pool, [folder / f"{kind}.jsonl" for kind in ("companies", "leads", "snippets")])
        await pool.execute("UPDATE intent_snippets SET duplicate_of = NULL")
        await pool.executemany("UPDATE intent_snippets SET duplicate_of = $2 WHERE snippet_id = $1", repeats)
        await build_generation(pool, folder / "snapshots", load_taxonomy(), clock=time.time)


@pytest.mark.parametrize(
    "prompt", [PROMPT, "HR software for healthcare companies", "cloud security, hiring engineers"]
)
def test_no_feature_sees_what_came_later(served_world: ServedWorld, shuffled: InProcess, prompt: str) -> None:
    here = _rows(served_world.system, _example(served_world.system, prompt, BEFORE))
    there = _rows(shuffled, _example(shuffled, prompt, BEFORE))
    np.testing.assert_array_equal(here.labels, there.labels)
    for number, name in enumerate(FEATURES):
        np.testing.assert_allclose(
            here.features[:, number], there.features[:, number], rtol=1e-6, err_msg=name
        )


def test_today_the_same_rows_differ(served_world: ServedWorld, shuffled: InProcess) -> None:
    """The shuffle does change what is known now: the test above would see it."""
    now = datetime.fromtimestamp(AS_OF_S, UTC)
    here = _rows(served_world.system, _example(served_world.system, PROMPT, now))
    there = _rows(shuffled, _example(shuffled, PROMPT, now))
    assert here.features.shape != there.features.shape or not np.allclose(
        here.features, there.features, equal_nan=True
    )


def _event(event: str, company: str, day: int, label: bool | None = None) -> OutcomeEvent:
    return OutcomeEvent("CRM", company, event, datetime(2026, 1, day, tzinfo=UTC), label)


def test_a_list_is_what_one_prompt_showed_at_one_time() -> None:
    events = [
        _event("impression", "a", 5), _event("impression", "b", 5, True), _event("impression", "c", 5),
        _event("impression", "a", 9), _event("conversion", "a", 7), _event("conversion", "c", 4), _event("click", "c", 6),
        _event("conversion", "unseen", 6),
    ]  # fmt: skip
    first, second = examples(events, lambda prompt: parse(prompt, load_taxonomy()))
    assert first.bought == {"a": True, "b": True, "c": False}  # a conversion before the list is not of it
    assert second.bought == {"a": False}
    assert first.as_of_s == datetime(2026, 1, 5, tzinfo=UTC).timestamp()
