"""The usual stack behind LitServe, with its batching.

As LitServe's documentation advises for throughput: a batch limit and a short wait that lets batches form, a worker per core, the ZeroMQ
queue (`fast_queue`), one API server in front.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import litserve
from fastapi import Response

from bench.peers.fastapi_app import Ask, encoded
from bench.peers.hosting import say_ready
from bench.peers.usual.cascade import UsualCascade, open_cascade
from bench.peers.usual.corpus import folder_of

MAX_BATCH = 16
BATCH_TIMEOUT_S = 0.005


class UsualApi(litserve.LitAPI):
    """One worker: a batch of requests in, their answers out."""

    def setup(self, device: str) -> None:
        """Open everything; `device` is always the CPU here."""
        del device
        self._loop = asyncio.new_event_loop()
        opening = open_cascade(os.environ["DATABASE_URL"], folder_of(Path(os.environ["PEER_DATA"])))
        self._cascade: UsualCascade = self._loop.run_until_complete(opening)
        say_ready()

    def decode_request(self, request: Ask) -> Ask:
        """The request is checked by the API server."""
        return request

    def batch(self, inputs: Sequence[Ask]) -> Sequence[Ask]:
        """Requests stay as they are: there is no tensor to make of them."""
        return inputs

    def predict(self, x: Sequence[Ask]) -> list[dict[str, Any]]:
        """Answer a batch: statements beside each other, one encoding, one prediction."""
        return self._loop.run_until_complete(self._cascade.answer([ask.model_dump() for ask in x]))

    def unbatch(self, output: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """One answer each."""
        return output

    def encode_response(self, output: dict[str, Any]) -> Response:
        """Bytes, made in the worker, so that the API server has nothing to encode."""
        return Response(encoded(output), media_type="application/json")


def main(port: int, workers: int) -> None:
    """Serve until the process is ended."""
    api = UsualApi(max_batch_size=MAX_BATCH, batch_timeout=BATCH_TIMEOUT_S, api_path="/query")
    server = litserve.LitServer(
        api, accelerator="cpu", workers_per_device=workers, fast_queue=True, timeout=30
    )
    server.run(
        host="127.0.0.1", port=port, num_api_servers=1, log_level="warning", generate_client_file=False,
        access_log=False, loop="uvloop", http="httptools",
    )  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
