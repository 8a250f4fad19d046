"""What load is offered, and what came of it: arrival times are fixed beforehand, whatever the answers do (open loop).

`offer` sends a load from a process of its own (`bench.generator`). A query's latency runs from the time it was due,
so that a generator or a server that falls behind shows in the figures instead of thinning the load.
"""

import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

_PROJECT = Path(__file__).parents[1]
_GRACE_S = 60.0
ANSWERED = "200"
REFUSED = frozenset(("429", "503"))


@dataclass(frozen=True)
class Load:
    """What is sent: `bodies` are POSTed to `path`, each at its time of `due_s` (seconds from the start, ascending).

    Every `sample_every`-th answer is read and checked whole once all are in. `connections` are opened beforehand.
    """

    url: str
    bodies: Sequence[str]
    due_s: Sequence[float]
    timeout_s: float = 10.0
    sample_every: int = 50
    connections: int = 16
    path: str = "/query"

    def __post_init__(self) -> None:
        if len(self.bodies) != len(self.due_s):
            raise ValueError(f"{len(self.bodies)} bodies, {len(self.due_s)} times")


@dataclass
class Outcome:
    """What came of it, one entry per request in the order of the load.

    Attributes:
        codes: HTTP status, or why there is none: "timeout", "unreachable", "closed", "garbled".
        latencies_ms: from the time due to the end of the answer (or of the waiting).
        late_ms: how late the request was started.
        degraded: positions of answers in which a stage was skipped for lack of time or capacity.
        without_retry_after: refusals (429, 503) that do not say when to come back.
        resent: requests sent a second time, as the server closed their kept connection before any byte of an answer.
        examples: by code other than 200, the first request's body and the beginning of what was answered.
        cpu_s: CPU of the generator while it sent.
        samples: what the answers looked at whole said (`bench.answers`).
    """

    offered: int
    codes: list[str] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)
    degraded: list[int] = field(default_factory=list)
    without_retry_after: int = 0
    resent: int = 0
    examples: dict[str, list[str]] = field(default_factory=dict)
    duration_s: float = 0.0
    cpu_s: float = 0.0
    samples: dict[str, Any] = field(default_factory=dict)

    @property
    def completed(self) -> int:
        """How many were answered with 200."""
        return self.codes.count(ANSWERED)

    @property
    def errors(self) -> dict[str, int]:
        """All others, by code."""
        return dict(sorted(Counter(code for code in self.codes if code != ANSWERED).items()))

    def answered_ms(self) -> list[float]:
        """Latencies of the answered ones."""
        return [ms for code, ms in zip(self.codes, self.latencies_ms, strict=True) if code == ANSWERED]

    def refused_ms(self) -> list[float]:
        """Latencies of refusals."""
        return [ms for code, ms in zip(self.codes, self.latencies_ms, strict=True) if code in REFUSED]

    def timely(self, deadline_ms: float) -> int:
        """How many were answered with 200 within `deadline_ms`."""
        return sum(ms <= deadline_ms for ms in self.answered_ms())


def due_times(count: int, rate_qps: float, seed: int) -> list[float]:
    """Seconds from the start at which each query is due: Poisson arrivals, ascending."""
    rng = random.Random(seed)
    return list(accumulate(rng.expovariate(rate_qps) for _ in range(count)))


def offer(load: Load) -> Outcome:
    """Send the load from a process of its own.

    Raises:
        RuntimeError: the generator failed; carries its last words.
    """
    last_s = load.due_s[-1] if load.due_s else 0.0
    with tempfile.TemporaryFile() as said:  # a pipe once came to an end within an outcome
        done = subprocess.run(
            [sys.executable, "-m", "bench.generator"],
            cwd=_PROJECT,
            input=json.dumps(asdict(load)).encode(),
            stdout=said,
            stderr=subprocess.PIPE,
            check=False,
            timeout=last_s + load.timeout_s + _GRACE_S,
        )
        if done.returncode != 0:
            raise RuntimeError(
                f"the load generator failed: {done.stderr.decode(errors='replace').strip().splitlines()[-1:]}"
            )
        said.seek(0)
        return Outcome(**json.load(said))
