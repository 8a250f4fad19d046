"""Requests out of prompts: what a scenario sends, prepared before anything is measured."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import httpx2

from bench import prompts
from bench.prompts import Asked, Prompts
from bench.scenario import LlmMode, Requests

_BROAD = ("companies in Europe", "companies in the United States", "software companies", "CRM software for companies",
          "manufacturers", "HR software", "retailers in Germany", "logistics companies")  # fmt: skip
_TIMEOUT_S = 60.0
_MOST, _PATIENT_MS = 2_000, 30_000
_JSON = {"Content-Type": "application/json"}
_FEWEST_EARLIER = 10


@dataclass(frozen=True)
class Directory:
    """Companies that the measured system itself returns: for lists of candidates, and for exemplars by name."""

    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Batch:
    """Requests of one load, in order: their bodies, languages, and how many of them are another parse than all before."""

    bodies: tuple[str, ...]
    languages: tuple[str, ...]
    distinct: int
    sha256: str

    @property
    def unique_share(self) -> float:
        """Distinct parses over all."""
        return round(self.distinct / len(self.bodies), 4) if self.bodies else 1.0


class Supply:
    """Requests of one scenario; those of all batches together are unique but for the repeats that are asked for."""

    def __init__(self, requests: Requests, seed: int, directory: Directory, world: Path | None) -> None:
        self.requests, self._directory = requests, directory
        self._rng = random.Random(seed + 1)
        self._prompts = Prompts(seed, requests.mix, directory.names, world)

    def batch(self, count: int, deadline_ms: int | None = None, llm: LlmMode | None = None) -> Batch:
        """The next `count` requests; `deadline_ms` and `llm` instead of the scenario's."""
        asked = list(self._asked(count))
        waits_ms, mode = deadline_ms or self.requests.deadline_ms, llm or self.requests.llm
        bodies = tuple(self._body(each, waits_ms, mode) for each in asked)
        return Batch(
            bodies, tuple(each.language for each in asked), len({each.key for each in asked}),
            prompts.digest([each.prompt for each in asked]),
        )  # fmt: skip

    def _asked(self, count: int) -> Iterator[Asked]:
        """New prompts and repeats of earlier ones; the n-th that came is repeated with weight 1/n."""
        repeated = [self._rng.random() < self.requests.repeats for _ in range(count)]
        repeated[:_FEWEST_EARLIER] = [False] * min(_FEWEST_EARLIER, count)
        new = self._prompts.take(repeated.count(False))
        weights = list(accumulate(1.0 / place for place in range(1, len(new) + 1)))
        earlier = 0
        for again in repeated:
            if again:
                yield self._rng.choices(new[:earlier], cum_weights=weights[:earlier])[0]
            else:
                yield new[earlier]
                earlier += 1

    def _body(self, asked: Asked, deadline_ms: int, llm: LlmMode) -> str:
        beside: dict[str, Any] = {}
        if self.requests.candidates:
            ids = self._directory.ids
            beside["candidates"] = self._rng.sample(ids, min(len(ids), self.requests.candidates))
        elif asked.filters is not None:
            beside["filters"] = asked.filters
        options: dict[str, Any] = {"deadline_ms": deadline_ms, "llm": llm}
        if self.requests.as_of is not None:
            options["as_of"] = self.requests.as_of
        return _body(asked.prompt, self.requests.limit or asked.limit, options, beside)


def body(prompt: str, limit: int, deadline_ms: int, beside: Mapping[str, Any] | None = None) -> str:
    """The JSON of one `POST /query` that asks no language model."""
    return _body(prompt, limit, {"deadline_ms": deadline_ms, "llm": "never"}, beside or {})


def _body(prompt: str, limit: int, options: Mapping[str, Any], beside: Mapping[str, Any]) -> str:
    return json.dumps({"query": prompt, "limit": limit, "options": options, **beside}, ensure_ascii=False)


def directory_of(base_url: str, asked: Sequence[str] = _BROAD) -> Directory:
    """Ask the system broadly and keep whom it returns, sorted by id."""
    found: dict[str, str] = {}
    with httpx2.Client(base_url=base_url, timeout=_TIMEOUT_S) as client:
        for prompt in asked:
            sent = body(prompt, _MOST, _PATIENT_MS)
            answer = client.post("/query", content=sent, headers=_JSON).raise_for_status().json()
            found |= {lead["company_id"]: lead["company_name"] for lead in answer["leads"]}
    ids = tuple(sorted(found))
    return Directory(ids, tuple(dict.fromkeys(found[each] for each in ids)))
