"""Refusals of `POST /query` before Serve's own handling of a request: 0.34 ms each in place of 0.38 (decision 0060).

Serve puts `middlewares` around its HTTP server in each process that has one (`RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH`). In
the ingress's process `open_front` says who lets requests in; in others, and until the ingress has started, all pass. Only for
Serve with the application in the loop of its server (`RAY_SERVE_THROUGHPUT_OPTIMIZED`): accounts are not for several threads.
"""

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from deployments.query_route import Threshold

_fronts: list[Threshold] = []  # Serve makes the middleware, so the two meet here


def open_front(threshold: Threshold) -> None:
    """From now on requests of this process are let in here."""
    _fronts[:] = [threshold]


def middlewares() -> list[Middleware]:
    """Called by Serve."""
    return [Middleware(Front, _fronts)]


class Front:
    """ASGI middleware: what is let in goes on, and is not asked again. `fronts` may be filled later."""

    def __init__(self, app: ASGIApp, fronts: Sequence[Threshold]) -> None:
        self._app = app
        self._fronts = fronts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        for threshold in self._fronts:
            if threshold.takes(scope) and await threshold.let_in(scope, receive, send) is None:
                return
        await self._app(scope, receive, send)
