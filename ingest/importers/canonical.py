"""Wording of a file to taxonomy codes; what does not map is kept as it is and counted (F-1)."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ranking.taxonomy import Taxonomy
from ranking.text import fold, words

# What repeats does so soon: of the titles of leads 99 % are found again among 500. First lines of postings hardly repeat (of 25,000
# generated ones 2 % are among the last 8,192, 4 % among all) and would fill whatever there is.
_MEMO = 8_192
_UMBRELLAS = frozenset({"software", "financial_services", "professional_services"})  # say less than any trade
# What directories of start-ups file by: the trade is in the sub-industry.
_SECTORS = frozenset(
    ("b2b", "consumer", "industrials", "healthcare", "fintech", "real estate and construction")
)


@dataclass(frozen=True, slots=True)
class Industry:
    """`code` is the top-level industry, `sub_code` the most specific one known (maybe the same)."""

    code: str | None
    sub_code: str | None
    raw: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Codes of a place; `region_code` is a state, never a group of countries."""

    country_code: str | None
    region_code: str | None
    city_code: str | None


class Canonicaliser:
    """Taxonomy look-ups with a memory: files repeat their values thousands of times."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.taxonomy = taxonomy
        self.role_codes: Callable[[str], tuple[str, ...]] = lru_cache(_MEMO)(taxonomy.role_codes)
        self.seniority_code: Callable[[str], str | None] = lru_cache(_MEMO)(taxonomy.seniority_code)
        self._industry: Callable[[str], str | None] = lru_cache(_MEMO)(taxonomy.industry_code)
        self._country: Callable[[str], str | None] = lru_cache(_MEMO)(taxonomy.country_code)
        self._region: Callable[[str], str | None] = lru_cache(_MEMO)(taxonomy.region_code)
        self._city: Callable[[str, str | None], str | None] = lru_cache(_MEMO)(taxonomy.city_code)
        self._technology: Callable[[str], str | None] = lru_cache(_MEMO)(taxonomy.technology_code)
        self._stage: Callable[[str], str | None] = lru_cache(_MEMO)(taxonomy.stage_code)

    def industry(
        self, industry: Sequence[str], sub_industry: Sequence[str], unmapped: Counter[tuple[str, str]]
    ) -> Industry:
        """The first known sub-industry with its parent, else the first known industry.

        "B2B > Supply Chain and Logistics" is logistics. A sub-industry that is broader than the industry says less: "Fintech > Credit and
        Lending" stays fintech. So does one of another trade where the industry names a trade: "Government > Agencies" advertises nothing,
        and "Manufacturing > Electronics" is what a customer means by manufacturers.
        """
        broad = _first(self._industry, "industry", industry, unmapped)
        narrow = _first(self._industry, "sub_industry", sub_industry, unmapped)
        raw = " > ".join(part for part in ("; ".join(industry), "; ".join(sub_industry)) if part)
        stays = broad is not None and narrow is not None and self._stays(broad, narrow, industry)
        chosen = broad if narrow is None or stays else narrow
        if chosen is None:
            return Industry(None, None, raw or None)
        return self.named(chosen, raw or None)

    def _stays(self, broad: str, narrow: str, wordings: Sequence[str]) -> bool:
        """Whether the industry says more than the sub-industry."""
        parent = self.taxonomy.industry_parent
        if narrow == parent(broad) or narrow in _UMBRELLAS:
            return True
        elsewhere = (parent(narrow) or narrow) != (parent(broad) or broad)
        return elsewhere and _SECTORS.isdisjoint(" ".join(words(each)) for each in wordings)

    def named(self, code: str, raw: str | None) -> Industry:
        """An industry by its code, filed under `raw`."""
        return Industry(self.taxonomy.industry_parent(code) or code, code, raw)

    def place(
        self, country: str | None, region: str | None, city: str | None, unmapped: Counter[tuple[str, str]]
    ) -> Place:
        """Country, state and city from their three columns, each of which may hold another's value.

        "Tel Aviv, Israel" in the city names a country too; "California" in the region or the country
        implies the US; a known city implies its country when none is given.
        """
        country_code = self._country(country) if country else None
        state = None
        for column, wording in (("country", None if country_code else country), ("region", region)):
            if wording:
                state, country_code = self._region_or_more(column, wording, state, country_code, unmapped)
        city_name, *rest = [part.strip() for part in city.split(",")] if city else [""]
        for part in reversed(rest):
            country_code = country_code or self._country(part)
            state = state or self._state(part, country_code)
        if state is not None:
            country_code = country_code or self.taxonomy.region_country(state)
        city_code = (
            (self._city(city_name, country_code) or self._city(city or "", country_code))
            if city_name
            else None
        )
        if city_code is None:
            if city:
                unmapped["city", city] += 1
            return Place(country_code, state, None)
        state = state or self.taxonomy.city_region(city_code)
        return Place(country_code or self.taxonomy.city_country(city_code), state, city_code)

    def _region_or_more(
        self,
        column: str,
        wording: str,
        state: str | None,
        country: str | None,
        unmapped: Counter[tuple[str, str]],
    ) -> tuple[str | None, str | None]:
        named_country = self._country(wording)
        region = self._region(wording)
        if region is not None and self.taxonomy.region_country(region) is not None:
            home = self.taxonomy.region_country(region)
            if country in (None, home):
                return state or region, country or home
        if named_country is not None:
            return state, country or named_country
        city = self._city(wording, country) if column == "country" else None
        if city is not None:
            return state or self.taxonomy.city_region(city), country or self.taxonomy.city_country(city)
        if region is None:
            unmapped[column, wording] += 1
        return state, country

    def _state(self, wording: str, country: str | None) -> str | None:
        region = self._region(wording)
        home = self.taxonomy.region_country(region) if region is not None else None
        return region if home is not None and country in (None, home) else None

    def country(self, wording: str | None, unmapped: Counter[tuple[str, str]]) -> str | None:
        """ISO code of a country."""
        return _code(self._country, "country", wording, unmapped)

    def stage(self, wording: str | None, unmapped: Counter[tuple[str, str]]) -> str | None:
        """Funding stage."""
        return _code(self._stage, "stage", wording, unmapped)

    def technologies(
        self, field: str, wordings: Iterable[str], unmapped: Counter[tuple[str, str]]
    ) -> tuple[str, ...]:
        """Distinct codes in order; an unknown technology stays as its folded wording."""
        codes = (_code(self._technology, field, wording, unmapped) or fold(wording) for wording in wordings)
        return tuple(dict.fromkeys(codes))


def _code(
    look_up: Callable[[str], str | None], field: str, wording: str | None, unmapped: Counter[tuple[str, str]]
) -> str | None:
    if wording is None:
        return None
    code = look_up(wording)
    if code is None:
        unmapped[field, wording] += 1
    return code


def _first(
    look_up: Callable[[str], str | None],
    field: str,
    wordings: Sequence[str],
    unmapped: Counter[tuple[str, str]],
) -> str | None:
    codes = [_code(look_up, field, wording, unmapped) for wording in wordings]
    return next((code for code in codes if code is not None), None)
