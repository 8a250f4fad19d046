"""Filters on company columns as sets of records."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from db.filtering.bitmaps import BitmapCache, BitSpace, Words
from db.snapshot.columns import UNKNOWN_16, CodeArray, CompanyColumns
from ranking.codebook import Codebook, positions
from ranking.fit import in_ranges
from ranking.relaxation import Codes, CompanyFilter, Exclusion, Places, Ranges
from ranking.types import BoolArray, ByteArray

_FEW_CODES = 8


class CompanySets:
    """Sets of company records by what is known of them. Each is computed once and kept in `cache`."""

    def __init__(self, companies: CompanyColumns, book: Codebook, cache: BitmapCache) -> None:
        self.space = BitSpace(len(companies.active))
        self._companies = companies
        self._book = book
        self._cache = cache
        pack = self.space.pack
        self._columns: Mapping[str, CodeArray | ByteArray] = {
            "industries": companies.industry,
            "countries": companies.country,
            "regions": companies.region,
            "cities": companies.city,
            "stages": companies.stage,
        }
        self._unknown = {
            name: pack(column == np.iinfo(column.dtype).max) for name, column in self._columns.items()
        }
        self._unknown["employees"] = pack(companies.employees < 0)
        self._unknown["technologies"] = pack(np.diff(companies.technologies.offsets) == 0)
        self._technologies = {name: code for code, name in enumerate(companies.technology_names.all())}

    def admitted(self, asked: CompanyFilter, *, admit_unknown: bool) -> list[Words]:
        """One set per dimension asked for: records that match, and with `admit_unknown` those not known."""
        sets = self.matching(asked)
        if not admit_unknown:
            return [matching for matching, _ in sets.values()]
        return [matching | unknown for matching, unknown in sets.values()]

    def matching(self, asked: CompanyFilter) -> dict[str, tuple[Words, Words]]:
        """Per dimension asked for: the records that match, and those of which it is not known."""
        sets: dict[str, tuple[Words, Words]] = {}
        if asked.industries is not None:
            sets["industries"] = self._coded("industries", asked.industries), self._unknown["industries"]
        if asked.employees is not None:
            sets["employees"] = self._sized(asked.employees), self._unknown["employees"]
        if asked.places is not None:
            sets["location"] = self._located(asked.places), self._undecided(asked.places)
        if asked.technologies is not None:
            sets["technologies"] = self._using(asked.technologies), self._unknown["technologies"]
        if asked.stages is not None:
            sets["stages"] = self._coded("stages", asked.stages), self._unknown["stages"]
        return sets

    def excluded(self, excluded: Exclusion) -> dict[str, Words]:
        """Per exclusion in use: the records that meet it; its roles and seniorities aside."""
        sets: dict[str, Words] = {}
        if excluded.company_ids:
            sets["companies"] = self._named(excluded)
        if excluded.keywords:
            sets["keywords"] = self._mentioning(excluded.keywords)
        if excluded.industries:
            sets["industries"] = self._coded("industries", excluded.industries)
        if excluded.employees:
            sets["employees"] = self._sized(excluded.employees)
        if excluded.places is not None:
            sets["location"] = self._located(excluded.places)
        if excluded.technologies:
            sets["technologies"] = self._using(excluded.technologies)
        if excluded.stages:
            sets["stages"] = self._coded("stages", excluded.stages)
        return sets

    def unverified(self, asked: CompanyFilter, excluded: Exclusion) -> list[Words]:
        """Sets of records of which something targeted or excluded is not known (F-2)."""
        unknown = {name: sets[1] for name, sets in self.matching(asked).items()}
        sets = list(unknown.values())
        sets += [
            self._unknown[name]
            for name in ("industries", "employees", "technologies", "stages")
            if getattr(excluded, name) and name not in unknown
        ]
        if excluded.places is not None:
            sets.append(self._undecided(excluded.places))
        return sets

    def _coded(self, column: str, codes: Codes) -> Words:
        return self._cache.get((column, codes), partial(self._with_codes, column, codes))

    def _with_codes(self, column: str, codes: Codes) -> Words:
        values = self._columns[column]
        return self.space.pack(_is_one_of(values, positions(codes, getattr(self._book, column))))

    def _sized(self, ranges: Ranges) -> Words:
        employees = self._companies.employees
        return self._cache.get(ranges, lambda: self.space.pack(in_ranges(employees, ranges)))

    def _located(self, places: Places) -> Words:
        return self._cache.get(("inside", places), partial(self._inside, places))

    def _undecided(self, places: Places) -> Words:
        return self._cache.get(("undecided", places), partial(self._could_be_inside, places))

    def _inside(self, places: Places) -> Words:
        sets = (
            self._coded(column, codes)
            for column, codes in (
                ("countries", places.countries),
                ("regions", places.states),
                ("cities", places.cities),
            )
            if codes
        )
        located = self.space.none()
        for each in sets:
            located |= each
        return located

    def _could_be_inside(self, places: Places) -> Words:
        """Records not known to be inside, where what is not known could put them there; see `Places.undecided`."""
        no_country, no_state = self._unknown["countries"], self._unknown["regions"]
        undecided = self.space.none()
        if places.countries:
            undecided |= no_country
        if places.states:
            undecided |= no_state & (no_country | self._coded("countries", places.state_countries))
        if places.cities:
            undecided |= (
                self._unknown["cities"]
                & (no_country | self._coded("countries", places.city_countries))
                & (no_state | self._coded("regions", places.city_states))
            )
        undecided &= ~self._located(places)
        return undecided

    def _using(self, technologies: Codes) -> Words:
        return self._cache.get(("technologies", technologies), partial(self._with_technologies, technologies))

    def _with_technologies(self, technologies: Codes) -> Words:
        mask = np.zeros(self.space.size, dtype=np.bool_)
        for code in positions(technologies, self._technologies):
            mask[self._companies.technology_rows.row(code)] = True
        return self.space.pack(mask)

    def _named(self, excluded: Exclusion) -> Words:
        companies = self._companies
        ids = companies.by_id.rows_of(sorted(excluded.company_ids), companies.ids)
        found = [ids[ids >= 0]]
        found += [companies.names.rows_of(key) for key in excluded.company_keys]
        found += [companies.former_names.rows_of(key) for key in excluded.company_keys]
        found += [companies.domains.rows_of(key) for key in excluded.company_domains]
        return self.space.of_rows(np.concatenate(found))

    def _mentioning(self, keywords: tuple[tuple[str, ...], ...]) -> Words:
        found = self.space.none()
        for words in keywords:
            found |= self._cache.get(("keyword", words), partial(self._with_words, words))
        return found

    def _with_words(self, words: Sequence[str]) -> Words:
        every = self.space.of_rows(self._companies.keywords.rows_of(words[0]))
        for word in words[1:]:
            every &= self.space.of_rows(self._companies.keywords.rows_of(word))
        return every


def _is_one_of(values: CodeArray | ByteArray, codes: Sequence[int]) -> BoolArray:
    if len(codes) > _FEW_CODES:
        table = np.zeros(UNKNOWN_16 + 1, dtype=np.bool_)
        table[list(codes)] = True
        return table[values]
    found = np.zeros(len(values), dtype=np.bool_)
    for code in codes:
        found |= values == code
    return found
