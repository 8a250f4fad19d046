"""Companies as columns: what a directory shows, and the hidden budget, propensity and growth behind it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.synthetic.naming import company_names
from ingest.synthetic.spec import DUPLICATE_SHARE, WorldSpec, stream
from ingest.synthetic.vocabulary import Vocabulary

STAGES = ("Seed", "Series A", "Series B", "Growth", "Established", "Public")
_STAGE_SHARES = (0.07, 0.07, 0.06, 0.10, 0.60, 0.10)
_STAGE_MEDIANS = (8, 32, 95, 300, 90, 2600)
_STAGE_SIGMAS = (0.6, 0.6, 0.6, 0.8, 1.2, 1.0)
_STAGE_AGES = (2, 4, 7, 10, 28, 38)
UNKNOWN_FIELDS = ("employee_count", "country", "industry", "founded_year")
_UNKNOWN_SHARES = (0.05, 0.04, 0.04, 0.08)

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Companies:
    """Columns of n companies; indices point into the vocabulary.

    `same_as` is the row of the company that a duplicate record repeats, else -1; `same_name` the row whose name it shares by
    accident, else -1; `sells` the product that the company itself sells, else -1; `tools` int64[n, 3, 2] of
    (product, tool), product
    -1 for none; `unknown` bool[n, 4] says which of `UNKNOWN_FIELDS` is not written. budget, propensity,
    growth: hidden, about N(0, 1).
    """

    industry: IntArray
    sub: IntArray
    country: IntArray
    city: IntArray
    stage: IntArray
    employees: IntArray
    founded: IntArray
    active: BoolArray
    sells: IntArray
    same_as: IntArray
    same_name: IntArray
    renamed: BoolArray
    tools: IntArray
    unknown: BoolArray
    local_description: BoolArray
    budget: FloatArray
    propensity: FloatArray
    growth: FloatArray
    short_names: tuple[str, ...]
    names: tuple[str, ...]
    domains: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.industry)

    def canonical(self) -> BoolArray:
        """bool[n]: the record is no duplicate of another."""
        return self.same_as < 0


def _weighted(rng: np.random.Generator, shares: tuple[float, ...], n: int) -> IntArray:
    weights = np.asarray(shares, dtype=np.float64)
    cuts = np.cumsum(weights / weights.sum())
    return np.minimum(np.searchsorted(cuts, rng.random(n), side="right"), len(shares) - 1).astype(np.int64)


def _pick_within(rng: np.random.Generator, sizes: IntArray, index: IntArray) -> IntArray:
    return (rng.random(len(index)) * sizes[index]).astype(np.int64)


def _size_and_age(spec: WorldSpec, stage: IntArray, growth: FloatArray) -> tuple[IntArray, IntArray]:
    rng = stream(spec.seed, "sizes")
    medians, sigmas = np.asarray(_STAGE_MEDIANS, float), np.asarray(_STAGE_SIGMAS)
    spread = rng.standard_normal(len(stage)) * sigmas[stage] + 0.15 * growth
    employees = np.clip(np.rint(medians[stage] * np.exp(spread)), 1, 250_000).astype(np.int64)
    ages = np.asarray(_STAGE_AGES, float)[stage] * (0.5 + rng.random(len(stage)))
    founded = spec.as_of.year - np.clip(np.rint(ages), 1, 160).astype(np.int64)
    return employees, founded


def _sellers(
    spec: WorldSpec, vocabulary: Vocabulary, industry: IntArray, products: tuple[int, ...]
) -> IntArray:
    """Half of a product's sellers come from software and services, half from the seller's own market."""
    rng = stream(spec.seed, "sellers")
    n = len(industry)
    sells = np.full(n, -1, dtype=np.int64)
    keys = [row.key for row in vocabulary.industries]
    trade = [keys.index(key) for key in ("software", "it_services", "consulting")]
    for product in products:
        pool = [keys.index(key) for key in vocabulary.products[product].pool]
        chance = np.where(np.isin(industry, pool), 1.6, np.where(np.isin(industry, trade), 2.5, 0.25))
        hit = rng.random(n) < chance * spec.difficulty.vendor_share / chance.mean()
        sells[hit & (sells < 0)] = product
    return sells


def _tools(spec: WorldSpec, vocabulary: Vocabulary, n: int) -> IntArray:
    rng = stream(spec.seed, "tools")
    product = rng.integers(0, len(vocabulary.products), (n, 3))
    product[rng.random((n, 3)) < 0.4] = -1
    sizes = np.asarray([len(row.tools) for row in vocabulary.products])
    tool = (rng.random((n, 3)) * sizes[product]).astype(np.int64)
    return np.stack([product, tool], axis=2)


def _doubles(spec: WorldSpec, n: int) -> tuple[IntArray, IntArray, BoolArray]:
    """Rows that repeat another company, rows that share another's name, and which duplicates were renamed."""
    rng = stream(spec.seed, "doubles")
    order = rng.permutation(n)
    count = max(2, int(n * DUPLICATE_SHARE))
    same_as, same_name = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    same_as[order[:count]] = order[count : 2 * count]
    namesakes = max(2, int(n * 0.01))
    same_name[order[2 * count : 2 * count + namesakes]] = order[
        2 * count + namesakes : 2 * count + 2 * namesakes
    ]
    renamed = (rng.random(n) < 0.4) & (same_as >= 0)
    return same_as, same_name, renamed


def make_companies(spec: WorldSpec, vocabulary: Vocabulary, products: tuple[int, ...]) -> Companies:
    """Draw all companies; memory is a few hundred bytes per company."""
    n = spec.companies
    rng = stream(spec.seed, "firmographics")
    same_as, same_name, renamed = _doubles(spec, n)
    source = np.where(same_as >= 0, same_as, np.arange(n))
    industry = _weighted(rng, tuple(row.share for row in vocabulary.industries), n)[source]
    country = _weighted(rng, tuple(row.share for row in vocabulary.countries), n)[source]
    sub = _pick_within(rng, np.asarray([len(row.subs) for row in vocabulary.industries]), industry)[source]
    city = _pick_within(rng, np.asarray([len(row.cities) for row in vocabulary.countries]), country)[source]
    stage = _weighted(rng, _STAGE_SHARES, n)[source]
    hidden = stream(spec.seed, "hidden")
    growth, propensity = hidden.standard_normal(n)[source], hidden.standard_normal(n)[source]
    budget = (0.5 * growth + 0.87 * hidden.standard_normal(n))[source]
    employees, founded = _size_and_age(spec, stage, growth)
    flags = stream(spec.seed, "flags")
    sells = _sellers(spec, vocabulary, industry, products)[source]
    trade = np.where(sells >= 0, [row.key for row in vocabulary.industries].index("software"), industry)
    names, shorts, domains = company_names(spec, vocabulary, trade, country, same_as, same_name, renamed)
    return Companies(
        industry=industry,
        sub=sub,
        country=country,
        city=city,
        stage=stage,
        employees=employees[source],
        founded=founded[source],
        active=(flags.random(n) >= 0.04)[source],
        sells=sells,
        same_as=same_as,
        same_name=same_name,
        renamed=renamed,
        tools=_tools(spec, vocabulary, n)[source],
        unknown=flags.random((n, len(UNKNOWN_FIELDS))) < np.asarray(_UNKNOWN_SHARES),
        local_description=flags.random(n) < 0.25,
        budget=budget,
        propensity=propensity,
        growth=growth,
        short_names=shorts,
        names=names,
        domains=domains,
    )
