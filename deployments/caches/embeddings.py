"""The embedder's port with a memory: this replica's vectors, behind it those that replicas share under `emb:{model}:{hash}`."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np

from deployments.caches.reach import Reach
from deployments.caches.use import current_use
from deployments.caches.writing import WriteBehind
from deployments.llm.flights import Flights
from models.embedder.encoder import DIMENSION
from ranking.deadline import Deadline
from ranking.errors import DeadlineExceeded, LeadError
from ranking.ports import Embedder
from ranking.types import Float32Array

_HASH_BYTES = 16
_WIRE = np.dtype("<f4")
_OCTETS = DIMENSION * _WIRE.itemsize


class SharedVectors:
    """Vectors in Redis as 384 little-endian float32: read back they are the same to the bit, which float16 would not be."""

    def __init__(self, reach: Reach, writing: WriteBehind, ttl_s: int) -> None:
        self._reach = reach
        self._writing = writing
        self._ttl_s = ttl_s

    async def get(self, model: str, texts: Sequence[str], deadline: Deadline) -> dict[str, Float32Array]:
        """The vectors that are kept."""
        keys = [_key(model, text) for text in texts]
        found = await self._reach.get(keys, deadline) or []
        return {
            text: np.frombuffer(content, dtype=_WIRE).astype(np.float32)
            for text, content in zip(texts, found, strict=False)
            if content is not None and len(content) == _OCTETS
        }

    def put(self, model: str, text: str, vector: Float32Array) -> None:
        """Keep one; written behind."""
        self._writing.put(_key(model, text), vector.astype(_WIRE).tobytes(), self._ttl_s)


class CachedEmbedder:
    """`ranking.ports.Embedder`; a text under way is not sent again. One event loop.

    Args:
        model: names the weights that answer now, None while that is not known: then nothing is kept.
        capacity: vectors held here, the least recently used goes first.
        counted: told of hits and misses.
    """

    def __init__(
        self,
        embedder: Embedder,
        model: Callable[[], str | None],
        capacity: int,
        shared: SharedVectors | None,
        counted: Callable[[int, int], None],
    ) -> None:
        self._embedder = embedder
        self._model = model
        self._capacity = capacity
        self._shared = shared
        self._counted = counted
        self._held: OrderedDict[tuple[str, str], Float32Array] = OrderedDict()
        self._flights: Flights[tuple[str, str], Float32Array | LeadError] = Flights(
            "embedder", lambda outcome: isinstance(outcome, DeadlineExceeded)
        )

    async def embed(self, texts: Sequence[str], deadline: Deadline) -> Float32Array:
        """See `ranking.ports.Embedder`."""
        model = self._model()
        if model is None:
            return await self._embedder.embed(texts, deadline)
        distinct = list(dict.fromkeys(texts))
        found = {text: held for text in distinct if (held := self._recalled(model, text)) is not None}
        missing = [text for text in distinct if text not in found]
        if missing and self._shared is not None:
            for text, vector in (await self._shared.get(model, missing, deadline)).items():
                found[text] = self._kept(model, text, vector)
        missing = [text for text in distinct if text not in found]
        self._counted(len(found), len(missing))
        current_use().embedding = not missing
        found.update(zip(missing, await self._made(model, missing, deadline), strict=True))
        return np.stack([found[text] for text in texts])

    async def _made(self, model: str, texts: Sequence[str], deadline: Deadline) -> list[Float32Array]:
        outcomes = await asyncio.gather(*(self._flown(model, text, deadline) for text in texts))
        vectors: list[Float32Array] = []
        for outcome in outcomes:
            if isinstance(outcome, LeadError):
                raise outcome
            vectors.append(outcome)
        return vectors

    async def _flown(self, model: str, text: str, deadline: Deadline) -> Float32Array | LeadError:
        async def ask() -> Float32Array | LeadError:
            try:
                vector: Float32Array = (await self._embedder.embed((text,), deadline))[0]
            except LeadError as err:  # a value, as those who share the call have deadlines of their own
                return err
            if self._shared is not None:
                self._shared.put(model, text, vector)
            return self._kept(model, text, vector)

        outcome, _ = await self._flights.join((model, text), deadline, ask)
        return outcome

    def _recalled(self, model: str, text: str) -> Float32Array | None:
        held = self._held.get((model, text))
        if held is not None:
            self._held.move_to_end((model, text))
        return held

    def _kept(self, model: str, text: str, vector: Float32Array) -> Float32Array:
        if self._capacity:
            self._held[model, text] = vector
            if len(self._held) > self._capacity:
                self._held.popitem(last=False)
        return vector


def _key(model: str, text: str) -> str:
    digest = hashlib.blake2b(text.encode(), digest_size=_HASH_BYTES).hexdigest()
    return f"emb:{model}:{digest}"
