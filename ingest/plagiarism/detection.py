"""Each arriving snippet judged against what is stored and against those before it in its batch (F-9).

No I/O: the caller fetches the few texts that `wanted` names and hands them to `judge`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ingest.plagiarism.fingerprint import Fingerprint
from ingest.plagiarism.index import SketchIndex, sketch
from ingest.plagiarism.verdict import Likeness, likeness


@dataclass(frozen=True, slots=True)
class Repeat:
    """A snippet that says what an earlier one said."""

    snippet: Fingerprint
    original: Fingerprint
    likeness: Likeness

    @property
    def is_renewal(self) -> bool:
        """Whether its supplier repeats himself about the same company, as a vacancy listed again does."""
        snippet, original = self.snippet, self.original
        return (snippet.miner_id, snippet.company_id) == (original.miner_id, original.company_id)


class Detector:
    """Judges batches in order; originals enter the index, repeats do not, so that reposts cannot crowd it."""

    def __init__(self, index: SketchIndex) -> None:
        self._index = index

    def wanted(self, batch: Iterable[Fingerprint]) -> set[int]:
        """References of the stored texts that the batch may repeat."""
        return {ref for text in batch for ref in self._index.candidates(text)}

    def judge(self, batch: Sequence[Fingerprint], stored: Mapping[int, Fingerprint]) -> list[Repeat]:
        """The repeats found.

        Args:
            batch: in order of arrival. A snippet delivered again is judged again and is never its own repeat.
            stored: the texts that `wanted` named, as far as they still exist.

        Returns:
            Among new and stored snippets: where the new one was seen first, the stored one is the repeat.
        """
        known = dict(stored)
        repeats: list[Repeat] = []
        for text in batch:
            found = self.repeats(text, known)
            repeats += found
            for repeat in found:
                self._index.forget(repeat.snippet.ref)
            if any(repeat.snippet is text for repeat in found):
                continue
            self._index.add(sketch(text))
            known[text.ref] = text
        return repeats

    def repeats(self, text: Fingerprint, known: Mapping[int, Fingerprint]) -> list[Repeat]:
        """The repeats that one text brings to light among those known; nothing is remembered."""
        alike: list[tuple[Fingerprint, Likeness]] = []
        for ref in self._index.candidates(text):
            other = known.get(ref)
            found = None if other is None else _in_order(text, other)
            if other is not None and found is not None:
                alike.append((other, found))
        earlier = [pair for pair in alike if pair[0].precedence < text.precedence]
        if earlier:
            original, found = min(earlier, key=lambda pair: pair[0].precedence)
            return [Repeat(text, original, found)]
        return [Repeat(other, text, found) for other, found in alike]


def _in_order(text: Fingerprint, other: Fingerprint) -> Likeness | None:
    """The likeness of the later to the earlier."""
    if other.precedence < text.precedence:
        return likeness(text, other)
    return likeness(other, text)
