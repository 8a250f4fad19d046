"""The usual stack behind FastAPI: one request at a time per call, uvicorn's workers beside each other.

As FastAPI's and uvicorn's documentation advise: an async endpoint on an asyncpg pool of the worker's own, as many workers
as cores, uvloop and httptools, orjson for the answer, no access log. The numpy and LightGBM work of a request stays on the
loop: with a worker per core there is no core left for a thread pool to use.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI, Response
from pydantic import BaseModel, Field

from bench.peers.hosting import say_ready
from bench.peers.usual.cascade import UsualCascade, open_cascade
from bench.peers.usual.corpus import folder_of


class Options(BaseModel):
    """What a request may ask beside the prompt; deadlines and the LLM are not this stack's."""

    as_of: str | None = None


class Ask(BaseModel):
    """`POST /query`."""

    query: str
    limit: int = Field(25, ge=1, le=2_000)
    options: Options = Options()


def app() -> FastAPI:
    """The application of one worker; DATABASE_URL and PEER_DATA say where."""
    held: dict[str, UsualCascade] = {}

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        held["cascade"] = await open_cascade(
            os.environ["DATABASE_URL"], folder_of(Path(os.environ["PEER_DATA"]))
        )
        say_ready()
        yield

    made = FastAPI(lifespan=lifespan)

    @made.post("/query")
    async def query(ask: Ask) -> Response:
        (answer,) = await held["cascade"].answer([ask.model_dump()])
        return Response(encoded(answer), media_type="application/json")

    return made


def encoded(answer: dict[str, Any]) -> bytes:
    """The answer's JSON."""
    return orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)
