"""`leads batch`: prompts of a file scored offline, on the snapshot that a local system serves."""

import asyncio
import hashlib
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from commands.database import database_of
from commands.failure import USAGE, CommandError
from commands.first_snapshot import snapshots_of
from commands.target import DataOption, Target, choose
from configs.schema import read_serve_file
from db.pool import open_pool
from db.snapshot import open_snapshot
from db.snapshot.reader import current_generation
from db.suppressions import Suppression, load_suppressions
from deployments.batch.manifest import (
    BatchManifest,
    PromptsFile,
    Versions,
    check_resumable,
    config_version,
    formulas_version,
    read_manifest,
    suppressions_version,
    write_manifest,
)
from deployments.batch.order import BatchOrder, give_order
from deployments.batch.rows import has_prompt
from deployments.schemas import MOST_LEADS
from ingest.importers.rows import UnusableFile
from ingest.prompts import read_prompts
from models.booster import BoosterModel
from models.embedder.encoder import model_version
from models.registry import REGISTRY_FOLDER, ModelRegistry
from ranking.config import RankingConfig
from ranking.taxonomy import load_taxonomy
from ranking.types import Generation

_ROOT = Path(__file__).parents[1]
_SERVE_CONFIG = _ROOT / "configs" / "serve.yaml"
_PART_PROMPTS = 64
_COLUMNS_TOLD = 10
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_BATCH_PACKAGES = Path(sys.prefix) / "batch"
"""Where the Makefile puts what only Ray Data needs: pandas beside Serve costs each of its processes 60 MiB (decision 0046)."""


def batch_command(
    prompts: Annotated[Path | None, typer.Argument(help="JSONL, CSV or Parquet.", show_default=False)] = None,
    out: Annotated[Path | None, typer.Argument(help="Folder of the lists.", show_default=False)] = None,
    prompts_option: Annotated[
        Path | None, typer.Option("--prompts", metavar="FILE", help="PROMPTS by name.", show_default=False)
    ] = None,
    out_option: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="OUT by name.", show_default=False)
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the batch that OUT holds.")] = False,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="What ages count from; ISO 8601.", show_default="this hour"),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_LEADS, help="Leads of rows that state none.", show_default="as the API"),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Actors.", show_default="one per core")] = None,
    part: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="Prompts in a part.", show_default=str(_PART_PROMPTS))
    ] = None,
    config: Annotated[Path, typer.Option(help="Serve configuration whose numbers rank.", show_default=False)] = _SERVE_CONFIG,
    usd_per_cpu_hour: Annotated[float, typer.Option(min=0.0, help="For the summary.")] = 0.05,
    data: DataOption = None,
) -> None:  # fmt: skip
    """Score a file of prompts offline: the lists that POST /query answers without a language model, as Parquet."""
    source = _one("PROMPTS", prompts, prompts_option)
    folder = _one("OUT", out, out_option).resolve()
    target = choose(data, None, os.environ)
    begun = read_manifest(folder)
    if begun is not None and not resume:
        raise CommandError(f"{folder} holds a batch; give --resume to go on with it, or another OUT", USAGE)
    if begun is None and resume:
        raise CommandError(f"{folder} holds no batch to resume; leave --resume out", USAGE)
    file, snapshots = _prompts_file(source), _snapshots(target, config)
    current_generation(snapshots)  # before a database is started for a folder that has nothing to rank
    suppressed = asyncio.run(_suppressed(target))
    options = (
        Options(_moment(as_of), limit, part or _PART_PROMPTS)
        if begun is None
        else _as_begun(begun, as_of, limit, part)
    )
    booster = _booster(target, config) if begun is None else Path(begun.booster)
    wanted = _manifest(file, snapshots, booster, suppressed, config, options, begun)
    if begun is None:
        write_manifest(folder, wanted)
    else:
        check_resumable(folder, begun, wanted)
    entries = [list(each) for each in suppressed]
    give_order(
        folder,
        BatchOrder(
            prompts=str(source.resolve()),
            workers=workers,
            usd_per_cpu_hour=usd_per_cpu_hour,
            suppressed=entries,
        ),
    )
    become_driver(folder)


def become_driver(out: Path) -> None:
    """Go on as `python -m batch OUT`: the process of this id is the driver, so that whoever ends it ends the batch."""
    sys.stdout.flush()
    os.execve(  # noqa: S606 - our own interpreter
        sys.executable, [sys.executable, "-m", "batch", str(out)], driver_environment(dict(os.environ))
    )


def driver_environment(environment: dict[str, str]) -> dict[str, str]:
    """The environment of a driver: what Ray Data needs can be imported, and a Ray of its own listens on loopback only."""
    paths = [str(_ROOT), str(_BATCH_PACKAGES), *filter(None, [environment.get("PYTHONPATH")])]
    own = {} if environment.get("RAY_ADDRESS") else {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
    return {
        **environment, **own, "PYTHONPATH": os.pathsep.join(paths), "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_enable_worker_prestart": "0", "RAY_prestart_worker_first_driver": "0", "RAY_enable_metrics_collection": "0",
        "RAY_BACKEND_LOG_LEVEL": environment.get("RAY_BACKEND_LOG_LEVEL", "fatal"),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """What decides the answers beside data and versions."""

    as_of: datetime
    limit: int | None
    part_prompts: int


def _as_begun(begun: BatchManifest, as_of: str | None, limit: int | None, part: int | None) -> Options:
    """Options of a batch that goes on: its own where none are given."""
    return Options(
        begun.as_of if as_of is None else _moment(as_of),
        begun.limit if limit is None else limit,
        part or begun.part_prompts,
    )


def _manifest(
    prompts: PromptsFile,
    snapshots: Path,
    booster: Path,
    suppressed: tuple[Suppression, ...],
    config: Path,
    options: Options,
    begun: BatchManifest | None,
) -> BatchManifest:
    """The batch that these files, versions and options make; one that goes on keeps its snapshot and its booster, newer ones or not."""
    application = read_serve_file(config).applications[0]
    args = application.args
    ranking = next(
        (each.user_config for each in application.deployments if each.user_config), RankingConfig()
    )
    taxonomy = load_taxonomy()
    generation = None if begun is None else Generation(begun.versions.snapshot)
    snapshot = open_snapshot(snapshots, generation, taxonomy_version=taxonomy.version)
    return BatchManifest(
        created_at=datetime.now(UTC), as_of=options.as_of, limit=options.limit, part_prompts=options.part_prompts,
        prompts=prompts,
        versions=Versions(
            snapshot=snapshot.generation, snapshot_content=snapshot.manifest.content_hash, taxonomy=taxonomy.version,
            formulas=formulas_version(), config=config_version(ranking), booster=BoosterModel(booster).version,
            embedder=model_version(), do_not_contact=suppressions_version(suppressed),
        ),
        config=ranking, snapshots=str(snapshots.resolve()), booster=str(booster.resolve()), embedder=args.embedder,
    )  # fmt: skip


def _snapshots(target: Target, config: Path) -> Path:
    """The folder of the snapshots that this configuration serves."""
    given = read_serve_file(config).applications[0].args.snapshots
    return Path(given) if given else snapshots_of(target.folder())


def _booster(target: Target, config: Path) -> Path:
    """The artefact that this configuration serves now."""
    args = read_serve_file(config).applications[0].args
    root = Path(args.registry) if args.registry else target.folder() / REGISTRY_FOLDER
    return ModelRegistry(root, Path(args.booster)).serving()


def _prompts_file(path: Path) -> PromptsFile:
    rows, columns, asks = 0, dict[str, None](), False
    try:
        for each in read_prompts(path):
            rows += 1
            asks = asks or has_prompt(each.values)
            if not asks and len(columns) < _COLUMNS_TOLD:
                columns |= dict.fromkeys(each.values)
    except UnusableFile as err:
        raise CommandError(str(err), USAGE) from err
    if not rows:
        raise CommandError(f"{path} has no prompts", USAGE)
    if not asks:
        found = ", ".join(list(columns)[:_COLUMNS_TOLD]) or "no readable row"
        raise CommandError(
            f"{path}: no row has a column `prompt` (or `query`) with text; it has {found}", USAGE
        )
    with path.open("rb") as file:
        return PromptsFile(name=path.name, rows=rows, sha256=hashlib.file_digest(file, "sha256").hexdigest())


async def _suppressed(target: Target) -> tuple[Suppression, ...]:
    """Who must not be contacted, as of now; a batch never starts without having read it."""
    with database_of(target) as dsn:
        async with await open_pool(dsn) as pool:
            return await load_suppressions(pool)


def _moment(as_of: str | None) -> datetime:
    """The time given, UTC without a zone; this hour's start when none is."""
    now = datetime.now(UTC)
    if as_of is None:
        return now.replace(minute=0, second=0, microsecond=0)
    try:
        given = datetime.fromisoformat(as_of)
    except ValueError as err:
        raise CommandError(f"--as-of {as_of}: must be ISO 8601, such as 2026-06-30", USAGE) from err
    moment = given if given.tzinfo else given.replace(tzinfo=UTC)
    if not _EARLIEST <= moment <= now + timedelta(hours=24):
        raise CommandError(
            f"--as-of {as_of}: lies {'in the future' if moment > now else 'before 1970'}", USAGE
        )
    return moment


def _one(name: str, given: Path | None, by_option: Path | None) -> Path:
    """A path that is an argument or an option."""
    if (given is None) == (by_option is None):
        what = "is missing" if given is None else "is given twice"
        raise CommandError(f"{name} {what}; `leads batch PROMPTS OUT`, or --prompts FILE --out DIR", USAGE)
    found = given or by_option
    assert found is not None
    return found
