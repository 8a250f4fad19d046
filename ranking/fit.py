"""Fit of a company to the targets: a level per dimension, and their weighted sum (F-3).

Levels travel packed (uint16): three bits each for industry, size and region, and one bit for "a targeted
value is not known". With only 512 combinations the scores of any number of companies are one table look-up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from ranking.codebook import UNKNOWN, Codebook, positions
from ranking.errors import FieldError, InvalidQuery
from ranking.levels import Levels
from ranking.relaxation import Codes, CompanyFilter, Places, Ranges, Scope
from ranking.strict import Strict
from ranking.types import BoolArray, ByteArray, Float32Array, FloatArray, IntArray, LevelArray, Query

Untargeted = Literal["neutral", "renormalise"]
CodeColumn = NDArray[np.uint16]
_T = TypeVar("_T", bound=np.generic)

LEVELS: Final[FloatArray] = np.array([0.0, 0.5, 0.7, 0.8, 1.0])
NOTHING: Final = 0
HALF: Final = 1
SAME_PARENT: Final = 2
ADJACENT: Final = 3
EXACT: Final = 4
NEUTRAL: Final = HALF | HALF << 3 | HALF << 6
UNVERIFIED: Final = 1 << 9

_CODES: Final = np.arange(512)
_LEVEL_OF_BITS: Final = np.concatenate([LEVELS, np.zeros(3)])
_INDUSTRY: Final[FloatArray] = _LEVEL_OF_BITS[_CODES & 7]
_SIZE: Final[FloatArray] = _LEVEL_OF_BITS[_CODES >> 3 & 7]
_REGION: Final[FloatArray] = _LEVEL_OF_BITS[_CODES >> 6 & 7]
LEVEL_TABLES: Final = (_INDUSTRY, _SIZE, _REGION)
"""What the lowest nine bits of packed levels say of industry, size and region, float64[512] each, for kernels."""
NO_LIKENESS: Final[Float32Array] = np.zeros(0, dtype=np.float32)
"""What kernels take for a likeness where nobody asked for any."""
_TOLERANCE: Final = 1e-9
_KEPT: Final = 256


class FitWeights(Strict):
    """Weights of the three dimensions of fit; they sum to 1 (F-3)."""

    industry: float = Field(0.4, ge=0.0, le=1.0, description="weight of industry in [0, 1] (F-3)")
    size: float = Field(0.3, ge=0.0, le=1.0, description="weight of head count in [0, 1] (F-3)")
    region: float = Field(0.3, ge=0.0, le=1.0, description="weight of location in [0, 1] (F-3)")

    @model_validator(mode="after")
    def _sum(self) -> "FitWeights":
        total = self.industry + self.size + self.region
        if abs(total - 1.0) > _TOLERANCE:
            raise ValueError(f"industry, size and region must sum to 1, not {total:g}")
        return self

    def array(self) -> FloatArray:
        """float64[3]: industry, size, region."""
        return np.array([self.industry, self.size, self.region])


DEFAULT_WEIGHTS: Final = FitWeights().array()


@dataclass(frozen=True, slots=True, eq=False)
class LevelTable:
    """The levels of one query's targets, looked up by column code.

    `industry` is uint8[len(INDUSTRIES) + 1]; `country`, `region` and `city` likewise; the last entry stands
    for "unknown". `ranges` are strict, `wider` with the adjacent buckets. `open_states` and `open_cities` are
    bool tables over countries (and `city_states` over states): where a company whose state or city is not
    known could still be inside.
    """

    industry: ByteArray
    ranges: Ranges
    wider: Ranges
    country: ByteArray
    region: ByteArray
    city: ByteArray
    open_states: BoolArray | None
    open_cities: BoolArray | None
    city_states: BoolArray


class LevelTables:
    """The levels of queries' targets; untargeted dimensions and unknown values are 0.5 (F-3).

    Industries and places repeat from query to query where head counts do not: the tables of the last ones are kept.
    """

    def __init__(self, book: Codebook) -> None:
        self._book = book
        self._industries = lru_cache(_KEPT)(self._of_industries)
        self._places = lru_cache(_KEPT)(self._of_places)

    def of(self, asked: Scope) -> LevelTable:
        """Of one query."""
        strict, wider = asked.strict, asked.widened
        industry = self._industries(strict.industries, wider.industries)
        places = self._places(strict.places, wider.places)
        return LevelTable(industry, strict.employees or (), wider.employees or (), *places)

    def _of_industries(self, strict: Codes | None, wider: Codes | None) -> ByteArray:
        floor = HALF if strict is None else NOTHING
        levels = _levels(
            self._book.industries, floor, wider or frozenset(), SAME_PARENT, strict or frozenset()
        )
        levels[-1] = HALF
        return levels

    def _of_places(self, strict: Places | None, wider: Places | None) -> tuple[Any, ...]:
        """The fields of `LevelTable` from `country` on."""
        book, places, around = self._book, strict or Places(), wider or Places()
        floor = HALF if strict is None else NOTHING
        country = _levels(book.countries, floor, around.countries, HALF, places.countries)
        country[-1] = HALF if places.countries else floor
        return (
            country,
            _levels(book.regions, floor, around.states, HALF, places.states),
            _levels(book.cities, floor, around.cities, HALF, places.cities),
            _flags(book.countries, places.state_countries) if places.states else None,
            _flags(book.countries, places.city_countries) if places.cities else None,
            _flags(book.regions, places.city_states),
        )


def level_table(asked: Scope, book: Codebook) -> LevelTable:
    """The levels of one query's targets, made anew."""
    return LevelTables(book).of(asked)


def industry_levels(table: LevelTable, industry: CodeColumn) -> ByteArray:
    """uint8[n] level indices: exact 4, same parent 2, unknown or untargeted 1, else 0."""
    return _look_up(table.industry, industry)


def size_levels(table: LevelTable, employees: IntArray) -> ByteArray:
    """uint8[n] level indices: in range 4, in an adjacent bucket 3, unknown (-1) or untargeted 1, else 0."""
    if not table.ranges:
        return np.full(len(employees), HALF, dtype=np.uint8)
    levels = np.where(in_ranges(employees, table.wider), np.uint8(ADJACENT), np.uint8(NOTHING))
    levels[in_ranges(employees, table.ranges)] = EXACT
    levels[employees < 0] = HALF
    return levels


def region_levels(table: LevelTable, country: CodeColumn, region: CodeColumn, city: CodeColumn) -> ByteArray:
    """uint8[n] level indices: inside 4, in the same parent region, unknown or untargeted 1, else 0."""
    levels = _look_up(table.country, country)
    np.maximum(levels, _look_up(table.region, region), out=levels)
    np.maximum(levels, _look_up(table.city, city), out=levels)
    if table.open_states is not None:
        undecided = (region == UNKNOWN) & _look_up(table.open_states, country)
        np.maximum(levels, undecided, out=levels)
    if table.open_cities is not None:
        undecided = (city == UNKNOWN) & _look_up(table.open_cities, country)
        np.maximum(levels, undecided & _look_up(table.city_states, region), out=levels)
    return levels


def in_ranges(employees: IntArray, ranges: Ranges) -> BoolArray:
    """bool[n]: the head count is known and lies in one of the ranges."""
    inside: BoolArray | None = None
    for each in ranges:
        within = employees >= (0 if each.minimum is None else max(each.minimum, 0))
        if each.maximum is not None:
            within &= employees <= each.maximum
        inside = within if inside is None else inside | within
    return np.zeros(len(employees), dtype=np.bool_) if inside is None else inside


def levels_of(
    table: LevelTable,
    industry: CodeColumn,
    employees: IntArray,
    country: CodeColumn,
    region: CodeColumn,
    city: CodeColumn,
) -> LevelArray:
    """Packed levels of n companies from their columns, no flag set; uint16[n], in input order (F-3)."""
    packed: LevelArray = industry_levels(table, industry).astype(np.uint16)
    packed |= size_levels(table, employees).astype(np.uint16) << 3
    packed |= region_levels(table, country, region, city).astype(np.uint16) << 6
    return packed


def exact_levels(asked: CompanyFilter) -> int:
    """Packed levels of a company that matches all that is asked."""
    targeted = (asked.industries, asked.employees, asked.places)
    industry, size, region = (HALF if field is None else EXACT for field in targeted)
    return industry | size << 3 | region << 6


def pack_levels(industry: ByteArray, size: ByteArray, region: ByteArray, unverified: BoolArray) -> LevelArray:
    """uint16[n] of three level indices and the flag, n rows each."""
    packed = industry.astype(np.uint16)
    packed |= size.astype(np.uint16) << 3
    packed |= region.astype(np.uint16) << 6
    packed |= unverified.astype(np.uint16) << 9
    return packed


def unpack_levels(levels: LevelArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """float64[n] values of industry, size and region, each one of `LEVELS`."""
    codes = levels & 511
    return _INDUSTRY[codes], _SIZE[codes], _REGION[codes]


def unverified(levels: LevelArray) -> BoolArray:
    """bool[n]: a value that the query targets or excludes is not known of the company (F-2)."""
    flags: BoolArray = (levels & UNVERIFIED) != 0
    return flags


def fit_scores(
    levels: LevelArray | Levels, weights: FloatArray, industry: Float32Array | None = None
) -> FloatArray:
    """weights[0] x industry + weights[1] x size + weights[2] x region, float64[n] in [0, 1], in input order.

    Args:
        levels: uint16[n] of `pack_levels`, or as a palette.
        weights: float64[3] for industry, size, region; none negative, sum 1 (else `InvalidQuery`).
        industry: float32[n] in [0, 1] in place of the industry levels (`ranking.exemplars.industry_values`).

    Source: F-3.
    """
    validate_weights(weights)
    if industry is not None:
        others = _of_levels(weights[1] * _SIZE + weights[2] * _REGION, levels)
        likened: FloatArray = np.minimum(others + weights[0] * industry.astype(np.float64), 1.0)
        return likened
    scores = weights[0] * _INDUSTRY + weights[1] * _SIZE + weights[2] * _REGION
    return _of_levels(np.minimum(scores, 1.0), levels)


def _of_levels(values: FloatArray, levels: LevelArray | Levels) -> FloatArray:
    """float64[n]: the entry of values [512] for each company."""
    if isinstance(levels, Levels):
        return levels.spread(values[levels.palette & 511])
    of_each: FloatArray = values[levels & 511]
    return of_each


def validate_weights(weights: FloatArray) -> None:
    """Raise `InvalidQuery` unless three finite weights, none negative, sum to 1 within 1e-9 (F-3, F-7)."""
    values = weights.tolist()
    if weights.shape == (3,) and all(each >= 0.0 for each in values) and abs(sum(values) - 1.0) <= _TOLERANCE:
        return
    detail = "industry, size and region must be three weights of at least 0 that sum to 1"
    raise InvalidQuery("The fit weights are wrong.", (FieldError("/options/weights/fit", detail),))


def effective_weights(query: Query, weights: FloatArray, policy: Untargeted) -> FloatArray:
    """The weights that count for this query, float64[3], sum 1.

    `neutral` keeps them (an untargeted dimension counts its weight x 0.5); `renormalise` shares the weight of
    untargeted dimensions among the targeted ones in proportion, and keeps them where no targeted dimension
    has any weight. Exemplars are a way of naming the industry.

    Source: F-3.
    """
    validate_weights(weights)
    if policy == "neutral":
        return weights
    include = query.include
    industry = include.industries or query.exemplars
    asked = (industry, include.employees, include.countries or include.regions or include.cities)
    kept = weights * np.array([bool(targets) for targets in asked])
    total = float(kept.sum())
    return weights if total == 0.0 else kept / total


def _levels(book: Mapping[str, int], floor: int, near: Codes, near_level: int, exact: Codes) -> ByteArray:
    """uint8[len(book) + 1]: `exact` codes 4, `near` codes `near_level`, all else (and unknown) `floor`."""
    table = np.full(len(book) + 1, floor, dtype=np.uint8)
    table[positions(near, book)] = near_level
    table[positions(exact, book)] = EXACT
    return table


def _flags(book: Mapping[str, int], codes: Codes) -> BoolArray:
    """bool[len(book) + 1]: true for `codes` and for the unknown code."""
    table = np.zeros(len(book) + 1, dtype=np.bool_)
    table[positions(codes, book)] = True
    table[-1] = True
    return table


def _look_up(table: NDArray[_T], codes: CodeColumn) -> NDArray[_T]:
    """Entries of the codes; `UNKNOWN` finds the last one."""
    return table[np.minimum(codes, len(table) - 1)]
