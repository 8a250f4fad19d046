"""Which system a command is about: `--data` or `--url`, else LEADS_DATA, else the only running one, else `.data`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from commands.failure import USAGE, CommandError
from deployments.local import registry
from deployments.local.registry import SystemState

DEFAULT_DATA = Path(".data")

DataOption = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Folder of the local system.", show_default=False)
]
UrlOption = Annotated[
    str | None, typer.Option("--url", metavar="URL", help="Address of a running server.", show_default=False)
]


@dataclass(frozen=True)
class Target:
    """A local system's folder and its state where it runs, or only the address of a server somewhere."""

    data_dir: Path | None
    running: SystemState | None
    url: str | None

    def base_url(self) -> str:
        """Return the address to ask.

        Raises:
            CommandError: nothing runs there.
        """
        if self.url is not None:
            return self.url
        if self.running is None:
            raise CommandError(
                f"no system runs on {self.data_dir}; start it with `leads up --data {self.data_dir}`"
            )
        return self.running.base_url

    def folder(self) -> Path:
        """Return the local data folder.

        Raises:
            CommandError: the target is an address, whose data are elsewhere.
        """
        if self.data_dir is None:
            raise CommandError(
                "this command works on a local system; give --data DIR instead of --url", USAGE
            )
        return self.data_dir


def choose(data: Path | None, url: str | None, environment: Mapping[str, str]) -> Target:
    """Return the system that the options name.

    Raises:
        CommandError: both options are given, or several systems run and none is named.
    """
    if data is not None and url is not None:
        raise CommandError("--data and --url exclude each other; give one of them", USAGE)
    if url is not None:
        return Target(None, None, url.rstrip("/"))
    named = data or _named_by(environment)
    if named is not None:
        return _local(named)
    running = registry.running_systems()
    if len(running) > 1:
        folders = ", ".join(str(state.data_dir) for state in running)
        raise CommandError(f"{len(running)} systems run ({folders}); name one with --data DIR", USAGE)
    return _local(running[0].data_dir if running else DEFAULT_DATA)


def folder_to_start(data: Path | None, environment: Mapping[str, str]) -> Path:
    """Return the folder that `leads up` is about: where another system runs does not matter to it."""
    return (data or _named_by(environment) or DEFAULT_DATA).resolve()


def _named_by(environment: Mapping[str, str]) -> Path | None:
    value = environment.get("LEADS_DATA")
    return Path(value) if value else None


def _local(data_dir: Path) -> Target:
    folder = data_dir.resolve()
    return Target(folder, registry.system_of(folder), None)
