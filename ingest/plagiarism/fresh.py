"""The originals among the texts of one batch, found as `SketchIndex` finds stored ones; small, so dictionaries do."""

from collections import Counter, defaultdict
from itertools import chain

import numpy as np

from ingest.plagiarism.fingerprint import Fingerprint
from ingest.plagiarism.index import LEAST_SHINGLES, MOST_CANDIDATES, MOST_HOLDERS, SKETCH_KEYS
from ranking.simhash import MIN_CONTAINMENT

_LEAST_MET = 2
_LEAST_SHARE = 0.5


class FreshTexts:
    """Originals that are not stored yet."""

    def __init__(self) -> None:
        self._texts: dict[int, Fingerprint] = {}
        self._holders: defaultdict[int, list[int]] = defaultdict(list)
        self._wordings: defaultdict[int, list[int]] = defaultdict(list)

    def add(self, text: Fingerprint) -> None:
        """Remember a text; what was remembered under the same identity is forgotten."""
        self._texts[text.ref] = text
        self._wordings[text.wording].append(text.ref)
        if len(text.shingles) >= LEAST_SHINGLES:
            for key in text.shingles[:SKETCH_KEYS].tolist():
                self._holders[key].append(text.ref)

    def forget(self, ref: int) -> None:
        """Forget a text that was found to repeat another, or is judged again."""
        self._texts.pop(ref, None)

    def candidates(self, text: Fingerprint) -> list[int]:
        """References of at most 8 texts that a text may repeat, the likeliest first, itself left out."""
        held = [self._holders[key] for key in text.shingles.tolist() if key in self._holders]
        met = Counter(chain.from_iterable(holders for holders in held if len(holders) < MOST_HOLDERS))
        scored = {ref: self._share(ref, count, text) for ref, count in met.items() if count >= _LEAST_MET}
        scored = {ref: share for ref, share in scored.items() if share >= _LEAST_SHARE}
        scored |= dict.fromkeys(self._wordings.get(text.wording, ()), np.inf)
        scored.pop(text.ref, None)
        best = sorted((ref for ref in scored if ref in self._texts), key=lambda ref: (-scored[ref], ref))
        return best[:MOST_CANDIDATES]

    def _share(self, ref: int, count: int, text: Fingerprint) -> float:
        """What is met of what a repeat would meet."""
        other = self._texts.get(ref)
        if other is None:
            return 0.0
        size = len(other.shingles)
        smaller = min(size, len(text.shingles))
        return count * size / (MIN_CONTAINMENT * min(size, SKETCH_KEYS) * smaller)
