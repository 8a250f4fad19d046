"""Each arriving snippet judged against what is stored and against those before it in its batch (F-9).

No I/O: the caller fetches the few texts that `wanted` names and hands them over.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.plagiarism.fingerprint import Fingerprint
from ingest.plagiarism.fresh import FreshTexts
from ingest.plagiarism.index import SketchIndex
from ingest.plagiarism.verdict import Likeness, likeness

Pair = frozenset[int]


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


@dataclass(slots=True)
class Judging:
    """The verdicts of one batch, on top of an index that it leaves as it is: what is not stored was never judged.

    Originals are compared with, repeats are not, so that reposts cannot crowd them out.

    Attributes:
        index: the stored originals.
        apart: pairs of references that were ruled not to repeat one another.
        known: stored texts that were handed over, and those judged here.
        repeats: what was found, by the repeat's reference.
    """

    index: SketchIndex
    apart: frozenset[Pair] = frozenset()
    known: dict[int, Fingerprint] = field(default_factory=dict)
    repeats: dict[int, Repeat] = field(default_factory=dict)
    _fresh: FreshTexts = field(default_factory=FreshTexts)
    _near: dict[int, list[int]] = field(default_factory=dict)

    def wanted(self, batch: Iterable[Fingerprint]) -> set[int]:
        """References of the stored texts that the batch may repeat and that are not known yet."""
        return {ref for text in batch for ref in self._stored_near(text) if ref not in self.known}

    def judge(self, batch: Iterable[Fingerprint], stored: Mapping[int, Fingerprint]) -> list[Fingerprint]:
        """Judge texts, whatever their order, by who was first.

        Args:
            batch: a snippet delivered again is judged again and is never its own repeat.
            stored: the texts that `wanted` named, as far as they still exist.

        Returns:
            Originals, stored or of an earlier call, that turned out to repeat one of the batch: what repeated them must be
            judged again, by another call.
        """
        given = sorted(batch, key=lambda text: text.precedence)
        self.known |= {ref: text for ref, text in stored.items() if ref not in self.known}
        self.known |= {text.ref: text for text in given}
        return [other for text in given for other in self._place(text)]

    def orphans(self, displaced: Iterable[Fingerprint]) -> list[Fingerprint]:
        """What was judged here and repeats an original that is none any more."""
        gone = {text.ref for text in displaced}
        return [each.snippet for each in self.repeats.values() if each.original.ref in gone]

    def _place(self, text: Fingerprint) -> list[Fingerprint]:
        """Judge one text; the originals it displaces."""
        self.repeats.pop(text.ref, None)
        self._fresh.forget(text.ref)
        alike = [(other, found) for other in self._originals_near(text) if (found := _in_order(text, other))]
        earlier = [pair for pair in alike if pair[0].precedence < text.precedence]
        if earlier:
            original, found = min(earlier, key=lambda pair: pair[0].precedence)
            self.repeats[text.ref] = Repeat(text, original, found)
            return []
        self._fresh.add(text)
        for other, found in alike:
            self._fresh.forget(other.ref)
            self.repeats[other.ref] = Repeat(other, text, found)
        return [other for other, _ in alike]

    def _originals_near(self, text: Fingerprint) -> Sequence[Fingerprint]:
        refs = dict.fromkeys((*self._fresh.candidates(text), *self._stored_near(text)))
        return [
            self.known[ref]
            for ref in refs
            if ref in self.known and ref not in self.repeats and frozenset((ref, text.ref)) not in self.apart
        ]

    def _stored_near(self, text: Fingerprint) -> list[int]:
        if text.ref not in self._near:
            self._near[text.ref] = self.index.candidates(text)
        return self._near[text.ref]


def _in_order(text: Fingerprint, other: Fingerprint) -> Likeness | None:
    """The likeness of the later to the earlier."""
    if other.precedence < text.precedence:
        return likeness(text, other)
    return likeness(other, text)
