"""The stand-in as a process of its own: started on a world, told how to behave over HTTP, gone with whoever started it."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from db.embedded.process import guarded_command
from deployments.standin.behaviour import Behaviour
from ranking.errors import Unavailable

KEY: Final = "stand-in"
_PROJECT = Path(__file__).parents[2]
_TIMEOUT_S = 10.0
_STOP_S = 5.0


class StandInProcess:
    """An endpoint to give to a system as its language model; use it as a context, from the main thread.

    `world` is a folder that `leads generate` has written; without it texts are judged by their words. What the process complains of
    goes to `log`.
    """

    def __init__(self, world: Path | None, log: Path, seed: int = 0) -> None:
        arguments = [] if world is None else ["--world", str(world.resolve())]
        self._command = [sys.executable, "-m", "deployments.standin", "--seed", str(seed), *arguments]
        self._log = log
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    @property
    def pid(self) -> int:
        """Its process id; it must be running."""
        assert self._process is not None
        return self._process.pid

    def environment(self) -> dict[str, str]:
        """What a system must find in its environment to ask it."""
        return {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": self.url}

    def behave(self, behaviour: Behaviour) -> None:
        """Calls that come from now on meet this behaviour."""
        self._control("PUT", behaviour.model_dump_json().encode())

    def seen(self) -> dict[str, int]:
        """Calls so far by what became of them: "ok" or the fault they met."""
        counts: dict[str, int] = self._control("GET", None)["seen"]
        return counts

    def __enter__(self) -> "StandInProcess":
        """Start it and wait for its address; raises Unavailable when it ends instead."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as complaints:
            self._process = subprocess.Popen(  # noqa: S603 - this program
                guarded_command(self._command, on_parent_death=signal.SIGTERM),
                cwd=_PROJECT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints, text=True,
                start_new_session=True,
            )  # fmt: skip
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            self._end()
            raise Unavailable("stand-in", f"it ended before it listened; see {self._log}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    def _control(self, method: str, body: bytes | None) -> dict[str, Any]:
        address = f"{self.url.removesuffix('/v1')}/control"
        request = urllib.request.Request(address, body, method=method)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            told: dict[str, Any] = json.load(answer)
        return told
