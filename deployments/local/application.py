"""Deploys a Serve configuration on the running local Ray and holds it until told to end.

Run as `python -m deployments.local.application CONFIG.yaml` with the environment of `loopback.environment`
and `LEADS_HTTP_PORT`; LEADS_DATA, DATABASE_URL and REDIS_URL reach the replicas through Ray's own
environment. Does what `serve run CONFIG.yaml` does, with the address replaced.

Exit codes: 0 after SIGINT, 1 when the application cannot be deployed (the reason is the last line of
output).
"""

import logging
import os
import signal
import socket
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

import ray
import yaml
from ray import serve
from ray.serve._private.api import serve_start
from ray.serve.schema import ApplicationStatus, ServeDeploySchema

from configs.schema import GRAPH, read_serve_file
from deployments.local.haproxy_config import LOOPBACK
from ranking.errors import LeadError

_CONNECT_TIMEOUT_S = 60.0
_POLL_S = 0.1


def read_config(path: Path, http_port: int) -> ServeDeploySchema:
    """Return the configuration at `path`, moved to loopback and `http_port`.

    Raises:
        ArtifactError: it deploys our graph and has a key or value that `configs.schema` does not allow.
    """
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    if any(application.get("import_path") == GRAPH for application in document.get("applications", ())):
        read_serve_file(path)  # Serve ignores keys that it does not know
    address = {**document.get("http_options", {}), "host": LOOPBACK, "port": http_port}
    return ServeDeploySchema.model_validate({**document, "http_options": address})


def deploy(config: ServeDeploySchema) -> None:
    """Return when every application of `config` runs.

    Raises:
        RuntimeError: one of them failed; carries Serve's message.
    """
    client = serve_start(
        http_options=config.http_options.model_dump(),
        proxy_location=config.proxy_location,
        controller_options=config.controller_options,
    )
    client.deploy_apps(config, _blocking=False)
    names = {application.name for application in config.applications}
    while names:
        for name, overview in serve.status().applications.items():
            if overview.status == ApplicationStatus.RUNNING:
                names.discard(name)
            elif overview.status in (ApplicationStatus.DEPLOY_FAILED, ApplicationStatus.UNHEALTHY):
                raise RuntimeError(f"application {name}: {overview.message}")
        time.sleep(_POLL_S)


def connect() -> None:
    """Connect to the head at RAY_ADDRESS, waiting for it while it starts.

    Raises:
        ConnectionError: it did not come up in time.
    """
    give_up_at = time.monotonic() + _CONNECT_TIMEOUT_S
    while not _listens(os.environ["RAY_ADDRESS"]):
        if time.monotonic() >= give_up_at:
            raise ConnectionError(f"Ray did not answer at {os.environ['RAY_ADDRESS']}")
        time.sleep(_POLL_S)
    while True:
        try:
            ray.init(
                address=os.environ["RAY_ADDRESS"],
                namespace="serve",
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        except ConnectionError:
            if time.monotonic() >= give_up_at:
                raise
            time.sleep(_POLL_S)
        else:
            return


def main(arguments: list[str]) -> int:
    """Deploy, hold until SIGINT, shut Serve down; returns the exit code."""
    signal.signal(signal.SIGINT, _end)  # not SIGTERM: Ray prints a stack trace for that
    try:
        connect()
        deploy(read_config(Path(arguments[0]), int(os.environ["LEADS_HTTP_PORT"])))
        signal.pause()
    except (LeadError, RuntimeError, ConnectionError, ValueError, OSError) as err:
        sys.stderr.write(f"{err}\n")
        return 1
    except KeyboardInterrupt:
        pass
    serve.shutdown()  # type: ignore[no-untyped-call]
    return 0


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex((host, int(port))) == 0


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
