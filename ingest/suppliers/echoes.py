"""Texts that repeat a prompt which was asked before they came (F-9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from ranking.simhash import shingles_of_words
from ranking.text import words
from ranking.types import IntArray

_RUN_WORDS: Final = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt and when it was asked."""

    query_id: str
    asked_at: datetime
    prompt: str


@dataclass(frozen=True, slots=True)
class Echo:
    """The prompt of which a text holds most; `share` of the prompt's runs of four words."""

    query_id: str
    share: float


class Echoes:
    """The runs of words of many prompts; those of fewer than `least_words` words prove nothing and are left out."""

    def __init__(self, asked: Sequence[Asked], least_words: int) -> None:
        self._asked: list[Asked] = []
        runs = []
        for each in asked:
            tokens = words(each.prompt)
            if len(tokens) >= least_words:
                self._asked.append(each)
                runs.append(shingles_of_words(tokens, _RUN_WORDS))
        self._sizes = np.array([len(each) for each in runs], dtype=np.int64)
        hashes = np.concatenate([np.zeros(0, dtype=np.uint64), *runs])
        owners = np.repeat(np.arange(len(runs), dtype=np.int32), self._sizes)
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._owners = hashes[order], owners[order]

    def __len__(self) -> int:
        return len(self._asked)

    def of(self, tokens: Sequence[str], seen_at: datetime) -> Echo | None:
        """The prompt asked before `seen_at` of which these folded words hold the largest share, None without any run of one."""
        if not self._asked or len(tokens) < _RUN_WORDS:
            return None
        held = self._holders(shingles_of_words(list(tokens), _RUN_WORDS))
        prompts, counts = np.unique(held, return_counts=True)
        shares = counts / self._sizes[prompts]
        for place in np.argsort(-shares, kind="stable").tolist():
            asked = self._asked[int(prompts[place])]
            if asked.asked_at < seen_at:
                return Echo(asked.query_id, float(shares[place]))
        return None

    def _holders(self, runs: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> IntArray:
        """int32 prompts that hold each of the runs, one entry for each run held."""
        starts = np.searchsorted(self._hashes, runs, side="left")
        ends = np.searchsorted(self._hashes, runs, side="right")
        found = [self._owners[start:end] for start, end in zip(starts, ends, strict=True) if end > start]
        none: IntArray = np.zeros(0, dtype=np.int32)
        return np.concatenate([none, *found])
