"""`POST /query` from ASGI messages to a response, and the short way to it past FastAPI.

FastAPI's way to a route costs as much as everything else around the ranking. The route stays, for its place in the
OpenAPI document and for whoever mounts the application elsewhere; both ways end in the same function.
"""

from collections.abc import Awaitable, Callable
from math import inf

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from deployments.envelope import envelope
from deployments.json_body import read_json
from deployments.query_flow import QueryFlow
from deployments.schemas import BODY_BYTES, QueryBody, checked_body, deadline_ms_of
from ranking.errors import FieldError, InvalidQuery, LeadError

QUERY_PATH = "/query"


class QueryRoute:
    """Answers the body of one `POST /query`. `flow` exists once the app has started."""

    def __init__(self, flow: Callable[[], QueryFlow], versions: Callable[[], dict[str, str]]) -> None:
        self._flow = flow
        self._versions = versions

    async def answer(self, receive: Receive) -> Response:
        """The response; what is refused is refused as early as it can be known.

        Raises:
            LeadError: see `QueryFlow.answer`.
            ClientDisconnect: nobody waits for it.
        """
        flow = self._flow()
        flow.check(inf)
        value = read_json(await content_of(receive))
        flow.check(deadline_ms_of(value))
        body = checked_body(value, QueryBody)
        answer = await flow.answer(body)
        content = envelope(answer, self._versions(), explain=body.options.explain)
        return Response(content, media_type="application/json")


class ShortWay:
    """ASGI middleware: `POST /query` goes straight to its function, with the same answers to errors."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        query: QueryRoute,
        on_error: Callable[[LeadError, str], Response],
        on_disconnect: Callable[[], Response],
    ) -> None:
        self._app = app
        self._answer: Callable[[Receive], Awaitable[Response]] = query.answer
        self._on_error = on_error
        self._on_disconnect = on_disconnect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["path"] != QUERY_PATH or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        try:
            response = await self._answer(receive)
        except LeadError as err:
            response = self._on_error(err, scope["state"]["request_id"])
        except ClientDisconnect:
            response = self._on_disconnect()
        await response(scope, receive, send)


async def content_of(receive: Receive) -> bytes:
    """The body, refused before it is read whole when it is too large.

    Raises:
        InvalidQuery: it is larger than `BODY_BYTES`.
        ClientDisconnect: the client went away before the end.
    """
    parts: list[bytes] = []
    size_bytes, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        size_bytes += len(parts[-1])
        more = message.get("more_body", False)
        if size_bytes > BODY_BYTES:
            fault = FieldError("", "too large")
            raise InvalidQuery(f"The body is larger than {BODY_BYTES:,} bytes.", (fault,))
    return parts[0] if len(parts) == 1 else b"".join(parts)
