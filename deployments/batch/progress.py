"""How far a batch is: a bar on a terminal, a line now and then in a log."""

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ranking.deadline import Clock

_EVERY_S = 10.0


class BatchProgress:
    """Counts prompts; use as a context manager. `done` of `total` were answered by earlier runs."""

    def __init__(self, console: Console, total: int, done: int, clock: Clock = time.monotonic) -> None:
        self._console = console
        self._total = total
        self._done = self._before = done
        self._clock = clock
        self._started_s = self._told_s = clock()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("prompts", total=total, completed=done)

    def __enter__(self) -> "BatchProgress":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def add(self, prompts: int) -> None:
        """So many more are answered."""
        self._done += prompts
        self._bar.update(self._task, completed=self._done)
        now_s = self._clock()
        if not self._console.is_terminal and now_s - self._told_s >= _EVERY_S:
            self._told_s = now_s
            rate = (self._done - self._before) / (now_s - self._started_s)
            self._console.print(f"{self._done:,} of {self._total:,} prompts, {rate:.1f}/s", highlight=False)
