"""Who may come in, and how often: before every route but the open ones."""

from collections.abc import Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.access import OPEN_PATHS, Access, Caller
from deployments.allowance import Allowances
from ranking.errors import LeadError


class Doorkeeper:
    """ASGI middleware: everything but `OPEN_PATHS` is for callers, who are left in the request's state and told what they may still ask."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        access: Access,
        allowances: Allowances,
        failed: Callable[[Exception, str], Response],
    ) -> None:
        self._app = app
        self._access = access
        self._allowances = allowances
        self._failed = failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["path"].removeprefix(scope.get("root_path", "")) in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        caller: Caller | None = None
        try:
            caller = scope["state"]["caller"] = self._access.caller(scope)
            self._allowances.admit(caller)
        except LeadError as err:
            response = self._failed(err, scope["state"]["request_id"])
            if caller is not None:
                response.raw_headers.extend(self._allowances.headers(caller, err))
            await response(scope, receive, send)
            return

        async def send_with_allowance(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._allowances.headers(caller)]
            await send(message)

        await self._app(scope, receive, send_with_allowance)
