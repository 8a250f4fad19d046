"""The strict schema of `serve.yaml` and of the graph's arguments.

Ray Serve 2.60 ignores unknown keys in its YAML silently, so a misspelt knob would do nothing; here it is an error.
"""

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from configs.caches import CachesArgs
from configs.llm import LlmArgs
from configs.quality import QualityArgs
from configs.shadow import ShadowArgs
from models.embedder.encoder import EmbedderConfig
from ranking.config import RankingConfig
from ranking.errors import ArtifactError
from ranking.strict import Strict

NodeName = Literal["ingress", "retrieval", "embedder", "bm25", "gbdt", "llm"]
RANKING_NODES: tuple[NodeName, ...] = ("ingress", "bm25")
GRAPH = "graph:app"
NODES: tuple[NodeName, ...] = ("ingress", "retrieval", "embedder", "bm25", "gbdt", "llm")
DEFAULT_BOOSTER = Path(__file__).resolve().parent.parent / "models" / "default_booster"


class HopArgs(Strict):
    """Bounds of the coalescer before one node."""

    lanes_per_replica: int = Field(1, ge=1, le=64, description="list calls in flight per running replica")
    max_items: int = Field(64, ge=1, le=1024, description="items in one call")
    max_bytes: int = Field(
        3_000_000, ge=100_000, le=3_900_000, description="bytes in one call; gRPC's limit is 4 MB"
    )
    max_waiting: int = Field(1024, ge=1, le=100_000, description="items waiting before `overloaded`")
    linger_ms: float = Field(
        0.0, ge=0.0, le=50.0,
        description="milliseconds that a call which is not full leaves after the one before, for each item of that one",
    )  # fmt: skip
    most_linger_ms: float = Field(16.0, ge=0.0, le=200.0, description="milliseconds between calls at most")


class HopsArgs(Strict):
    """Bounds per hop."""

    retrieval: HopArgs = Field(
        default_factory=lambda: HopArgs(lanes_per_replica=2, max_items=16, linger_ms=5.0)
    )
    embedder: HopArgs = Field(default_factory=lambda: HopArgs(lanes_per_replica=2))
    bm25: HopArgs = Field(default_factory=lambda: HopArgs(lanes_per_replica=2, max_items=16, linger_ms=5.0))
    gbdt: HopArgs = Field(default_factory=lambda: HopArgs(linger_ms=5.0))
    llm: HopArgs = Field(
        default_factory=lambda: HopArgs(lanes_per_replica=32, max_items=1),
        description="a list call lasts as long as its slowest question, so each goes alone",
    )


class IngressArgs(Strict):
    """What the ingress does with requests and answers."""

    max_in_flight: int = Field(
        1024,
        ge=1,
        le=100_000,
        description="queries waiting or in work per replica before `overloaded` whatever the deadline",
    )
    parse_cache: int = Field(10_000, ge=0, le=1_000_000, description="parsed prompts kept per replica")
    log_queue: int = Field(
        20_000,
        ge=1,
        le=1_000_000,
        description="answered queries waiting to be written; more are dropped and counted",
    )
    log_flush_s: float = Field(0.2, gt=0.0, le=10.0, description="seconds between writes of the query log")


class GraphArgs(Strict):
    """Arguments of `graph:app`. Serve starts every replica anew when one of them changes."""

    embedder: EmbedderConfig = Field(default_factory=EmbedderConfig)
    booster: str = Field(
        str(DEFAULT_BOOSTER),
        description="folder of the booster artefact that serves until the registry has one in production",
    )
    registry: str | None = Field(
        None,
        description="folder of the model registry, shared by all nodes; LEADS_DATA/artefacts when absent",
    )
    snapshots: str | None = Field(
        None, description="folder of the serving snapshots; LEADS_DATA/snapshots when absent"
    )
    hops: HopsArgs = Field(default_factory=HopsArgs)
    ingress: IngressArgs = Field(default_factory=IngressArgs)
    llm: LlmArgs = Field(default_factory=LlmArgs)
    caches: CachesArgs = Field(default_factory=CachesArgs)
    quality: QualityArgs = Field(default_factory=QualityArgs)
    shadow: ShadowArgs = Field(default_factory=ShadowArgs)
    coalesce: bool = Field(
        True, description="false sends one call per request: only to measure what coalescing saves"
    )
    wire: bool = Field(
        True,
        description="false calls leaves of the same machine through Serve's handles: only to measure what our wire saves",
    )
    plain_handles: bool = Field(
        False, description="true calls leaves through Serve's default handles: only to measure what ours save"
    )


class ScalingArgs(Strict):
    """How busy one node's replicas should be (`deployments.scaling.ScalingGoal`)."""

    target_utilisation: float = Field(
        0.6, gt=0.0, le=1.0, description="replicas are started above this share of busy time"
    )
    release_utilisation: float = Field(
        0.45, gt=0.0, le=1.0, description="replicas are stopped if those that stay are at most so busy"
    )
    drain_s: float = Field(1.0, gt=0.0, le=60.0, description="seconds in which a backlog should be gone")
    largest_step: int = Field(2, ge=1, le=100, description="replicas started or stopped at once")

    @model_validator(mode="after")
    def _gap(self) -> "ScalingArgs":
        if self.release_utilisation >= self.target_utilisation:
            raise ValueError("release_utilisation must be below target_utilisation, or replicas come and go")
        return self


class PolicyArgs(Strict):
    """Our policy in Serve's controller, with one node's numbers."""

    policy_function: Literal["deployments.scaling:UtilisationPolicy"]
    policy_kwargs: ScalingArgs = Field(default_factory=ScalingArgs)


class AutoscalingArgs(Strict):
    """Serve's autoscaling of one node. Serve's own target, ongoing requests, says nothing of calls that carry many items."""

    min_replicas: int = Field(ge=0, le=1000)
    max_replicas: int = Field(ge=1, le=1000)
    initial_replicas: int | None = Field(None, ge=0, le=1000)
    upscale_delay_s: float = Field(ge=0)
    downscale_delay_s: float = Field(ge=0)
    look_back_period_s: float = Field(gt=0)
    metrics_interval_s: float = Field(
        10.0,
        gt=0,
        description="seconds between reports of a replica; Serve 2.60 warns of it and still obeys it",
    )
    policy: PolicyArgs

    @model_validator(mode="after")
    def _bounds(self) -> "AutoscalingArgs":
        if self.min_replicas > self.max_replicas:
            raise ValueError("min_replicas is above max_replicas")
        if self.look_back_period_s <= self.metrics_interval_s:
            raise ValueError(
                "look_back_period_s must be above metrics_interval_s, or no report is left to read"
            )
        return self


class ActorOptions(Strict):
    """Resources of one replica."""

    num_cpus: float = Field(ge=0)
    num_gpus: float = Field(0, ge=0)
    memory: int | None = None
    runtime_env: dict[str, Any] | None = None


class DeploymentArgs(Strict):
    """One node's section in `serve.yaml`."""

    name: NodeName
    max_ongoing_requests: int = Field(ge=1)
    max_queued_requests: int = Field(ge=1)
    autoscaling_config: AutoscalingArgs
    ray_actor_options: ActorOptions
    user_config: RankingConfig | None = Field(
        None,
        description="hot: the ranking's numbers, for ingress and bm25; Serve hands changes to running replicas",
    )
    graceful_shutdown_wait_loop_s: float = 2.0
    graceful_shutdown_timeout_s: float = 20.0
    health_check_period_s: float = 10.0
    health_check_timeout_s: float = 30.0
    max_replicas_per_node: int | None = None


class ApplicationArgs(Strict):
    """The one application."""

    name: str
    route_prefix: str
    import_path: Literal["graph:app"]
    args: GraphArgs
    deployments: list[DeploymentArgs]
    runtime_env: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _every_node_once(self) -> "ApplicationArgs":
        names = [deployment.name for deployment in self.deployments]
        if sorted(names) != sorted(NODES):
            raise ValueError(f"deployments must name each of {', '.join(NODES)} once")
        return self

    @model_validator(mode="after")
    def _one_ranking(self) -> "ApplicationArgs":
        given = {deployment.name: deployment.user_config for deployment in self.deployments}
        if any(given[name] is not None for name in NODES if name not in RANKING_NODES):
            raise ValueError(f"user_config is for {' and '.join(RANKING_NODES)}")
        first, *others = (given[name] or RankingConfig() for name in RANKING_NODES)
        if any(other != first for other in others):
            raise ValueError(f"user_config of {' and '.join(RANKING_NODES)} must be the same")
        return self


class HttpArgs(Strict):
    """Where HTTP is listened for."""

    host: str
    port: int = Field(ge=0, le=65535)
    keep_alive_timeout_s: int = 90
    request_timeout_s: float | None = None


class LoggingArgs(Strict):
    """Serve's own logs."""

    encoding: Literal["TEXT", "JSON"] = "TEXT"
    log_level: str = "WARNING"
    enable_access_log: bool = False


class ServeFile(Strict):
    """`configs/serve.yaml`, whole."""

    proxy_location: Literal["EveryNode", "HeadOnly", "Disabled"]
    http_options: HttpArgs
    logging_config: LoggingArgs
    applications: list[ApplicationArgs] = Field(min_length=1, max_length=1)


def read_serve_file(path: Path) -> ServeFile:
    """The validated file.

    Raises:
        ArtifactError: a key is unknown or a value is out of its bounds; the reason names each one.
    """
    try:
        return ServeFile.model_validate(yaml.safe_load(path.read_text(encoding="utf8")))
    except ValidationError as err:
        faults = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in err.errors())
        raise ArtifactError(path.name, faults) from err
