"""Prompts scored offline: the same lists as over HTTP, whatever the order, the part or the format; nothing stops at a bad one."""

import asyncio
import json
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from configs.schema import DEFAULT_BOOSTER
from db.suppressions import Suppression
from deployments.batch.manifest import BatchMismatch, check_resumable
from deployments.batch.rows import PromptRow, body_of, prompt_rows
from deployments.batch.scoring import PartScorer
from deployments.inprocess import open_in_process
from ingest.prompts import read_prompts
from models.booster import BoosterModel
from models.embedder import EmbedderConfig, open_encoder
from ranking.config import RankingConfig
from ranking.errors import ArtifactError
from tests.fixtures.batches import leads_in, manifest_of, prompts_in, rows_of, scored
from tests.fixtures.served_app import serving
from tests.fixtures.served_world import PROMPT, ServedWorld

NO_SUCH_EXEMPLAR = "CRM for companies like Qwertyuiop Dynamics in Europe"
SPECIAL: list[dict[str, Any]] = [
    {"prompt": PROMPT},
    {"prompt": NO_SUCH_EXEMPLAR},
    {"prompt": "top 3 HR software leads in Germany"},
    {"prompt": "payroll", "limit": 60},
    {"prompt": "CRM", "filters": {"countries": ["DE", "FR"], "exclude": {"industries": ["hospitals"]}}},
    {"prompt": "asdf qwer zxcv"},
    {"prompt": "analytics", "min_score": 0.6},
]


def world_prompts(world: ServedWorld, count: int) -> list[dict[str, Any]]:
    with (world.files / "prompts.jsonl").open() as file:
        return [{"prompt": json.loads(line)["prompt"]} for line in islice(file, count)]


async def test_a_batch_answers_what_the_api_answers(served_world: ServedWorld, tmp_path: Path) -> None:
    rows = rows_of(*SPECIAL, *world_prompts(served_world, 30))
    both_routes = RankingConfig.model_validate({"intent": {"bm25_threshold": 3.0}})
    await asyncio.to_thread(scored, served_world, tmp_path, rows, config=both_routes)
    leads = leads_in(tmp_path)
    system = open_in_process(
        served_world.snapshots, served_world.taxonomy, both_routes, BoosterModel(DEFAULT_BOOSTER),
        open_encoder(EmbedderConfig()),
    )  # fmt: skip
    routes = set()
    async with serving(served_world, system.ports()) as app:
        app.flow.config = both_routes
        for row in rows:
            fields = {name: row.values[name] for name in ("limit", "filters") if name in row.values}
            options = {"llm": "never", "min_score": row.values.get("min_score", 0.0)}
            there = await app.query(row.prompt, options=options, **fields)
            assert leads.get(row.prompt_id, []) == there["leads"], row.prompt
            assert not there["metadata"]["degradations"]
            routes |= {lead["intent_source"] for lead in there["leads"]}
    assert {"bm25", "gbdt"} <= routes


def test_lists_do_not_depend_on_order_or_part(served_world: ServedWorld, tmp_path: Path) -> None:
    rows = rows_of(*SPECIAL, *world_prompts(served_world, 10))
    scored(served_world, tmp_path / "whole", rows)
    scorer = PartScorer(tmp_path / "apart", manifest_of(served_world, len(rows)), ())
    for part, row in enumerate(reversed(rows)):
        scorer.score(part, [row])
    scorer.close()
    assert leads_in(tmp_path / "whole") == leads_in(tmp_path / "apart")


def test_a_bad_prompt_has_its_remark_and_stops_nothing(served_world: ServedWorld, tmp_path: Path) -> None:
    rows = rows_of(
        {"prompt_id": "good", "prompt": PROMPT},
        {"prompt_id": "empty", "prompt": ""},
        {"prompt_id": "long", "prompt": "CRM " * 3_000},
        {"prompt_id": "nonsense", "prompt": "asdf qwer zxcv"},
        {"prompt_id": "against", "prompt": "CRM for companies in Germany, not in Germany"},
        {"prompt_id": "nowhere", "prompt": "CRM", "filters": {"countries": ["Atlantis"]}},
        {"prompt_id": "nobody", "prompt": "CRM", "min_score": 1.0},
    )
    unreadable = PromptRow("row-9", 9, {}, "invalid JSON")
    report = scored(served_world, tmp_path, [*rows, unreadable])
    found = prompts_in(tmp_path)
    assert {name: row["code"] for name, row in found.items()} == {
        "good": None, "empty": "invalid_query", "long": "invalid_query", "nonsense": "not_understood",
        "against": "contradictory", "nowhere": "invalid_query", "nobody": "no_leads", "row-9": "unreadable",
    }  # fmt: skip
    assert (report["prompts"], report["remarks"]) == (8, 7)
    assert found["nowhere"]["detail"] == "/filters/countries/0 'Atlantis' is not known"
    assert found["against"]["detail"] == "DE (countries) is asked for and excluded"
    assert {name: len(each) for name, each in leads_in(tmp_path).items()} == {
        "good": 25, "nonsense": 25, "against": 25
    }  # fmt: skip


def test_every_format_gives_the_same_rows(tmp_path: Path) -> None:
    values = [
        {"prompt_id": "a", "prompt": "Größe, \"quoted\"\nand a line", "limit": 5, "filters": {"countries": ["DE"]}},
        {"prompt_id": "b", "prompt": "payroll"},
    ]  # fmt: skip
    jsonl, csv, parquet = (tmp_path / f"prompts.{ending}" for ending in ("jsonl", "csv", "parquet"))
    jsonl.write_text("".join(json.dumps(each) + "\n" for each in values))
    csv.write_text(
        'prompt_id,prompt,limit,filters\na,"Größe, ""quoted""\nand a line",5,"{""countries"": [""DE""]}"\nb,payroll,,\n'
    )
    pq.write_table(pa.Table.from_pylist(values), parquet)
    asked = []
    for path in (jsonl, csv, parquet):
        asked.append([_asked(row) for row in prompt_rows(read_prompts(path))])
    assert asked[0] == asked[1] == asked[2]
    assert asked[0] == [("a", values[0]["prompt"], 5, ["DE"]), ("b", "payroll", 25, [])]


def _asked(row: PromptRow) -> tuple[str, str, int, list[str]]:
    body = body_of(row, "2026-06-30T00:00:00+00:00", None)
    return row.prompt_id, body.query, body.limit, list(body.filters.countries)


def test_lines_that_cannot_be_read_and_repeated_ids_keep_their_place(tmp_path: Path) -> None:
    path = tmp_path / "prompts.jsonl"
    path.write_text(
        '{"prompt": "a", "prompt_id": "x"}\nnot json\n{"prompt": "b", "prompt_id": "x"}\n{"query": "c"}\n'
    )
    found = [
        (row.prompt_id, row.row, row.prompt, row.fault is None) for row in prompt_rows(read_prompts(path))
    ]
    assert found == [
        ("x", 1, "a", True), ("row-2", 2, "", False), ("x@3", 3, "b", False), ("row-4", 4, "c", True),
    ]  # fmt: skip


def test_who_must_not_be_contacted_is_not_named(served_world: ServedWorld, tmp_path: Path) -> None:
    rows = rows_of({"prompt_id": "p", "prompt": PROMPT})
    scored(served_world, tmp_path / "before", rows)
    first, second = leads_in(tmp_path / "before")["p"][:2]
    entries = (
        Suppression(None, "company", first["company_id"]),
        Suppression(None, "lead", second["lead_id"]),
    )
    scorer = PartScorer(tmp_path / "after", manifest_of(served_world, 1), entries)
    scorer.score(0, rows)
    scorer.close()
    after = leads_in(tmp_path / "after")["p"]
    assert first["company_id"] not in {lead["company_id"] for lead in after}
    assert second["lead_id"] not in {lead["lead_id"] for lead in after}


def test_a_worker_refuses_what_the_batch_did_not_begin_with(
    served_world: ServedWorld, tmp_path: Path
) -> None:
    manifest = manifest_of(served_world, 1)
    other = manifest.model_copy(
        update={"versions": manifest.versions.model_copy(update={"booster": "another"})}
    )
    with pytest.raises(ArtifactError, match="began with another"):
        PartScorer(tmp_path, other, ())
    gone = manifest.model_copy(update={"versions": manifest.versions.model_copy(update={"snapshot": "gone"})})
    with pytest.raises(ArtifactError, match="snapshot"):
        PartScorer(tmp_path, gone, ())


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("version of config", {"versions": {"config": "other"}}),
        ("version of booster", {"versions": {"booster": "other"}}),
        ("version of snapshot", {"versions": {"snapshot": "other"}}),
        ("version of do_not_contact", {"versions": {"do_not_contact": "other"}}),
        ("--limit", {"limit": 7}),
        ("--part", {"part_prompts": 7}),
    ],
)
def test_a_resume_under_other_versions_is_refused(
    served_world: ServedWorld, tmp_path: Path, name: str, changed: dict[str, Any]
) -> None:
    begun = manifest_of(served_world, 1)
    check_resumable(tmp_path, begun, replace_created(begun))
    updates = {**changed}
    if "versions" in updates:
        updates["versions"] = begun.versions.model_copy(update=updates["versions"])
    with pytest.raises(BatchMismatch, match=f"{name} was .*, is (other|7)"):
        check_resumable(tmp_path, begun, begun.model_copy(update=updates))


def replace_created(manifest: Any) -> Any:
    return manifest.model_copy(update={"created_at": manifest.created_at.replace(year=2030)})
