"""How Ray 2.60 is made to listen on loopback only, and apart from a second system on the same machine.

Without API keys the system must not be reachable from elsewhere, and some of what Ray opens runs code that it
is sent (calls between replicas are pickles). Every default below was found open by listing the sockets of a
running system:

| listener | default | closed by |
|---|---|---|
| GCS, raylet, workers, agents | the machine's | `RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0`: node is 127.0.0.1 |
| HAProxy's frontend, replicas, fallback proxy | 0.0.0.0, forced in HAProxy mode | `http_options.host` |
| HAProxy's metrics and statistics | `bind :port`, no setting | our launcher rewrites the file |
| replica's gRPC server for calls | `[::]:0`, no setting | `bind_calls_to_loopback` in each worker |
| HAProxy's syslog sender | UDP on 0.0.0.0 | a unix address as log target |
| Ray client server | port 10001 | `without_client_server`: none is started |

`--node-ip-address 127.0.0.1` alone does not do it: Ray resolves it back to the machine's address. Token
authentication stays on beside all this, against other users of the machine.
"""

import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.embedded import guard
from deployments.local import haproxy_config
from deployments.local.haproxy_config import LOOPBACK
from deployments.local.ports import PortBlock

_WILDCARDS = ("[::]", "::", "0.0.0.0")  # noqa: S104 - what is replaced
_SWITCHED_OFF = ("enable_worker_prestart", "prestart_worker_first_driver", "enable_metrics_collection")
_LAUNCHER_MODE = 0o700


@dataclass(frozen=True)
class RayFolders:
    """Where one system's Ray keeps its files; `runtime` must be short (see `db.embedded.folders`)."""

    runtime: Path

    @property
    def ray(self) -> Path:
        """Ray's sessions: sockets and logs."""
        return self.runtime / "ray"

    @property
    def token(self) -> Path:
        """The secret that every process of this system shows to every other."""
        return self.runtime / "token"

    @property
    def haproxy(self) -> Path:
        """HAProxy's files; Ray puts a folder with the node's 56-letter id below it."""
        return self.runtime / "h"

    @property
    def metrics(self) -> Path:
        """Counters of all processes, one file each."""
        return self.runtime / "metrics"

    @property
    def launcher(self) -> Path:
        """The program Ray runs as HAProxy."""
        return self.runtime / "haproxy"


def environment(folders: RayFolders, ports: PortBlock, *, throughput: bool = True) -> Mapping[str, str]:
    """Return what must be set before Ray starts, for its head and for every driver that connects to it.

    `throughput` false leaves Serve's own proxy and event loops as they come: only to measure what ours save.
    """
    haproxy = folders.haproxy
    flag = "1" if throughput else "0"
    return {
        # Addresses: see the table above.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_START_HOOK": f"{__name__}.{without_client_server.__name__}",
        "__RAY_WORKER_PROCESS_SETUP_HOOK_ENV_VAR": f"{__name__}.{bind_calls_to_loopback.__name__}",
        "RAY_SERVE_HAPROXY_BINARY_PATH": str(folders.launcher),
        "RAY_SERVE_HAPROXY_LOG_TARGET": str(haproxy / "log"),
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(folders.token),
        # Ports and files of this system's own.
        "RAY_ADDRESS": f"{LOOPBACK}:{ports.gcs}",
        "DASHBOARD_METRIC_PORT": str(ports.dashboard_metrics),
        "RAY_SERVE_FALLBACK_PROXY_HTTP_PORT": str(ports.fallback_proxy),
        "RAY_SERVE_HAPROXY_METRICS_PORT": str(ports.haproxy_metrics),
        "RAY_SERVE_HAPROXY_STATS_PORT": str(ports.haproxy_stats),
        "RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT": str(ports.replicas.start),
        "RAY_SERVE_DIRECT_INGRESS_MAX_HTTP_PORT": str(ports.replicas.stop - 1),
        "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": str(haproxy / "cfg"),
        "RAY_SERVE_HAPROXY_SOCKET_PATH": str(haproxy / "a"),
        "RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH": str(haproxy / "m"),
        "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": str(haproxy),
        "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": str(haproxy / "state"),
        # Throughput: both flags together (architecture, section 4); one thread leaves the cores to the
        # replicas.
        "RAY_SERVE_ENABLE_HA_PROXY": flag,
        "RAY_SERVE_THROUGHPUT_OPTIMIZED": flag,
        "RAY_SERVE_HAPROXY_NBTHREAD": "1",
        # Refusals before Serve's handling of a request (decision 0060); with threads of Serve's they would be in the wrong one.
        "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH": "deployments.front.middlewares" if throughput else "",
        # Ray would start replicas at 15, behind everything else on the machine, where they cannot tell apart what may wait.
        "RAY_worker_niceness": "0",
        # Replicas come and go without errors (decision 0027). A stopping ingress answers until HAProxy knows, which takes
        # about a second (Ray's 30 s would make each `leads down` as long); a reloaded-out HAProxy lives longer than the
        # longest deadline; a query whose replica went away goes to another one, at once and not after a second as
        # `leastconn` does: all that HTTP offers here reads only.
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "2",
        "RAY_SERVE_HAPROXY_HARD_STOP_AFTER_S": "35",
        "RAY_SERVE_HAPROXY_RETRY_ON": "conn-failure empty-response",
        "RAY_SERVE_HAPROXY_BALANCE_ALGORITHM": "random(2)",
        # A freed port need not rest for 150 s: all replicas behind a stale list are this application's.
        "RAY_SERVE_PORT_QUARANTINE_S": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
        # Autoscaling looks back 10 s: at Ray's interval of 10 s it would decide on one measurement.
        "RAY_SERVE_REPLICA_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "2",
        "RAY_SERVE_HANDLE_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "2",
        # Nobody reads Ray's and Serve's own figures here, so they are made seldom: the ingress counts its requests, instead
        # of HAProxy's actor from a line of log for each. The controller looks every fifth of a second for what it has to
        # do, instead of every tenth (decision 0025).
        "RAY_SERVE_HAPROXY_METRICS_ENABLED": "0",
        "RAY_SERVE_METRICS_EXPORT_INTERVAL_MS": "5000",
        "RAY_SERVE_CONTROL_LOOP_INTERVAL_S": "0.2",
        "REPORTER_UPDATE_INTERVAL_MS": "30000",
        # Behind HAProxy `/metrics` reaches any replica: all write where each one can read.
        "PROMETHEUS_MULTIPROC_DIR": str(folders.metrics),
    }


def head_arguments(folders: RayFolders, ports: PortBlock, *, logical_cpus: int, dashboard: bool) -> list[str]:
    """Return the arguments of `ray start` for this system's only node.

    No autoscaler (the node is the cluster), no log monitor (no driver shows the workers' logs), no figures of Ray's own
    (`/metrics` is ours), workers made when first needed, their ports picked by the kernel: Ray's own range is handed out
    without looking, so that two systems would collide.
    """
    return [
        "start",
        "--head",
        "--block",
        "--no-monitor",
        "--include-log-monitor=false",
        "--disable-usage-stats",
        f"--node-ip-address={LOOPBACK}",
        f"--port={ports.gcs}",
        f"--include-dashboard={str(dashboard).lower()}",
        f"--dashboard-host={LOOPBACK}",
        f"--dashboard-port={ports.dashboard}",
        f"--dashboard-agent-listen-port={ports.dashboard_agent}",
        f"--metrics-export-port={ports.node_metrics}",
        "--min-worker-port=0",
        "--max-worker-port=0",
        f"--num-cpus={logical_cpus}",
        f"--object-store-memory={256 << 20}",  # our messages are inlined; this is Ray's spare room
        f"--temp-dir={folders.ray}",
        f"--system-config={json.dumps(dict.fromkeys(_SWITCHED_OFF, False))}",
    ]


def write_launcher(folders: RayFolders, haproxy_binary: str) -> None:
    """Write the program that Ray starts as HAProxy.

    It moves the configuration's addresses to loopback and then becomes HAProxy under the same process id (Ray
    signals that), bound to die with the actor that started it: HAProxy itself would outlive a killed one and
    hold its ports.
    """
    python = shlex.join([sys.executable, "-I", "-S"])
    folders.launcher.write_text(
        "#!/bin/sh\n"
        f'{python} {shlex.quote(haproxy_config.__file__)} "$@" || exit 1\n'
        f'exec {python} {shlex.quote(guard.__file__)} "$PPID" 9 -1 -1 {shlex.quote(haproxy_binary)} "$@"\n'
    )
    folders.launcher.chmod(_LAUNCHER_MODE)


def write_token(folders: RayFolders, token: str) -> None:
    """Write the system's secret, readable by this user only."""
    folders.token.unlink(missing_ok=True)
    descriptor = os.open(folders.token, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(token)


def without_client_server(parameters: Any, head: bool) -> None:  # noqa: ARG001 - Ray's hook and its types
    """Ray's start hook: no Ray client server, which nothing uses and no flag of `ray start` leaves out."""
    parameters.ray_client_server_port = None


def bind_calls_to_loopback() -> None:
    """Ray's set-up hook of each worker: servers for calls between deployments are bound to loopback.

    Serve binds them to all interfaces with a helper it imports by name (ray/serve/_private/replica.py,
    2.60.0), so the helper is replaced before that import; a worker that was too early is refused rather than
    left open.

    Raises:
        RuntimeError: the replica module is imported already.
    """
    from ray._common import tls_utils  # noqa: PLC0415 - only a worker has, and needs, Ray here

    if "ray.serve._private.replica" in sys.modules:
        raise RuntimeError("the replica's server cannot be bound to loopback any more")
    bind_anywhere: Callable[[Any, str], int] = tls_utils.add_port_to_grpc_server

    def bind_loopback(server: Any, address: str) -> int:
        return bind_anywhere(server, on_loopback(address))

    tls_utils.add_port_to_grpc_server = bind_loopback


def on_loopback(address: str) -> str:
    """Return `address` with a wildcard host replaced: `[::]:0` becomes `127.0.0.1:0`."""
    host, _, port = address.rpartition(":")
    return f"{LOOPBACK}:{port}" if host in _WILDCARDS else address
