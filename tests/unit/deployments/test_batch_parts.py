"""Parts of a batch: there whole or not at all, in bounded memory, and a hole is found."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from deployments.batch.columns import LEADS
from deployments.batch.manifest import read_manifest, write_manifest
from deployments.batch.order import BatchOrder, give_order, take_order
from deployments.batch.parts import Account, PartFile, done_parts, open_part, sweep
from deployments.batch.rows import packed, prompt_rows, unpacked
from deployments.batch.summary import RunFigures, finish
from ranking.errors import ArtifactError
from tests.fixtures.batch_manifests import manifest

RUN = RunFigures(3, 1, 2.0, 0.5, 100.0)


def lead(prompt: str, rank: int) -> dict[str, Any]:
    return {"prompt_id": prompt, "rank": rank, "lead_id": f"l{rank}", "score": 1.0 / rank, "why": "w" * 500}


def write_part(out: Path, part: int, prompts: list[str], leads: int = 1, code: str | None = None) -> None:
    of_prompts, of_leads = open_part(out, part)
    with of_prompts, of_leads:
        for row, prompt in enumerate(prompts, start=1):
            of_prompts.add(
                [{"prompt_id": prompt, "row": row, "prompt": prompt, "code": code, "leads": leads}]
            )
            of_leads.add([lead(prompt, rank) for rank in range(1, leads + 1)])
        account = Account(part, of_prompts.rows, of_leads.rows, 0, 0.5)
        of_prompts.publish()
        of_leads.publish(account)


def test_a_part_that_is_not_published_leaves_nothing(tmp_path: Path) -> None:
    prompts, leads = open_part(tmp_path, 0)
    with prompts, leads:
        leads.add([lead("a", 1)])
    assert done_parts(tmp_path) == {}
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_part_whose_leads_are_not_there_is_not_done(tmp_path: Path) -> None:
    prompts, leads = open_part(tmp_path, 0)
    with prompts, leads:
        prompts.publish()
    assert done_parts(tmp_path) == {}
    write_part(tmp_path, 0, ["a", "b"])
    assert done_parts(tmp_path) == {0: Account(0, 2, 2, 0, 0.5)}


def test_what_killed_workers_left_is_swept(tmp_path: Path) -> None:
    write_part(tmp_path, 0, ["a", "b"])
    left = tmp_path / "leads" / ".part-00001.parquet.4711"
    left.write_bytes(b"half")
    sweep(tmp_path)
    assert not left.exists()
    assert set(done_parts(tmp_path)) == {0}


def test_a_part_is_written_in_bounded_memory(tmp_path: Path) -> None:
    """Twenty times as many leads take the memory of a thousand, not twenty times it."""

    def peak(prompts: int) -> int:
        tracemalloc.start()
        with PartFile(tmp_path / f"{prompts}.parquet", LEADS) as file:
            for number in range(prompts):
                file.add([lead(str(number), rank) for rank in range(1, 101)])
            file.publish()
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(200) < 2 * peak(10)
    assert pq.read_metadata(tmp_path / "200.parquet").num_rows == 20_000


def test_a_finished_batch_says_what_it_took(tmp_path: Path) -> None:
    write_part(tmp_path, 0, ["a", "b"], leads=2)
    write_part(tmp_path, 1, ["c"], leads=0, code="no_leads")
    summary = finish(tmp_path, manifest(3), RUN, usd_per_cpu_hour=3.6)
    assert (summary.prompts, summary.leads, summary.remarks) == (3, 4, {"no_leads": 1})
    assert summary.cost_usd == pytest.approx(2 * 0.5 * 0.001)
    assert summary.cost_per_lead_usd == pytest.approx(0.001 / 4)
    assert summary.prompts_per_s == pytest.approx(3 / 2.0)
    (line,) = (tmp_path / "errors.jsonl").read_text().splitlines()
    assert json.loads(line)["prompt_id"] == "c"


def test_a_hole_is_found(tmp_path: Path) -> None:
    write_part(tmp_path, 1, ["c"])
    with pytest.raises(ArtifactError, match="1 of 2 parts are missing"):
        finish(tmp_path, manifest(3), RUN, 0.05)
    write_part(tmp_path, 0, ["a"])
    with pytest.raises(ArtifactError, match="has 1 prompts and 1 leads, not 2 and 1"):
        finish(tmp_path, manifest(3), RUN, 0.05)


def test_a_lead_with_a_field_that_no_column_has_is_an_error(tmp_path: Path) -> None:
    with PartFile(tmp_path / "p.parquet", LEADS) as file:
        file.add([{**lead("a", 1), "new_field": 1}])
        with pytest.raises(ValueError, match="no column for"):
            file.publish()


def test_the_order_is_there_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    order = BatchOrder(prompts="p", usd_per_cpu_hour=0.05, suppressed=[[None, "domain", "acme.com"]])
    give_order(tmp_path, order)
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert take_order(tmp_path) == order
    with pytest.raises(ArtifactError, match="has no order"):
        take_order(tmp_path)


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) is None
    write_manifest(tmp_path / "out", manifest(3))
    assert read_manifest(tmp_path / "out") == manifest(3)
    assert manifest(3).parts == 2


def test_rows_travel_unchanged() -> None:
    rows = list(prompt_rows([(1, {"prompt": "ä", "limit": 3}, None), (2, {}, "not JSON")]))
    assert unpacked(packed(rows)) == rows
