"""Which company records are the same business: clusters, their representatives, and the evidence (F-3).

Two records belong together when they have the same domain (of one company, not of a shared site); when a former
name of one is the name of the other and something else agrees: like descriptions, or country and city where not
both have a domain of their own; or when name and description are near-identical. A name alone never joins:
"Quest" and "River" are each the name of many. Branches are businesses of their own: records of different cities are not joined by a
like text, which chains give to all their branches, nor by the chain's domain where each adds words of its own to one opening.
Nor do a former name and a city outweigh two domains: of 35 pairs so found in a directory of 5,827 start-ups, half of them in one
city, none was the same business.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ingest.clusters import Merged, grouped, merged
from ingest.shared_sites import names_a_company
from ranking.simhash import MIN_CONTAINMENT, NEAR_BITS, distance

Reason = Literal["same_domain", "former_name", "near_identical"]
# Two 64-bit fingerprints that differ in at most 3 bits agree in at least one of four 16-bit bands.
_BANDS = NEAR_BITS + 1
_BAND_BITS = 64 // _BANDS
# A band shared by more records of one opening than this is boilerplate; such a group is not compared.
_MAX_BAND_GROUP = 200


@dataclass(frozen=True, slots=True)
class CompanyRecord:
    """What resolution looks at; `simhash` is None when the description is too short to compare."""

    company_id: str
    tenant: str
    name_key: str
    former_name_keys: tuple[str, ...]
    domain_key: str | None
    country_code: str | None
    city_code: str | None
    simhash: int | None
    is_active: bool
    completeness: int


@dataclass(frozen=True, slots=True)
class Match:
    """Two records (indices, left < right) that are the same business, and why."""

    left: int
    right: int
    reason: Reason
    evidence: str
    distance: int | None = None
    containment: float | None = None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A record merged into its cluster's representative, with the match that ties it in."""

    company_id: str
    representative_id: str
    matched_id: str
    reason: Reason
    evidence: str
    distance: int | None
    containment: float | None


# Containment of the shingles of name and description, for pairs of indices.
Pair = tuple[int, int]
Contained = Mapping[Pair, float]


def compared_pairs(records: Sequence[CompanyRecord]) -> list[Pair]:
    """The pairs whose texts must be compared before `find_matches` can judge them, ascending."""
    former = (
        pair
        for pair in former_name_pairs(records)
        if all(records[index].simhash is not None for index in pair) and _place(records, pair) is None
    )
    return sorted({*near_pairs(records), *former})


def find_matches(records: Sequence[CompanyRecord], contained: Contained) -> list[Match]:
    """Every match; records of one domain are chained, each with the next.

    `contained` holds the shingle containment of each of `compared_pairs(records)`.
    """
    return [
        *same_domain(records),
        *_former_names(records, contained),
        *_near_identical(records, contained),
    ]


def same_domain(records: Sequence[CompanyRecord]) -> list[Match]:
    """Records of one company's domain, each with the next; branches only with what has the same name."""
    keyed = (
        ((record.tenant, record.domain_key), index)
        for index, record in enumerate(records)
        if record.domain_key is not None and names_a_company(record.domain_key)
    )
    chains = (
        chain for members in grouped(keyed).values() for chain in branches_apart(records, members).values()
    )
    return [
        Match(left, right, "same_domain", str(records[left].domain_key))
        for chain in chains
        for left, right in pairwise(chain)
    ]


def branches_apart(records: Sequence[CompanyRecord], members: Sequence[int]) -> dict[Hashable, list[int]]:
    """The members that may be joined by what they share: branches by their name, all others under ""."""
    if len(members) < 2:
        return {"": list(members)}
    openings = grouped((records[index].name_key.split(" ", 1)[0], index) for index in members)
    branches = {index for same in openings.values() for index in _branches(records, same)}
    return grouped(((records[index].name_key if index in branches else ""), index) for index in members)


def _branches(records: Sequence[CompanyRecord], same: Sequence[int]) -> set[int]:
    """Those of one opening that stand beside another one, in another city, under another name."""
    known = same[:_MAX_BAND_GROUP]
    return {
        index
        for pair in combinations(known, 2)
        if _are_apart(records, pair) and _are_siblings(records, pair)
        for index in pair
    }


def _are_apart(records: Sequence[CompanyRecord], pair: Pair) -> bool:
    """Whether both cities are known and not the same."""
    left, right = (records[index] for index in pair)
    if left.city_code is None or right.city_code is None:
        return False
    return (left.country_code, left.city_code) != (right.country_code, right.city_code)


def _are_siblings(records: Sequence[CompanyRecord], pair: Pair) -> bool:
    """Whether each name has words that the other lacks."""
    left, right = (set(records[index].name_key.split()) for index in pair)
    return not (left <= right or right <= left)


def former_name_pairs(records: Sequence[CompanyRecord]) -> set[Pair]:
    """Pairs in which a former name of one is the present name of the other."""
    named = grouped(((record.tenant, record.name_key), index) for index, record in enumerate(records))
    return {
        (min(index, other), max(index, other))
        for index, record in enumerate(records)
        for former in record.former_name_keys
        if former != record.name_key
        for other in named.get((record.tenant, former), ())
    }


def near_pairs(records: Sequence[CompanyRecord]) -> list[Pair]:
    """Pairs of one opening (first word of the name) whose fingerprints differ in at most 3 bits."""
    indices = np.array([i for i, record in enumerate(records) if record.simhash is not None], dtype=np.int64)
    if indices.size < 2:
        return []
    openings: dict[Hashable, int] = {}
    blocks = np.array(
        [
            openings.setdefault((records[i].tenant, records[i].name_key.split(" ", 1)[0]), len(openings))
            for i in indices
        ],
        dtype=np.int64,
    )
    prints = np.array([records[i].simhash for i in indices], dtype=np.int64).view(np.uint64)
    found: set[Pair] = set()
    for band in range(_BANDS):
        part = (prints >> np.uint64(band * _BAND_BITS)) & np.uint64(2**_BAND_BITS - 1)
        for left, right in _equal_pairs(blocks * 2**_BAND_BITS + part.astype(np.int64)):
            if (int(prints[left]) ^ int(prints[right])).bit_count() <= NEAR_BITS:
                found.add((int(indices[left]), int(indices[right])))
    return sorted(found)


def _equal_pairs(keys: NDArray[np.int64]) -> Iterator[Pair]:
    """Pairs of positions, left < right, that hold equal keys; groups over `_MAX_BAND_GROUP` are left out."""
    order = np.argsort(keys, kind="stable")
    bounds = np.flatnonzero(np.diff(keys[order])) + 1
    starts = np.concatenate(([0], bounds))
    ends = np.concatenate((bounds, [keys.size]))
    several = (ends - starts > 1) & (ends - starts <= _MAX_BAND_GROUP)
    for start, end in zip(starts[several], ends[several], strict=True):
        yield from combinations(order[start:end].tolist(), 2)


def _former_names(records: Sequence[CompanyRecord], contained: Contained) -> Iterator[Match]:
    for pair in sorted(former_name_pairs(records)):
        left, right = pair
        names = f"{records[left].name_key} / {records[right].name_key}"
        place = _place(records, pair)
        share = contained.get(pair, 0.0)
        if place is not None:
            yield Match(left, right, "former_name", f"{names}; both in {place}")
        elif share >= MIN_CONTAINMENT:
            yield Match(left, right, "former_name", f"{names}; like descriptions", containment=share)


def _place(records: Sequence[CompanyRecord], pair: Pair) -> str | None:
    """The place both are in, None when it is not the same, unknown, or outweighed by different domains."""
    left, right = (records[index] for index in pair)
    if left.domain_key is not None and right.domain_key is not None:
        return None
    if left.country_code is None or left.city_code is None:
        return None
    same = (left.country_code, left.city_code) == (right.country_code, right.city_code)
    return f"{left.city_code}, {left.country_code}" if same else None


def _near_identical(records: Sequence[CompanyRecord], contained: Contained) -> Iterator[Match]:
    for pair in near_pairs(records):
        left, right = pair
        if contained[pair] >= MIN_CONTAINMENT and not _are_apart(records, pair):
            bits = distance(records[left].simhash or 0, records[right].simhash or 0)
            evidence = f"{records[left].name_key} / {records[right].name_key}; like records"
            yield Match(left, right, "near_identical", evidence, bits, contained[pair])


def representative(records: Sequence[CompanyRecord], members: Iterable[int]) -> int:
    """The member that speaks for its cluster: active, then most complete, then lowest id."""

    def preference(index: int) -> tuple[bool, int, str]:
        record = records[index]
        return not record.is_active, -record.completeness, record.company_id

    return min(members, key=preference)


def duplicates(records: Sequence[CompanyRecord], matches: Sequence[Match]) -> list[Duplicate]:
    """Every record that is merged into another, with the match that ties it in, if possible to that one."""

    def speaker(members: Sequence[int]) -> int:
        return representative(records, members)

    return [_duplicate(records, each) for each in merged(len(records), matches, speaker)]


def _duplicate(records: Sequence[CompanyRecord], found: Merged[Match]) -> Duplicate:
    return Duplicate(
        company_id=records[found.member].company_id,
        representative_id=records[found.speaker].company_id,
        matched_id=records[found.matched].company_id,
        reason=found.tie.reason,
        evidence=found.tie.evidence,
        distance=found.tie.distance,
        containment=found.tie.containment,
    )
