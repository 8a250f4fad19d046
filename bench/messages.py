"""Suppliers' messages beside a bench's queries, through the broker of the running system."""

import asyncio
import json
import math
import multiprocessing
import random
import string
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection as PipeConnection
from multiprocessing.synchronize import Event as StopEvent
from pathlib import Path
from typing import Any

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from bench.options import Options
from commands.failure import CommandError
from commands.signers import signer_for
from commands.target import choose
from configs.streams import StreamSettings
from deployments.local.registry import SystemState
from ingest.streams.connecting import Connection
from ingest.streams.messages import SCHEMA_VERSION
from ingest.streams.producing import Producer, sending
from ingest.streams.signing import Signer

MESSAGES_PER_S = 200.0
_TICK_S = 0.1
_PROBE_EVERY_S, _LOOK_EVERY_S, _GIVE_UP_S = 1.0, 0.05, 60.0
_TOPIC = "miner.snippets"
_TAKEN_IN = "leads_ingest_messages"
_KINDS = ("news", "job_posting", "web_page", "tech_change")


def taken_in(base_url: str) -> float:
    """Messages that came to an end in the running system, stored or not, since it was started."""
    told = httpx2.get(f"{base_url}/metrics", timeout=30.0).raise_for_status().text
    families = text_string_to_metric_families(told)
    return sum(
        sample.value
        for family in families
        if family.name == _TAKEN_IN
        for sample in family.samples
        if sample.name == f"{_TAKEN_IN}_total"
    )


def seconds_until(base_url: str, wanted: float) -> float:
    """How long it takes from now until so many messages came to an end; at most `_GIVE_UP_S`, when it is inf."""
    started_s = time.monotonic()
    while time.monotonic() - started_s < _GIVE_UP_S:
        if taken_in(base_url) >= wanted:
            return time.monotonic() - started_s
        time.sleep(_LOOK_EVERY_S)
    return math.inf


@dataclass(frozen=True)
class Stream:
    """What is sent: `per_s` snippets a second about `companies`, to the broker at `address`, signed with the key of `folder`.

    `mark` begins every snippet's id: another run of the same seed shall send other snippets, not further revisions of the same.
    With `probing` a snippet with a word of its own goes out every second, and is looked for at `base_url`.
    """

    address: str
    base_url: str
    folder: Path
    seed: int
    mark: str
    companies: tuple[str, ...]
    per_s: float
    probing: bool


@dataclass
class Sent:
    """`sent` messages; `waited_s` has the time of each probe from its production to its first appearance, `lost` probes never appeared."""

    sent: int = 0
    lost: int = 0
    waited_s: list[float] = field(default_factory=list)


class Sender:
    """Sends a stream in a process of its own, which does not hold up the generator's; `done` tells of it afterwards."""

    def __init__(
        self, state: SystemState, options: Options, companies: tuple[str, ...], per_s: float, probing: bool
    ) -> None:
        if state.ingest is None:
            raise CommandError("the system reads no broker: start it without --no-ingest")
        mark = uuid.uuid4().hex[:8]
        self._stream = Stream(
            state.ingest.broker, state.base_url, options.folder(), options.seed, mark, companies, per_s, probing
        )  # fmt: skip
        self.done = Sent()

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Send while the body runs; then wait for what is under way.

        Raises:
            CommandError: the sender failed; it has said why.
        """
        context = multiprocessing.get_context("spawn")
        ours, its = context.Pipe()
        stop = context.Event()
        process = context.Process(target=_send_in_process, args=(self._stream, its, stop), daemon=True)
        process.start()
        its.close()
        try:
            ours.recv()  # it is about to begin
            try:
                yield
            finally:
                stop.set()
            self.done = ours.recv()
        except EOFError as err:
            raise CommandError("the sender of messages failed") from err
        finally:
            stop.set()
            process.join()


def _send_in_process(stream: Stream, told: PipeConnection, stop: StopEvent) -> None:
    """The other process: says when it begins and what it did."""
    sending = _Sending(stream, stop)
    told.send(None)
    told.send(asyncio.run(sending.run()))


class _Sending:
    """A stream under way."""

    def __init__(self, stream: Stream, stop: StopEvent) -> None:
        self._stream = stream
        self._stop = stop
        self._signer: Signer = signer_for(choose(stream.folder, None, {}), None)
        self._random = random.Random(f"{stream.seed} {stream.mark}")
        self._done = Sent()

    async def run(self) -> Sent:
        """Send until the stop is set; what was done."""
        connection = Connection(self._stream.address, StreamSettings())
        async with (
            sending(connection) as producer,
            httpx2.AsyncClient(base_url=self._stream.base_url, timeout=30.0) as client,
        ):
            watching: set[asyncio.Task[None]] = set()
            started_s = probed_s = time.monotonic()
            while not self._stop.is_set():
                now_s = time.monotonic()
                due = int((now_s - started_s) * self._stream.per_s) - self._done.sent
                await self._publish(producer, [self._message() for _ in range(due)])
                if self._stream.probing and now_s - probed_s >= _PROBE_EVERY_S:
                    probed_s = now_s
                    watching.add(asyncio.create_task(self._probe(producer, client)))
                await asyncio.sleep(_TICK_S)
            await asyncio.gather(*watching)
        return self._done

    async def _publish(self, producer: Producer, messages: list[dict[str, Any]]) -> None:
        signed = [(str(each["company_id"]).encode(), json.dumps(each).encode()) for each in messages]
        await producer.send_signed(_TOPIC, signed, self._signer)
        self._done.sent += len(messages)

    async def _probe(self, producer: Producer, client: httpx2.AsyncClient) -> None:
        """One snippet with a word of its own, from before it is sent until it is among the signals."""
        word = "".join(self._random.choices(string.ascii_lowercase, k=12))
        message = self._message(f"The team needs {word} software and is looking for {word} this month")
        started_s = time.monotonic()
        await self._publish(producer, [message])
        body = {"query": f"{word} software", "candidates": [message["company_id"]], "limit": 1,
                "options": {"llm": "never", "deadline_ms": 5_000}}  # fmt: skip
        while time.monotonic() - started_s < _GIVE_UP_S:
            answer = await client.post("/query", json=body)
            leads = answer.json().get("leads", []) if answer.status_code == 200 else []
            shown = {signal["snippet_id"] for lead in leads for signal in lead["signals"]}
            if message["snippet_id"] in shown:
                self._done.waited_s.append(time.monotonic() - started_s)
                return
            await asyncio.sleep(_LOOK_EVERY_S)
        self._done.lost += 1

    def _message(self, text: str | None = None) -> dict[str, Any]:
        company, now = self._random.choice(self._stream.companies), datetime.now(UTC).isoformat()
        own = [f"{self._random.choice(_WORDS)}{self._random.randrange(10**6)}" for _ in range(5)]
        words = " ".join(self._random.sample([*own, *self._random.choices(_WORDS, k=8)], 13))
        return {
            "schema_version": SCHEMA_VERSION, "produced_at": now, "observed_at": now, "company_id": company,
            "miner_id": f"bench-{self._random.randrange(50)}", "snippet_id": f"{self._stream.mark}-{self._random.getrandbits(64):x}",
            "kind": "news" if text else self._random.choice(_KINDS), "text": text or f"{company}: {words}",
            "source_type": "rss",
        }  # fmt: skip


_WORDS = (
    "hiring", "sales", "payroll", "crm", "migration", "cloud", "security", "warehouse", "accounting", "automation", "support",
    "Berlin", "Paris", "team", "growth", "office", "platform", "analytics", "recruiting", "onboarding", "billing", "compliance",
)  # fmt: skip
