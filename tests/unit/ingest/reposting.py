"""Postings made of phrases, so that many differ and are still alike; and snippets of them."""

import random
from datetime import UTC, datetime, timedelta

from ingest.plagiarism.fingerprint import Fingerprint

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
