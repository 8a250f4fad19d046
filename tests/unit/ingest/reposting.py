"""Postings made of phrases, so that many differ and are still alike; and snippets of them."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ingest.plagiarism.detection import Judging, Repeat
from ingest.plagiarism.fingerprint import Fingerprint
from ingest.plagiarism.index import SketchIndex

MORNING = datetime(2026, 3, 1, 8, tzinfo=UTC)
_DOES = ("builds", "sells", "repairs", "leases", "audits", "plans", "tests", "ships", "prints", "grows")
_SYLLABLES = (
    "ba",
    "ren",
    "to",
    "lis",
    "mor",
    "qua",
    "vi",
    "den",
    "sul",
    "fa",
    "gri",
    "no",
    "pel",
    "zu",
    "hik",
    "wem",
)
_WHERE = ("Oslo", "Porto", "Leeds", "Graz", "Turin", "Lyon", "Ghent", "Basel", "Krakow", "Cork")
_SENTENCES = (
    "The {0} team {1} {2} near {3} and wants a calm colleague.",
    "You keep {2} running while {0} clients from {3} call about them.",
    "Every week somebody {1} {2} for {0} firms, and nobody in {3} writes it down.",
    "Experience with {2} matters more to us in {3} than a degree in {0}.",
    "Our founder once {1} {2} in {3} before {0} became fashionable.",
)


def posting(number: int, sentences: int = 8) -> str:
    """A hiring post of some 90 words, its own by number."""
    dice = random.Random(number)
    return " ".join(_sentence(dice) for _ in range(sentences))


def _sentence(dice: random.Random) -> str:
    who, what = ("".join(dice.choices(_SYLLABLES, k=3)) for _ in range(2))
    return dice.choice(_SENTENCES).format(who, dice.choice(_DOES), what, dice.choice(_WHERE))


def snippet(
    text: str,
    miner: str = "finder",
    company: str = "acme",
    minutes: float = 0,
    names: frozenset[str] = frozenset(),
    key: str = "",
    owner: str | None = None,
) -> Fingerprint:
    """A snippet seen so many minutes into the morning; its id is `key`, else the minute."""
    return Fingerprint.of(
        text,
        company_id=company,
        miner_id=miner,
        snippet_id=key or f"{company} {minutes}",
        seen_at=MORNING + timedelta(minutes=minutes),
        owner=owner,
        names=names,
    )


class Memory:
    """A store of snippets without a database: what was judged, and an index that has followed it."""

    def __init__(self, capacity: int = 4_000) -> None:
        self.index = SketchIndex(capacity)
        self.texts: dict[int, Fingerprint] = {}
        self.repeats: dict[int, Repeat] = {}

    def judge(self, *batch: Fingerprint) -> list[Repeat]:
        """Judge a batch and remember it; what it brought to light."""
        judging, judged = self._judged(batch)
        self.texts |= {text.ref: text for text in batch}
        for text in judged:
            self.repeats.pop(text.ref, None)
        self.repeats |= judging.repeats
        self.index.forget(list(judging.repeats))
        self.index.add(*(text for text in judged if text.ref not in judging.repeats))
        return list(judging.repeats.values())

    def found_for(self, text: Fingerprint) -> list[Repeat]:
        """What judging one text would bring to light."""
        return list(self._judged((text,))[0].repeats.values())

    def found(self) -> dict[str, str]:
        """Suppliers of repeats and of their originals."""
        return {each.snippet.miner_id: each.original.miner_id for each in self.repeats.values()}

    def _judged(self, given: Sequence[Fingerprint]) -> tuple[Judging, list[Fingerprint]]:
        judging, judged, batch = Judging(self.index), {}, list(given)
        while batch:
            judged |= {text.ref: text for text in batch}
            stored = {ref: self.texts[ref] for ref in judging.wanted(batch) if ref in self.texts}
            displaced = judging.judge(batch, stored)
            gone = {text.ref for text in displaced}
            repeats = [each for each in self.repeats.values() if each.snippet.ref not in judging.known]
            orphans = [each.snippet for each in repeats if each.original.ref in gone]
            batch = [*judging.orphans(displaced), *orphans]
        return judging, list(judged.values())
