"""Each seller's ideal customer: the filters of its prompt, and the companies inside them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ingest.synthetic.companies import Companies
from ingest.synthetic.spec import WorldSpec, stream
from ingest.synthetic.vocabulary import Product, Vocabulary

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Segment:
    """The structured truth of one product's prompt.

    `industries` are keys, empty for any; `area` a place key, empty for anywhere; `employees` an inclusive
    range or None; `not_country` and
    `not_sub_industry` are empty when nothing is excluded; `exemplars` are rows of companies named in the prompt.
    """

    product: int
    held_out: bool
    industries: tuple[str, ...]
    area: str
    employees: tuple[int, int] | None
    not_country: str
    not_sub_industry: str
    skeleton: int
    exemplars: tuple[int, ...] = ()


def inside(segment: Segment, companies: Companies, vocabulary: Vocabulary) -> BoolArray:
    """bool[n]: the company meets every filter and no NOT, by its true (not its written) fields."""
    mask = np.ones(len(companies), dtype=bool)
    keys = [row.key for row in vocabulary.industries]
    codes = [row.code for row in vocabulary.countries]
    if segment.industries:
        mask &= np.isin(companies.industry, [keys.index(key) for key in segment.industries])
    if segment.area:
        mask &= np.isin(
            companies.country, [codes.index(code) for code in vocabulary.areas[segment.area].countries]
        )
    if segment.employees:
        low, high = segment.employees
        mask &= (companies.employees >= low) & (companies.employees <= high)
    if segment.not_country:
        mask &= companies.country != codes.index(segment.not_country)
    if segment.not_sub_industry:
        for index, industry in enumerate(vocabulary.industries):
            subs = [name for name, _ in industry.subs]
            if segment.not_sub_industry in subs:
                mask &= ~(
                    (companies.industry == index) & (companies.sub == subs.index(segment.not_sub_industry))
                )
    return mask


def _draw(
    product: int, held_out: bool, row: Product, vocabulary: Vocabulary, rng: np.random.Generator
) -> Segment:
    """The seller's first wish, before it is widened."""
    count = int(rng.integers(2, 5))
    chosen = sorted(rng.permutation(len(row.pool))[:count].tolist())
    industries = tuple(row.pool[index] for index in chosen)
    if rng.random() < 0.1:
        industries = ()
    areas = ["", *vocabulary.areas]
    weights = np.asarray([9.0, *(area.weight for area in vocabulary.areas.values())])
    area = areas[int(np.searchsorted(np.cumsum(weights / weights.sum()), rng.random()))]
    employees = row.size if rng.random() < 0.85 else None
    kind, skeleton = rng.random(), int(rng.integers(0, 5))
    options = (
        [code for code in vocabulary.areas[area].countries if code in vocabulary.exclusions] if area else []
    )
    not_country = options[int(rng.integers(0, len(options)))] if kind < 0.15 and len(options) > 0 else ""
    if area and len(vocabulary.areas[area].countries) < 2:
        not_country = ""
    not_sub = ""
    if not not_country and kind < 0.45 and industries:
        key = industries[int(rng.integers(0, len(industries)))]
        not_sub = next(item.not_sub for item in vocabulary.industries if item.key == key)
    return Segment(product, held_out, industries, area, employees, not_country, not_sub, skeleton)


def _widen(segment: Segment, row: Product, vocabulary: Vocabulary, turn: int) -> Segment:
    """One filter wider: another industry, a larger place, a larger size range, in turn."""
    industries, area, employees = segment.industries, segment.area, segment.employees
    missing = [key for key in row.pool if key not in industries]
    if turn % 2 == 0 and industries and missing:
        industries = (*industries, missing[0])
    elif area and turn % 2 == 1:
        area = vocabulary.areas[area].wider
    elif employees:
        employees = (max(1, employees[0] // 2), employees[1] * 2) if turn < 12 else None
    elif industries:
        industries = ()
    not_country = (
        segment.not_country if area and segment.not_country in vocabulary.areas[area].countries else ""
    )
    kept = segment.not_sub_industry if industries else ""
    return replace(
        segment,
        industries=industries,
        area=area,
        employees=employees,
        not_country=not_country,
        not_sub_industry=kept,
    )


def make_segments(
    spec: WorldSpec, vocabulary: Vocabulary, companies: Companies, products: tuple[int, ...]
) -> tuple[Segment, ...]:
    """One segment per product, widened until it holds enough active companies; half of the products are held out."""
    order = stream(spec.seed, "split").permutation(len(products))
    held = {products[index] for index in order[: len(products) // 2]}
    live = companies.active & companies.canonical()
    segments = []
    for product in products:
        row = vocabulary.products[product]
        rng = stream(spec.seed, f"segment:{row.key}")
        segment = _draw(product, product in held, row, vocabulary, rng)
        narrow = rng.random() < spec.difficulty.narrow_share
        share = spec.difficulty.narrow_floor if narrow else spec.difficulty.segment_floor
        turn = 0
        while (inside(segment, companies, vocabulary) & live).sum() < share * len(companies) and turn < 30:
            segment = _widen(segment, row, vocabulary, turn)
            turn += 1
        segments.append(_with_exemplars(segment, companies, vocabulary, rng))
    return tuple(segments)


def _with_exemplars(
    segment: Segment, companies: Companies, vocabulary: Vocabulary, rng: np.random.Generator
) -> Segment:
    """A fifth of the prompts name two companies of the segment, which then are customers already."""
    named = companies.active & companies.canonical() & (companies.same_name < 0) & (companies.sells < 0)
    rows = np.flatnonzero(inside(segment, companies, vocabulary) & named)
    if rng.random() >= 0.2 or len(rows) < 10:
        return segment
    picked = tuple(sorted(int(row) for row in rng.choice(rows, 2, replace=False)))
    return replace(segment, exemplars=picked)
