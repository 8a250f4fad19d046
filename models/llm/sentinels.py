"""Two invented companies in a call whose right scores are known: one that clearly buys, one that clearly does not.

A text that orders the model to score everybody alike moves them too, and then nothing of the reply is believed.
"""

import random
from typing import Final

from models.llm.question import Candidate, EvidenceText

HIGH_AT_LEAST: Final = 40.0
LOW_AT_MOST: Final = 60.0

_NAMES: Final = (
    "Ardena",
    "Belvar",
    "Corvel",
    "Dunmor",
    "Elstra",
    "Fennix",
    "Galdor",
    "Harvin",
    "Istrel",
    "Jorvik",
)
_FORMS: Final = ("Group", "Holding", "Partners", "Works", "Trading")
_BUYING: Final = (
    "The board has approved the budget for {product}. We compare vendors this month and sign before the quarter ends.",
    "Tender: we are looking for a supplier of {product}, offers until the end of next week, start as soon as possible.",
    "Our contract for {product} ends soon and was not renewed; the evaluation of a replacement has begun.",
)
_IDLE: Final = (
    "The car park behind the office is closed on Friday while the trees are cut.",
    "Our choir sings in the old town hall on Saturday; everyone is welcome.",
    "The canteen serves soup again from Monday on.",
)


def sentinels(product: str, rng: random.Random) -> tuple[Candidate, Candidate]:
    """One that must score high, one that must score low, worded by chance."""
    high, low = rng.sample(_NAMES, 2)
    buying, idle = rng.choice(_BUYING).format(product=product), rng.choice(_IDLE)
    return _company(high, "news", buying, rng), _company(low, "social", idle, rng)


def _company(name: str, kind: str, text: str, rng: random.Random) -> Candidate:
    evidence = EvidenceText("news" if kind == "news" else "social", rng.randint(3, 20), text)
    return Candidate(f"{name} {rng.choice(_FORMS)}", (evidence,), employees=rng.randint(40, 900))


def believable(high: float, low: float) -> bool:
    """Whether a reply put the two where they belong."""
    return high >= HIGH_AT_LEAST and low <= LOW_AT_MOST and high > low
