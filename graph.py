"""The online composition root: arguments in, Serve application out. The only place that makes deployments."""

from ray import serve
from ray.serve import Application

from configs.schema import GraphArgs
from db.settings import Settings
from deployments.ingress import Ingress
from deployments.nodes import Bm25Node, EmbedderNode, GbdtNode, RetrievalNode
from ranking.errors import ArtifactError


def app(args: GraphArgs) -> Application:
    """The graph: ingress -> retrieval, embedder, bm25, gbdt.

    Sizes and autoscaling of the nodes are `serve.yaml`'s; `args.ranking` is each node's user_config, so that changing it and deploying
    again reconfigures replicas in place. Places and secrets come from the environment (`db.settings`).

    Raises:
        ArtifactError: DATABASE_URL is not set; `leads up` sets it for the embedded server.
    """
    settings = Settings()
    if settings.database_url is None:
        raise ArtifactError("graph", "DATABASE_URL is not set; start the local system with `leads up`")
    snapshots = args.snapshots or str((settings.leads_data / "snapshots").resolve())
    ranking = args.ranking.model_dump(mode="json")
    return serve.deployment(serve.ingress()(Ingress), name="ingress", user_config=ranking).bind(
        retrieval=serve.deployment(RetrievalNode, name="retrieval").bind(snapshots),
        bm25=serve.deployment(Bm25Node, name="bm25", user_config=ranking).bind(snapshots),
        gbdt=serve.deployment(GbdtNode, name="gbdt").bind(args.booster),
        embedder=serve.deployment(EmbedderNode, name="embedder").bind(args.embedder.model_dump()),
        args=args.model_dump(mode="json", exclude={"ranking"}),
        snapshots=snapshots,
        database_url=settings.database_url.get_secret_value(),
    )
