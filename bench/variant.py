"""Runs a local system with another Serve configuration, in a process of its own, until SIGTERM.

`python -m bench.variant DATA PORT CONFIG throughput|defaults`: what `leads up` does, and with `defaults` without HAProxy and
without Serve's throughput flag, which `leads up` never leaves out.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.running import free_port
from commands import first_snapshot
from db.settings import Settings
from deployments.local import registry
from deployments.local.registry import SystemState
from deployments.local.system import Plan, run

_PROJECT = Path(__file__).parents[1]
_START_TIMEOUT_S = 300.0
_STOP_TIMEOUT_S = 60.0
_POLL_S = 0.2
# Serve 2.60's defaults, written out because our schema wants them said; its queue has no bound.
_SERVE_LIMITS = {"max_ongoing_requests": 5, "max_queued_requests": 1_000_000}


@dataclass(frozen=True)
class Variant:
    """One way to call the same graph.

    `throughput`: HAProxy and Serve's throughput flag. `plain_handles`: Serve's default handles. `coalesce`: our coalescer before each hop.
    `own_limits`: the queue limits of serve.yaml instead of Serve's.
    """

    name: str
    throughput: bool
    plain_handles: bool
    coalesce: bool
    own_limits: bool

    def configuration(self, serve_yaml: Path) -> dict[str, Any]:
        """`serve_yaml` in this variant: one replica of each node, as Serve's default is."""
        document: dict[str, Any] = yaml.safe_load(serve_yaml.read_text("utf-8"))
        application = document["applications"][0]
        application["args"] = {
            **application["args"], "coalesce": self.coalesce, "plain_handles": self.plain_handles,
        }  # fmt: skip
        application["deployments"] = [self._node(each) for each in application["deployments"]]
        return document

    def _node(self, node: dict[str, Any]) -> dict[str, Any]:
        scaling = {**node["autoscaling_config"], "min_replicas": 1, "max_replicas": 1}
        return {**node, "autoscaling_config": scaling, **({} if self.own_limits else _SERVE_LIMITS)}


@contextmanager
def running(variant: Variant, data: Path, config: Path) -> Iterator[SystemState]:
    """Yield the variant's system on `data` and stop it.

    Raises:
        RuntimeError: it did not become ready.
    """
    config.write_text(yaml.safe_dump(variant.configuration(_PROJECT / "configs" / "serve.yaml")), "utf-8")
    flags = "throughput" if variant.throughput else "defaults"
    command = [sys.executable, "-m", "bench.variant", str(data), str(free_port()), str(config), flags]
    with (data / "logs" / f"{config.stem}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=_PROJECT, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield _ready(process, data)
    finally:
        process.terminate()
        process.wait(_STOP_TIMEOUT_S)


def _ready(process: subprocess.Popen[bytes], data: Path) -> SystemState:
    give_up_at = time.monotonic() + _START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < give_up_at:
        state = registry.system_of(data)
        if state is not None and state.phase == "ready":
            return state
        time.sleep(_POLL_S)
    raise RuntimeError(f"the system on {data} did not become ready; see {data / 'logs'}")


def main(arguments: list[str]) -> None:
    """Run until SIGTERM."""
    data, port, config, flags = arguments
    plan = Plan(
        Path(data), int(port), Path(config), first_snapshot.ensure,
        dashboard=False, throughput=flags == "throughput",
    )  # fmt: skip
    try:
        run(plan, Settings(), lambda _state: None)
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main(sys.argv[1:])
