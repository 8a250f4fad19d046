"""The broker and the intake beside the graph: started with the system, started again when they end, and never its end."""

import logging
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from db.embedded import EmbeddedBroker
from db.embedded.process import ServerProcess
from deployments.local.registry import IngestState
from ranking.errors import Unavailable

_log = logging.getLogger(__name__)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
_STEADY_S = 60.0  # who lived that long may be started again at once
_PATIENCE_S = 10.0  # for the batch in hand
_HASTE_S = 1.0


@dataclass(frozen=True)
class IngestPlan:
    """The command of the intake, and the brokers to read from (host:port, ...); None: an embedded one of the folder's own."""

    command: tuple[str, ...]
    servers: str | None


class Attempts:
    """When a part that ended may be started again: after pauses that grow while it does not stay."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began_s = float("-inf")
        self._pause_s = _FIRST_PAUSE_S

    @property
    def due(self) -> bool:
        """Whether it may be started now."""
        return self._clock() >= self._began_s + self._pause_s

    def begin(self) -> None:
        """It is started now."""
        now_s = self._clock()
        stayed = now_s - self._began_s > _STEADY_S
        self._pause_s = _FIRST_PAUSE_S if stayed else min(self._pause_s * 2.0, _LONGEST_PAUSE_S)
        self._began_s = now_s


class Ingestion:
    """Broker and intake of one running system. Call `watch` from the main thread, several times a second.

    An embedded broker that ends loses what it held, the intake's place in it too. The intake is stopped before another broker
    starts: with the old place it would skip as many messages of the new one.
    """

    def __init__(self, data_dir: Path, plan: IngestPlan, environment: Mapping[str, str]) -> None:
        self._data_dir = data_dir
        self._plan = plan
        self._environment = environment
        own = plan.servers is None and EmbeddedBroker.installed()
        self._broker = EmbeddedBroker(data_dir) if own else None
        self._intake: ServerProcess | None = None
        self._broker_attempts = Attempts(time.monotonic)
        self._intake_attempts = Attempts(time.monotonic)

    def __enter__(self) -> "Ingestion":
        self.watch()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_intake(_PATIENCE_S)
        if self._broker is not None:
            self._broker.stop()

    @property
    def state(self) -> IngestState | None:
        """What to tell of it; None where there is no broker to read from."""
        address = self._plan.servers or self._own_address()
        if address is None:
            return None
        pid = self._intake.pid if self._intake is not None and self._intake.running else None
        return IngestState(broker=address, is_embedded=self._broker is not None, intake_pid=pid)

    def watch(self) -> None:
        """Start what should run and does not."""
        if self._broker is not None and not self._broker.running:
            self._end_intake(_HASTE_S)
            if self._broker_attempts.due:
                self._start_broker(self._broker)
        address = self._plan.servers or self._own_address()
        if address is None or (self._intake is not None and self._intake.running):
            return
        if self._intake_attempts.due:
            self._start_intake(address)

    def _own_address(self) -> str | None:
        return self._broker.address() if self._broker is not None and self._broker.running else None

    def _start_broker(self, broker: EmbeddedBroker) -> None:
        self._broker_attempts.begin()
        try:
            broker.stop()  # lets go of what the ended one held
            broker.start()
        except Unavailable as err:
            _log.warning("no broker, trying again: %s", err)

    def _start_intake(self, address: str) -> None:
        if self._intake is not None:
            _log.warning("the intake ended and is started again: %s", self._intake.last_words())
        self._intake_attempts.begin()
        self._intake = ServerProcess(
            "intake",
            self._plan.command,
            log=self._data_dir / "logs" / "intake.log",
            on_parent_death=signal.SIGKILL,  # its offsets follow its rows: another one goes on where this one was
            environment={**self._environment, "KAFKA_BOOTSTRAP_SERVERS": address},
        )

    def _end_intake(self, patience_s: float) -> None:
        if self._intake is not None:
            self._intake.stop(((signal.SIGTERM, patience_s),))
            self._intake = None
