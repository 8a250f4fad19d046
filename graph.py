"""The online composition root: arguments in, Serve application out. The only place that makes deployments."""

from typing import Any

from ray import serve
from ray.serve import Application, Deployment

from configs.llm import LlmSettings
from configs.schema import RANKING_NODES, GraphArgs, NodeName
from db.settings import Settings
from deployments.ingress import Ingress
from deployments.served import ServedBm25, ServedEmbedder, ServedGbdt, ServedLlm, ServedRetrieval
from models.registry import REGISTRY_FOLDER
from ranking.config import RankingConfig
from ranking.errors import ArtifactError


def app(args: GraphArgs) -> Application:
    """The graph: ingress -> retrieval, embedder, bm25, gbdt, llm.

    Sizes and autoscaling of the nodes are `serve.yaml`'s, and so is the user_config of the nodes that rank: Serve takes
    changes of it in place, while a change of `args` starts every replica anew (Ray 2.60). Places and secrets come from
    the environment (`db.settings`).

    Raises:
        ArtifactError: DATABASE_URL is not set; `leads up` sets it for the embedded server.
    """
    settings = Settings()
    if settings.database_url is None:
        raise ArtifactError("graph", "DATABASE_URL is not set; start the local system with `leads up`")
    snapshots = args.snapshots or str((settings.leads_data / "snapshots").resolve())
    registry = args.registry or str((settings.leads_data / REGISTRY_FOLDER).resolve())
    database_url = settings.database_url.get_secret_value()
    redis_url = None if settings.redis_url is None else settings.redis_url.get_secret_value()
    llm = LlmSettings()
    return _node("ingress", serve.ingress()(Ingress)).bind(
        retrieval=_node("retrieval", ServedRetrieval).bind(snapshots, database_url),
        bm25=_node("bm25", ServedBm25).bind(snapshots),
        gbdt=_node("gbdt", ServedGbdt).bind(registry, args.booster),
        embedder=_node("embedder", ServedEmbedder).bind(args.embedder.model_dump()),
        llm=_node("llm", ServedLlm).bind(args.llm.calls.model_dump(mode="json"), llm, redis_url),
        args=args.model_dump(mode="json"),
        snapshots=snapshots,
        registry=registry,
        database_url=database_url,
        redis_url=redis_url,
        has_llm=llm.has_key,
    )


def _node(name: NodeName, node: type[Any]) -> Deployment:
    user_config = RankingConfig().model_dump(mode="json") if name in RANKING_NODES else None
    return serve.deployment(name=name, user_config=user_config)(node)
