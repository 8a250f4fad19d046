"""The offline composition root: prompts in, ranked lists out, by the ranking that answers online, spread by Ray Data.

`leads batch` writes manifest and order and then becomes `python -m batch OUT`. A row of the dataset is a part: so many
prompts, answered by one actor of the pool on its memory-mapped snapshot and written to files of its own. What travels are prompts
and accounts; leads never pass through Ray's object store.
"""

import fcntl
import logging
import os
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import ray
from ray.data import ActorPoolStrategy, DataContext
from ray.exceptions import RayError
from rich.console import Console
from rich.table import Table

from deployments.batch.manifest import BatchManifest, BatchMismatch, read_manifest
from deployments.batch.order import BatchOrder, take_order
from deployments.batch.parts import done_parts, sweep
from deployments.batch.progress import BatchProgress
from deployments.batch.rows import PromptRow, packed, prompt_rows
from deployments.batch.summary import BatchSummary, RunFigures, finish
from deployments.batch.worker import BatchWorker
from ingest.prompts import read_prompts
from ranking.errors import ArtifactError, LeadError

_LOCK = ".lock"
_OBJECT_STORE_BYTES = 128 << 20  # parts of the input and accounts of a few hundred bytes
_ENDED = (signal.SIGINT, signal.SIGTERM)
_RETRIES = 3  # of a part whose worker dies; what kills four is the part's own fault


def run(out: Path, console: Console) -> BatchSummary:
    """Answer the prompts of the batch in `out` that no earlier run has answered, and close it when all are.

    Raises:
        BatchMismatch: another run works there, or the file of prompts is not the one that was promised.
        ArtifactError: there is nothing to run, or a part failed; what is done stays done.
    """
    order = take_order(out)  # before the lock: whoever is refused leaves no list of people behind
    manifest = read_manifest(out)
    if manifest is None:
        raise ArtifactError(str(out), "holds no batch; start one with `leads batch`")
    with _alone(out):
        sweep(out)
        started_s = time.monotonic()
        finished = done_parts(out)
        todo: list[dict[str, int | bytes]] = [
            {"part": part, "rows": packed(rows)}
            for part, rows in _parts(Path(order.prompts), manifest)
            if part not in finished
        ]
        figures = RunFigures(0, 0, 0.0, 0.0, 0.0)
        if todo:
            answered = sum(each.prompts for each in finished.values())
            rows = manifest.prompts.rows
            console.print(f"{rows - answered:,} of {rows:,} prompts to do; starting Ray", highlight=False)
            with BatchProgress(console, manifest.prompts.rows, answered) as progress:
                figures = _score(out, manifest, order, todo, progress, started_s)
        sweep(out)  # what workers that were killed meanwhile left half written
        return finish(out, manifest, figures, order.usd_per_cpu_hour)


def _score(
    out: Path,
    manifest: BatchManifest,
    order: BatchOrder,
    todo: list[dict[str, int | bytes]],
    progress: BatchProgress,
    started_s: float,
) -> RunFigures:
    """Have the parts written by a pool of actors; a worker that dies is replaced and its part done again. Empties `todo`."""
    workers = _connect(order.workers, len(todo))
    source = ray.data.from_items(todo, override_num_blocks=len(todo))
    todo.clear()  # Ray's object store has them now, and puts on disk what it cannot hold
    dataset = source.map_batches(
        BatchWorker,
        batch_size=1,
        batch_format="pyarrow",
        compute=ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=2),
        fn_constructor_args=(str(out.resolve()), manifest.model_dump(mode="json"), order.suppressed),
        num_cpus=1,
        max_task_retries=_RETRIES,
    )
    prompts, peak_rss_mib, first_s, first_prompts = 0, 0.0, 0.0, 0
    try:
        for report in dataset.iter_rows():
            if not first_s:
                first_s, first_prompts = time.monotonic(), report["prompts"]
            prompts += report["prompts"]
            peak_rss_mib = max(peak_rss_mib, report["peak_rss_mib"])
            progress.add(report["prompts"])
    except RayError as err:
        raise ArtifactError(
            "batch", f"a part failed ({_reason(err)}); go on with --resume once it is mended"
        ) from err
    ended_s = time.monotonic()
    start_s = (first_s or ended_s) - started_s
    return RunFigures(
        prompts,
        workers,
        round(ended_s - started_s, 3),
        round(start_s, 3),
        round(peak_rss_mib, 1),
        first_prompts,
    )


def _connect(workers: int | None, parts: int) -> int:
    """Join the cluster that RAY_ADDRESS names, else start a Ray of our own that ends with us; returns how many actors there shall be."""
    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.max_consecutive_actor_init_deaths = _RETRIES
    warnings.filterwarnings("ignore", ".*ray_remote_args.*")  # 2.60 has no named parameter for retries yet
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # what fails is raised, and told in one line
    if os.environ.get("RAY_ADDRESS"):
        ray.init(log_to_driver=False)
        _end_by_signals()
        cores = int(ray.cluster_resources().get("CPU", 1))  # type: ignore[no-untyped-call]
        return max(1, min(workers or cores, parts))
    count = max(1, min(workers or os.cpu_count() or 1, parts))
    ray.init(
        address="local",
        num_cpus=count,
        object_store_memory=_OBJECT_STORE_BYTES,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    _end_by_signals()
    return count


def _end_by_signals() -> None:
    """Have Ctrl-C and SIGTERM end the run in order; called after `ray.init`, whose handler of SIGTERM aborts with a dump (Ray 2.60)."""
    for each in _ENDED:
        signal.signal(each, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    for each in _ENDED:  # once is enough; `ray job stop` tells us again
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _parts(path: Path, manifest: BatchManifest) -> Iterator[tuple[int, list[PromptRow]]]:
    """Every part of the file with its rows."""
    size, held, part = manifest.part_prompts, list[PromptRow](), 0
    for row in prompt_rows(read_prompts(path)):
        held.append(row)
        if len(held) == size:
            yield part, held
            held, part = [], part + 1
    if held:
        yield part, held


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Hold the folder against a second run; the kernel lets go of it when we die."""
    with (out / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            raise BatchMismatch(f"another run works in {out}") from err
        yield


def _reason(error: RayError) -> str:
    """The error of ours that Ray's account of it carries, else the kind of Ray's own."""
    ours = [line.strip() for line in str(error).splitlines() if line.strip().startswith(LeadError.__module__)]
    return ours[-1] if ours else type(error).__name__


def _ended(code: int) -> int:
    sys.stderr.write("leads: ended early; what is done stays, --resume does the rest\n")
    return code


def _tell(summary: BatchSummary, out: Path, console: Console) -> None:
    found = Table(show_header=False, box=None)
    ran = summary.run
    per_lead = "" if summary.cost_per_lead_usd is None else f", ${summary.cost_per_lead_usd:.2g} per lead"
    for name, value in (
        ("prompts", f"{summary.prompts:,}"),
        ("leads", f"{summary.leads:,}"),
        ("remarks", ", ".join(f"{count:,} {code}" for code, count in summary.remarks.items()) or "none"),
        ("this run", f"{ran.prompts:,} prompts in {ran.wall_s:.1f} s, {ran.start_s:.1f} s of it to the first part, {ran.workers} workers"),
        ("rate", f"{summary.prompts_per_s or 0.0:.1f} prompts/s"),
        ("CPU", f"{summary.cpu_s:.1f} s, {summary.cpu_ms_per_prompt:.1f} ms per prompt; a worker's most memory {ran.peak_rss_mib:.0f} MiB"),
        ("cost", f"${summary.cost_usd:.2g} at ${summary.usd_per_cpu_hour:g} per CPU hour{per_lead}; no language model"),
        ("written", str(out)),
    ):  # fmt: skip
        found.add_row(name, value)
    console.print(found)


def main(arguments: list[str]) -> int:
    """Run the batch of a folder; returns 0, 1 when it failed or a prompt met a fault of ours, 2 when it cannot be run so."""
    out, console = Path(arguments[0]), Console()
    try:
        summary = run(out, console)
    except LeadError as err:
        sys.stderr.write(f"leads: {': '.join(str(part) for part in err.args)}\n")
        return 2 if isinstance(err, BatchMismatch) else 1
    except OSError as err:
        sys.stderr.write(f"leads: {err}\n")
        return 1
    except KeyboardInterrupt:  # before Ray has begun
        return _ended(128 + signal.SIGINT)
    except SystemExit as err:
        return _ended(int(err.code or 0))
    _tell(summary, out, console)
    return 1 if summary.remarks.get("internal") else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
