"""`leads models list|show|promote|rollback|shadow|shadow-report`: which booster serves, which did, which might."""

import getpass
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from commands.failure import USAGE, CommandError
from commands.shadow_report import shadow_report_command
from commands.target import DataOption, choose
from configs.schema import DEFAULT_BOOSTER
from models.registry import REGISTRY_FOLDER, Entry, ModelRegistry
from models.registry_log import Change

if TYPE_CHECKING:
    from models.promotion import Intention

models = typer.Typer(
    no_args_is_help=True,
    help="Versions of the booster: what serves, what has served, what is tried beside it.",
)
models.command("shadow-report")(shadow_report_command)
RegistryOption = Annotated[
    Path | None,
    typer.Option(
        "--registry",
        metavar="DIR",
        help="Registry that the service is configured with.",
        show_default="DATA/artefacts",
    ),
]
ReasonOption = Annotated[str, typer.Option(help="What for; kept in the history.", show_default=False)]
VersionArgument = Annotated[str, typer.Argument(help="A version, or how it begins.")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]


@models.command("list")
def list_versions(
    as_json: JsonOption = False, registry: RegistryOption = None, data: DataOption = None
) -> None:
    """Show every version and its state."""
    entries = registry_of(registry, data).entries()
    console = Console(highlight=False, soft_wrap=as_json)
    if as_json:
        for entry in entries:
            console.out(orjson.dumps(_told(entry)).decode())
        return
    table = Table("version", "state", "made", "code", "AUC held out", "parent's")
    for column in table.columns[:3]:
        column.no_wrap = True
    for entry in entries:
        manifest = entry.manifest
        shadow = f", shadow {entry.share:.4g}" if entry.share else ""
        table.add_row(
            manifest.version, entry.state + shadow, f"{manifest.created_at:%Y-%m-%d %H:%M}", manifest.code_version,
            _figure(manifest.metrics.get("auc_held_out")),
            _figure(manifest.metrics.get("auc_held_out_of_parent")),
        )  # fmt: skip
    console.print(table)


@models.command("show")
def show(
    version: VersionArgument,
    as_json: JsonOption = False,
    registry: RegistryOption = None,
    data: DataOption = None,
) -> None:
    """Show one version, what was recorded of it, and its part in the history."""
    held = registry_of(registry, data)
    entry = held.find(version)
    name = entry.manifest.version
    part = [each for each in held.changes() if name in (each.version, each.replaced)]
    console = Console(highlight=False, soft_wrap=True)
    if as_json:
        history = [each.model_dump(mode="json") for each in part]
        console.out(orjson.dumps({**_told(entry), "history": history}).decode())
        return
    manifest = entry.manifest
    console.print(f"{name}  {entry.state}  {entry.folder}")
    console.print(f"  made {manifest.created_at:%Y-%m-%d %H:%M} UTC by code {manifest.code_version}", end="")
    console.print(f" from data {manifest.data_hash}; parent {manifest.parent or 'none recorded'}")
    console.print(f"  feature schema {manifest.schema_hash}, {len(manifest.features) or 'unlisted'} features")
    for metric, value in sorted(manifest.metrics.items()):
        console.print(f"  {metric:>26}  {value:.6g}")
    for each in part:
        console.print(f"  {_sentence(each)}")


@models.command("promote")
def promote(
    version: VersionArgument,
    reason: ReasonOption = "",
    force: Annotated[
        bool,
        typer.Option("--force", help="Though its held-out figures are worse or missing; needs --reason."),
    ] = False,
    registry: RegistryOption = None,
    data: DataOption = None,
) -> None:
    """Let a version serve; running replicas take it up within seconds. What cannot be used is refused, and what is worse."""
    from models.promotion import Promotions  # noqa: PLC0415 - LightGBM, which the other commands can do without

    if force and not reason.strip():
        raise CommandError("--force needs --reason: why should a worse version serve?", USAGE)
    held = registry_of(registry, data)
    entry = Promotions(held).promote(version, _intention(reason, forced=force))
    _say(held, f"{entry.manifest.version} serves")


@models.command("rollback")
def roll_back(reason: ReasonOption = "", registry: RegistryOption = None, data: DataOption = None) -> None:
    """Let the version serve again that served before, byte for byte."""
    from models.promotion import Promotions  # noqa: PLC0415

    held = registry_of(registry, data)
    entry = Promotions(held).roll_back(_intention(reason))
    _say(held, f"{entry.manifest.version} serves again")


@models.command("shadow")
def shadow(
    version: Annotated[str | None, typer.Argument(help="The candidate.", show_default=False)] = None,
    share: Annotated[
        float, typer.Option(min=0.0001, max=1.0, help="Of the queries that it scores, too.")
    ] = 0.1,
    off: Annotated[bool, typer.Option("--off", help="End it.")] = False,
    reason: ReasonOption = "",
    registry: RegistryOption = None,
    data: DataOption = None,
) -> None:
    """Score a candidate beside the version that serves, on live queries, after the answer; see shadow-report."""
    from models.promotion import Promotions  # noqa: PLC0415

    if off == (version is not None):
        raise CommandError("give a VERSION, or --off", USAGE)
    held = registry_of(registry, data)
    entry = Promotions(held).shadow(version, share, _intention(reason))
    if entry is None:
        _say(held, "nothing is scored in the shadow")
    else:
        _say(held, f"{entry.manifest.version} is scored beside it for {share:.4g} of the queries")


def registry_of(registry: Path | None, data: Path | None) -> ModelRegistry:
    """The registry of a local system, or the folder that is named."""
    root = registry or choose(data, None, os.environ).folder() / REGISTRY_FOLDER
    return ModelRegistry(root, DEFAULT_BOOSTER)


def _say(held: ModelRegistry, what: str) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{what}; change {len(held.changes())} of {held.root}")


def _intention(reason: str, *, forced: bool = False) -> "Intention":
    from models.promotion import Intention  # noqa: PLC0415

    try:
        user = getpass.getuser()
    except OSError:
        user = f"user {os.getuid()}"
    return Intention(f"{user}@{socket.gethostname()}", datetime.now(UTC), reason.strip(), forced)


def _told(entry: Entry) -> dict[str, object]:
    told = entry.manifest.model_dump(mode="json", exclude={"files"})
    return {**told, "state": entry.state, "shadow_share": entry.share, "folder": str(entry.folder)}


def _sentence(change: Change) -> str:
    what = {"promote": "promoted", "roll back": "rolled back to", "shadow": "in the shadow:"}[change.action]
    share = f", {change.share:.4g} of the queries" if change.action == "shadow" and change.version else ""
    reason = f": {change.reason}" if change.reason else ""
    forced = " by force" if change.forced else ""
    place = f" in place of {change.replaced}" if change.replaced else ""
    return f"{change.at:%Y-%m-%d %H:%M:%S} {what} {change.version or 'nothing'}{share}{place}{forced}, {change.by}{reason}"


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
