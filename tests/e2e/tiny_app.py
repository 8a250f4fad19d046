"""The smallest graph of the real shape: an HTTP ingress that calls another deployment."""

import asyncio
from collections.abc import Mapping

from ray import serve
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from deployments.replicas import running_leaves


@serve.deployment(ray_actor_options={"num_cpus": 0.1})
class Leaf:
    async def double(self, number: int) -> int:
        return 2 * number


@serve.deployment(ray_actor_options={"num_cpus": 0.1})
class Ingress:
    def __init__(self, leaf: serve.handle.DeploymentHandle) -> None:
        self._leaf = leaf

    async def __call__(self, request: Request) -> Response:
        if request.url.path == "/replicas":
            return JSONResponse(await asyncio.to_thread(_counted))
        return PlainTextResponse(str(await self._leaf.double.remote(21)))


def _counted() -> list[Mapping[str, int]]:
    """The leaf's replicas as we count them, and as Serve's public status does."""
    leaf = serve.status().applications["tiny"].deployments["Leaf"]
    return [running_leaves("tiny", "Ingress"), {"Leaf": leaf.replica_states["RUNNING"]}]


app = Ingress.bind(Leaf.bind())
