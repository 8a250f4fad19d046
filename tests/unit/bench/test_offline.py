"""The bench of batches: what its record says, and that a hole or a repetition in a batch is seen."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench import record, scoreboard
from bench.batch_runs import BatchJob, Lists, Run
from bench.offline import Online, Resumed, even_at, figures

RUN = Run(
    wall_s=18.0, start_s=10.0, first_prompts=20, prompts=100, cpu_s=30.0, scoring_s=10.0, memory_mib=2048.0, worker_mib=700.0
)  # fmt: skip
LISTS: Lists = {str(number): [(f"l{number}", 0.5)] for number in range(100)}


def online(**changed: Any) -> Online:
    return Online(**{
        "wall_s": 25.0, "cpu_s": 60.0, "client_cpu_s": 5.0, "latency_ms": [1.0] * 100, "lists": dict(LISTS), **changed,
    })  # fmt: skip


def resumed(**changed: Any) -> Resumed:
    return Resumed(**{"kept": 50, "faults": 0, "memory_mib": 3072.0, "lists": LISTS, **changed})


def test_rates_are_told_with_the_start_and_without() -> None:
    found = figures(RUN, LISTS, resumed(), online(), 100)
    assert found["prompts_per_s"] == {"batch": 5.56, "batch after its start": 10.0, "http": 4.0}
    assert list(found["ratios"].values()) == [1.389, 2.5, 2.0]
    assert found["cpu_ms_per_query"] == {
        "batch": 300.0, "batch, without its start": 100.0, "http": 600.0, "who asks over http": 50.0,
    }  # fmt: skip
    assert found["verdict"] == "held"
    record.checked(found)
    assert (
        scoreboard.headline(found)
    ) == "5.56 prompts/s, 10 once started (8 s), 4 over HTTP; sooner done from 53 prompts on; 3.00 GiB"


def test_from_some_number_of_prompts_on_the_batch_is_sooner_done() -> None:
    rates = {"batch after its start": 8.0, "http": 4.0}
    assert even_at(7.5, rates) == 60  # 7.5 + 60 / 8 = 60 / 4
    assert even_at(7.5, {**rates, "http": 9.0}) is None


def test_another_list_than_the_api_s_is_an_error_of_the_batch() -> None:
    other: Lists = {**LISTS, "7": [("l8", 0.5)]}
    found = figures(RUN, other, resumed(lists=other), online(), 100)
    assert (found["errors"], found["verdict"]) == ({"different list": 1}, "missed")
    record.checked(found)


@pytest.mark.parametrize("changed", [{"faults": 1}, {"memory_mib": 7000.0}, {"lists": {**LISTS, "7": []}}])
def test_what_a_kill_and_a_resume_leave_counts_for_the_verdict(changed: dict[str, Any]) -> None:
    assert figures(RUN, LISTS, resumed(**changed), online(), 100)["verdict"] == "missed"


def test_a_request_that_got_no_answer_is_an_error() -> None:
    lists = {number: leads for number, leads in LISTS.items() if number != "3"}
    answered = online(lists=lists)
    answered.errors["ConnectionResetError"] += 1
    found = figures(RUN, LISTS, resumed(), answered, 100)
    assert (found["completed"], found["errors"]) == (199, {"ConnectionResetError": 1})
    record.checked(found)


def job(tmp_path: Path, *parts: list[tuple[str, list[int]]]) -> BatchJob:
    """A batch of three prompts of which these parts are there: prompts with the ranks of their leads."""
    found = BatchJob([{"query": "CRM"}] * 3, tmp_path, tmp_path / "scratch", "2026-01-01")
    for folder in ("leads", "prompts"):
        (found.out / folder).mkdir(parents=True, exist_ok=True)
    for number, part in enumerate(parts):
        leads = [
            {"prompt_id": prompt, "rank": rank, "lead_id": f"l{rank}", "score": 1.0 / rank}
            for prompt, ranks in part
            for rank in ranks
        ]
        name = f"part-{number:05d}.parquet"
        pq.write_table(
            pa.Table.from_pylist([{"prompt_id": prompt} for prompt, _ in part]), found.out / "prompts" / name
        )
        pq.write_table(pa.Table.from_pylist(leads), found.out / "leads" / name)
    return found


def test_a_whole_batch_has_no_faults(tmp_path: Path) -> None:
    whole = job(tmp_path, [("0", [1, 2]), ("1", [1])], [("2", [1, 2, 3])])
    assert (whole.faults(), whole.answered()) == (0, 3)
    assert whole.lists() == {
        "0": [("l1", 1.0), ("l2", 0.5)], "1": [("l1", 1.0)], "2": [("l1", 1.0), ("l2", 0.5), ("l3", 1.0 / 3.0)],
    }  # fmt: skip


@pytest.mark.parametrize(
    "second",
    [[("1", [1])], [("2", [1, 3])], [("2", [1, 1])], [("2", [1]), ("2", [2])], [("2", [1]), ("3", [1])]],
    ids=["missing and twice", "hole", "rank twice", "twice in a part", "stranger"],
)
def test_a_hole_and_a_repetition_are_faults(tmp_path: Path, second: list[tuple[str, list[int]]]) -> None:
    assert job(tmp_path, [("0", [1, 2]), ("1", [1])], second).faults() > 0
