"""What a world is made from: sizes, seed, date and difficulty knobs."""

import zlib
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from numpy.random import PCG64, Generator, SeedSequence

LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "nl")
HORIZON_DAYS = 90
HISTORY_DAYS = 400
FUTURE_DAYS = 60
UNDATED = 32_000
DUPLICATE_SHARE = 0.015


@dataclass(frozen=True, slots=True)
class Difficulty:
    """How hard it is to see a need from outside; the defaults were tuned with `bench/difficulty.py` and are frozen.

    Attributes:
        need_rate: need episodes per segment company, product and day.
        outside_need: the same outside the segment, relative to it.
        niche_focus: how much denser needs are in a smaller segment (exponent; 0: equally dense).
        need_days: mean days from onset to decision.
        win_bias: log-odds that a decision of average means ends in a purchase from the seller.
        win_spread: how much intensity, budget and propensity move those log-odds.
        emission: expected snippets of an episode of middling intensity, before the crawl misses some.
        crawl_days: e-folding time of the crawl's coverage of the past.
        mention_rate: share of segment companies that talk of the product without need.
        vendor_share: share of companies that sell a given product.
        vendor_posts: mean snippets per seller.
        spam_share: snippets by bad suppliers per snippet of the world.
        repost_share: near-duplicate reposts per snippet of the world.
        background_share: least share of snippets that nothing caused.
        segment_floor: least share of companies inside a seller's filters.
        narrow_share, narrow_floor: share of niche sellers, and the floor for them.
    """

    need_rate: float = 0.0005
    outside_need: float = 0.06
    niche_focus: float = 0.5
    need_days: float = 110.0
    win_bias: float = 0.15
    win_spread: float = 1.0
    emission: float = 3.5
    crawl_days: float = 180.0
    mention_rate: float = 0.045
    vendor_share: float = 0.003
    vendor_posts: float = 4.0
    spam_share: float = 0.05
    repost_share: float = 0.03
    background_share: float = 0.2
    segment_floor: float = 0.035
    narrow_share: float = 0.12
    narrow_floor: float = 0.015


@dataclass(frozen=True, slots=True)
class WorldSpec:
    """One world. The same spec gives the same bytes.

    Attributes:
        companies: number of company records, duplicates included.
        snippets: number of snippets.
        products: number of sellers, one product each, at most 56.
        seed: root of all random streams.
        as_of: the day on which the world is seen; purchases of the 90 days after it are the truth.
        leads_per_company: mean contacts per company.
    """

    companies: int = 20_000
    snippets: int = 100_000
    products: int = 56
    seed: int = 7
    as_of: date = date(2026, 6, 30)
    leads_per_company: float = 2.0
    difficulty: Difficulty = field(default_factory=Difficulty)

    def __post_init__(self) -> None:
        if self.companies < 50 or self.snippets < 50:
            raise ValueError("a world needs at least 50 companies and 50 snippets")
        if not 2 <= self.products <= 56:
            raise ValueError("products must lie between 2 and 56")

    def as_dict(self) -> dict[str, Any]:
        """The spec as JSON values."""
        return {**asdict(self), "as_of": self.as_of.isoformat()}


@dataclass(frozen=True, slots=True)
class WorldManifest:
    """What was written: rows per file, sha256 per file, and one sha256 over all."""

    spec: dict[str, Any]
    counts: dict[str, int]
    files: dict[str, str]
    sha256: str


DEFAULT_SPEC = WorldSpec()
SMALL_SPEC = WorldSpec(companies=3_000, snippets=12_000)


def stream(seed: int, concern: str) -> Generator:
    """A random stream of its own for each concern, so that one count never reshuffles the rest."""
    return Generator(PCG64(SeedSequence([seed, zlib.crc32(concern.encode())])))
