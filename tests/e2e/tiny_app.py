"""The smallest graph of the real shape: an HTTP ingress that calls another deployment."""

from ray import serve
from starlette.requests import Request
from starlette.responses import PlainTextResponse


@serve.deployment(ray_actor_options={"num_cpus": 0.1})
class Leaf:
    async def double(self, number: int) -> int:
        return 2 * number


@serve.deployment(ray_actor_options={"num_cpus": 0.1})
class Ingress:
    def __init__(self, leaf: serve.handle.DeploymentHandle) -> None:
        self._leaf = leaf

    async def __call__(self, request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(await self._leaf.double.remote(21)))


app = Ingress.bind(Leaf.bind())
