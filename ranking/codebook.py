"""Taxonomy codes as the integers that columns carry: the position in the taxonomy's sorted tuples."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ranking.taxonomy import Taxonomy

UNKNOWN = 65535


@dataclass(frozen=True, slots=True)
class Codebook:
    """Position of each code in the taxonomy's tuple of that name."""

    industries: Mapping[str, int]
    countries: Mapping[str, int]
    regions: Mapping[str, int]
    cities: Mapping[str, int]
    stages: Mapping[str, int]
    seniorities: Mapping[str, int]
    roles: Mapping[str, int]

    @classmethod
    def of(cls, taxonomy: Taxonomy) -> "Codebook":
        """Number the taxonomy's codes."""
        return cls(
            industries=_numbered(taxonomy.INDUSTRIES),
            countries=_numbered(taxonomy.COUNTRIES),
            regions=_numbered(taxonomy.REGIONS),
            cities=_numbered(taxonomy.CITIES),
            stages=_numbered(taxonomy.STAGES),
            seniorities=_numbered(taxonomy.SENIORITIES),
            roles=_numbered(taxonomy.ROLES),
        )


def positions(codes: Iterable[str], book: Mapping[str, int]) -> list[int]:
    """Positions of the codes that the book knows, ascending."""
    return sorted(book[code] for code in codes if code in book)


def _numbered(codes: Iterable[str]) -> Mapping[str, int]:
    return {code: position for position, code in enumerate(codes)}
