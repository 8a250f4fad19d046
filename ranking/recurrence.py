"""How often a submitter asks the same within a window of time: counts in memory, bounded, of one replica."""

import re
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

_NUMBERS: Final = re.compile(r"\d+")
_MOST_QUESTIONS: Final = 2_000
_MOST_SUBMITTERS: Final = 256


@dataclass(slots=True)
class _Window:
    began_s: float
    questions: dict[int, int] = field(default_factory=dict)
    listings: int = 0

    def count(self, question: int) -> int:
        times = self.questions.get(question, 0) + 1
        self.questions[question] = times
        if len(self.questions) > _MOST_QUESTIONS:
            self._forget_single()
        return times

    def _forget_single(self) -> None:
        """Who asks ever new questions fills this with ones; what recurs is kept."""
        self.questions = {question: times for question, times in self.questions.items() if times > 1}
        if len(self.questions) > _MOST_QUESTIONS // 2:
            self.questions.clear()


class Recurrence:
    """Counts per submitter in windows of `window_s`, each begun by the first question after the last one's end."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    def count(
        self, submitter: str, prompt: str, rest: Hashable, now_s: float, *, listing: bool
    ) -> tuple[int, int]:
        """How often the question was asked and how many listings there were in this window, this one included.

        Args:
            prompt: alike when only its numbers differ.
            rest: what else the request says (limit, filters, candidates).
            now_s: of a clock that never goes back.
        """
        window = self._window(submitter, now_s)
        window.listings += listing
        return window.count(hash((_NUMBERS.sub("0", prompt), rest))), window.listings

    def _window(self, submitter: str, now_s: float) -> _Window:
        window = self._windows.get(submitter)
        if window is None or now_s - window.began_s >= self._window_s:
            window = self._windows[submitter] = _Window(now_s)
            if len(self._windows) > _MOST_SUBMITTERS:
                self._windows.popitem(last=False)
        self._windows.move_to_end(submitter)
        return window
