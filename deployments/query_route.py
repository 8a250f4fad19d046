"""`POST /query` from ASGI messages to an answer, and the short way to it past FastAPI.

FastAPI's way to a route costs as much as everything else around the ranking. The route stays, for its place in the
OpenAPI document and for whoever mounts the application elsewhere; both ways end in the same function.
"""

from collections.abc import Callable
from math import inf
from typing import NamedTuple

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from deployments.access import Access, Caller
from deployments.allowance import Allowances
from deployments.envelope import envelope
from deployments.json_body import read_json
from deployments.query_flow import QueryFlow
from deployments.schemas import BODY_BYTES, QueryBody, checked_body, deadline_ms_of
from ranking.errors import FieldError, InvalidQuery, LeadError

QUERY_PATH = "/query"
_LET_IN = "leads.let_in"


class LetIn(NamedTuple):
    """A request that was let in: who asks, and the JSON value of its body, not checked yet."""

    caller: Caller
    value: object


class QueryRoute:
    """Answers the body of one `POST /query`. `flow` exists once the app has started."""

    def __init__(self, flow: Callable[[], QueryFlow], versions: Callable[[], dict[str, str]]) -> None:
        self._flow = flow
        self._versions = versions

    async def answer(self, receive: Receive, caller: Caller) -> bytes:
        """The JSON document; what is refused is refused as early as it can be known.

        Raises:
            LeadError: see `QueryFlow.answer` and `QueryFlow.admit`.
            ClientDisconnect: nobody waits for it.
        """
        return await self.answer_to(await self.let_in(receive, caller))

    async def let_in(self, receive: Receive, caller: Caller) -> LetIn:
        """Read the body of a request that can be answered in time; raises what `answer` raises."""
        flow = self._flow()
        flow.admit(caller)
        flow.check(inf)
        value = read_json(await content_of(receive))
        flow.check(deadline_ms_of(value))
        return LetIn(caller, value)

    async def answer_to(self, request: LetIn) -> bytes:
        """The JSON document; raises what `answer` raises."""
        body = checked_body(request.value, QueryBody)
        answer = await self._flow().answer(body, request.caller)
        return envelope(answer, self._versions(), explain=body.options.explain)


class Threshold:
    """Lets requests for `POST /query` in, or tells why not, with the answers to errors that FastAPI's way has.

    Args:
        access: tells who calls; `allowances` how much he may.
        failed: the response that tells of an error under a request's id.
        id_of: the id of a request.
        answers_id: whether answers carry it.
    """

    def __init__(
        self,
        query: QueryRoute,
        access: Access,
        allowances: Allowances,
        failed: Callable[[Exception, str], Response],
        id_of: Callable[[Scope], str],
        *,
        answers_id: bool,
    ) -> None:
        self._query = query
        self._access = access
        self._allowances = allowances
        self._failed = failed
        self._id_of = id_of
        self._answers_id = answers_id

    @staticmethod
    def takes(scope: Scope) -> bool:
        """Whether this connection is for it."""
        return bool(scope["type"] == "http" and scope["path"] == QUERY_PATH and scope["method"] == "POST")

    async def let_in(self, scope: Scope, receive: Receive, send: Send) -> LetIn | None:
        """The request, once for each connection it takes however often it is asked; None when it was refused, and told so."""
        known: LetIn | None = scope.get(_LET_IN)
        if known is not None:
            return known
        caller: Caller | None = None
        try:
            caller = self._access.caller(scope)
            self._allowances.admit(caller)
            request = scope[_LET_IN] = await self._query.let_in(receive, caller)
        except (LeadError, ClientDisconnect) as err:
            await self.refuse(err, caller, scope, receive, send)
            return None
        except Exception as err:  # the last HTTP handler: told without its internals, then raised for the log
            await self.refuse(err, None, scope, receive, send)
            raise
        return request

    async def refuse(
        self, error: Exception, caller: Caller | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer with the error; what `caller` may still ask stands in it where he is told."""
        request_id = self._id_of(scope)
        response = self._failed(error, request_id)
        if caller is not None:
            response.raw_headers.extend(self._allowances.headers(caller, error))
        if self._answers_id:
            response.headers["X-Request-Id"] = request_id
        await response(scope, receive, send)

    async def send(self, content: bytes, caller: Caller, scope: Scope, send: Send) -> None:
        """Answer with this JSON document."""
        headers = self._allowances.headers(caller)
        headers += ((b"content-length", b"%d" % len(content)), (b"content-type", b"application/json"))
        if self._answers_id:
            headers.append((b"x-request-id", self._id_of(scope).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})


class ShortWay:
    """An ASGI application for `POST /query` alone."""

    def __init__(self, query: QueryRoute, threshold: Threshold) -> None:
        self._query = query
        self._threshold = threshold
        self.takes = threshold.takes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection that it takes."""
        request = await self._threshold.let_in(scope, receive, send)
        if request is None:
            return
        try:
            content = await self._query.answer_to(request)
        except (LeadError, ClientDisconnect) as err:
            await self._threshold.refuse(err, request.caller, scope, receive, send)
        except Exception as err:  # as in `Threshold.let_in`
            await self._threshold.refuse(err, None, scope, receive, send)
            raise
        else:
            await self._threshold.send(content, request.caller, scope, send)


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
