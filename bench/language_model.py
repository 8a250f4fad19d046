"""A system that asks a stand-in for its language model, both started for one scenario."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from bench.options import Options
from bench.running import own_system
from bench.scenario import Endpoint
from commands.failure import USAGE, CommandError
from deployments.local.registry import SystemState
from deployments.standin.process import StandInProcess
from ingest.synthetic import DEFAULT_SPEC

LAST_DAY = DEFAULT_SPEC.as_of.isoformat()
"""The day on which synthetic worlds end: counted from today their evidence would be old, and few companies in doubt."""
_SERVE_YAML = Path(__file__).parents[1] / "configs" / "serve.yaml"
PLENTY = {"tenant_daily_usd": 1e6, "global_daily_usd": 1e6, "chunk_usd": 50.0}
"""Budgets that no run exhausts: what is measured is the language model, not its budget."""


@contextmanager
def advised_system(endpoint: Endpoint, options: Options) -> Iterator[tuple[SystemState, StandInProcess]]:
    """Yield the system and the stand-in it asks; both are stopped.

    Raises:
        CommandError: the data have no world whose truth the stand-in could know, or a system runs on them.
    """
    folder = options.folder()
    world = options.world or folder / "world"
    if not (world / "hidden.npz").exists():
        raise CommandError(f"{world} is no synthetic world; --world names the one of these data", USAGE)
    logs = folder / "logs"
    with StandInProcess(world, logs / "standin.log", options.seed) as standin:
        standin.behave(endpoint.behaviour)
        config = logs / "bench-llm.yaml"
        config.write_text(yaml.safe_dump(configuration(_SERVE_YAML, endpoint.args)), "utf-8")
        with own_system(folder, config, standin.environment()) as state:
            yield state, standin


def configuration(serve_yaml: Path, llm: Mapping[str, Any]) -> dict[str, Any]:
    """`serve_yaml` with these `llm` arguments of the graph."""
    document: dict[str, Any] = yaml.safe_load(serve_yaml.read_text("utf-8"))
    application = document["applications"][0]
    application["args"] = {**application["args"], "llm": dict(llm)}
    return document
