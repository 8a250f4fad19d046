"""What evidence scoring needs of a snapshot generation beyond its columns: made once at load, then only read.

Who sells what, what belongs to a concept, and the tables of one time. As these depend on as_of only through what lies
more than 24 h ahead of it, one set serves every as_of of a running system; older dates (recorded worlds) get their
own set, and a few are kept.
"""

import copy
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ranking.evidence_columns import Lists, Relations, SnippetArrays, Snippets
from ranking.evidence_renewal import Renewal, renewed
from ranking.evidence_views import SHARED, DatedTables, Measures, Vocabulary, dated, pairs
from ranking.settlement import OWN_TOOL
from ranking.types import BoolArray, FloatArray, IntArray

__all__ = ["SHARED", "EvidenceTables", "Topic"]

_KEPT_VIEWS: Final = 4
_KEPT_TOPICS: Final = 1024
# Technologies that later snippets may name for the first time, before all is built anew.
MORE_TECHNOLOGIES: Final = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Topic:
    """What the tables say about a query's concepts.

    Attributes:
        concepts: int64[c] positions in CONCEPTS, -1 for an unknown one.
        sellers: int32 rows of the companies whose own description sells one of them.
        role_keys: int64[k] roles with the highest rel > 0 among the concepts. `role_logs`: float64[k] ln of it.
        technology_keys, technology_logs: likewise.
        role_bits: uint64[W] the same roles as bits. `named`: bool[technologies] the same technologies.
    """

    concepts: NDArray[np.int64]
    sellers: IntArray
    role_keys: NDArray[np.int64]
    role_logs: FloatArray
    technology_keys: NDArray[np.int64]
    technology_logs: FloatArray
    role_bits: NDArray[np.uint64]
    named: BoolArray


class EvidenceTables:
    """Everything derived from one generation's snippets, sellers and F-6's relations of the taxonomy.

    Args:
        snippets: columns of the generation.
        sells: per company row the positions in CONCEPTS of what the company sells.
        relations: the taxonomy the generation was built with.
        measures: by as_of, what to weigh the snippets by instead of their own statistics.
    """

    def __init__(
        self,
        snippets: Snippets,
        sells: Lists,
        relations: Relations,
        measures: Callable[[float], Measures] | None = None,
    ) -> None:
        self.snippets = snippets
        self._measures = measures
        self.company_count = len(snippets.company_offsets) - 1
        self.columns = SnippetArrays.of(snippets)
        self._source_index = {snippets.source_types[i]: i for i in range(len(snippets.source_types))}
        self._concept_index = {code: number for number, code in enumerate(relations.CONCEPTS)}
        self._sellers = _transposed(sells, len(relations.CONCEPTS))
        self._roles = _relations(relations, "roles", relations.ROLES)
        self._technologies = _relations(relations, "technologies", relations.TECHNOLOGIES)
        self._vocabulary = Vocabulary(
            len(relations.CONCEPTS),
            len(relations.ROLES),
            _technology_count(snippets, len(relations.TECHNOLOGIES)) + MORE_TECHNOLOGIES,
            self._own_tools(),
        )
        self.topic = lru_cache(maxsize=_KEPT_TOPICS)(self._topic)
        self._later: _Later | None = None
        self._views: list[DatedTables] = []  # last used first
        self.at(math.inf)  # so that the first query finds what every as_of since the newest date needs

    def source_weights(self, weights: Mapping[str, float]) -> FloatArray:
        """float64[source types] the given weight of each source type, that of `*` where none is given, else 1 (F-5)."""
        listed = np.full(len(self._source_index), weights.get("*", 1.0))
        for name, weight in weights.items():
            if name in self._source_index:
                listed[self._source_index[name]] = weight
        return listed

    def _topic(self, concepts: tuple[str, ...]) -> Topic:
        """`topic`: what the tables say about a query's concepts; a bounded number of answers is kept."""
        numbers = [self._concept_index.get(code, -1) for code in concepts]
        roles, technologies = _strongest(self._roles, concepts), _strongest(self._technologies, concepts)
        role_bits = np.zeros(self.columns.roles.shape[1], dtype=np.uint64)
        for number in roles:
            role_bits[number // 64] |= np.uint64(1 << (number % 64))
        named = np.zeros(self._vocabulary.technologies, dtype=np.bool_)
        named[list(technologies)] = True
        return Topic(
            concepts=np.array(numbers, dtype=np.int64),
            sellers=np.concatenate([_NO_ROWS, *(self._sellers[n] for n in numbers if n >= 0)]),
            role_keys=np.fromiter(roles, dtype=np.int64),
            role_logs=np.log(np.fromiter(roles.values(), dtype=np.float64)),
            technology_keys=np.fromiter(technologies, dtype=np.int64),
            technology_logs=np.log(np.fromiter(technologies.values(), dtype=np.float64)),
            role_bits=role_bits,
            named=named,
        )

    def _own_tools(self) -> dict[int, list[int]]:
        """Technology code -> positions in CONCEPTS of the concepts it is a tool of."""
        tools: defaultdict[int, list[int]] = defaultdict(list)
        for code, related in self._technologies.items():
            for technology, rel in related:
                if rel >= OWN_TOOL:
                    tools[technology].append(self._concept_index[code])
        return dict(tools)

    def at(self, as_of_s: float) -> DatedTables:
        """The tables for one as_of; made when no kept ones hold for it (0.15 s). Those used last are kept."""
        for place, view in enumerate(self._views):
            if view.valid_from_s <= as_of_s < view.valid_until_s:
                if place:  # another list: who renews the tables may be reading this one
                    self._views = [view, *self._views[:place], *self._views[place + 1 :]]
                return view
        view = self._made(as_of_s)
        self._views = [view, *self._views[: _KEPT_VIEWS - 1]]
        return view

    def _made(self, as_of_s: float) -> DatedTables:
        if self._later is None:
            measures = None if self._measures is None else self._measures(as_of_s)
            return dated(self.snippets, self._vocabulary, as_of_s, measures)
        rows = self._later.live()
        everybody = np.arange(self.company_count, dtype=np.int32)
        gone = np.setdiff1d(np.arange(len(self.snippets.kind), dtype=np.int32), rows)
        renewal = Renewal(self.snippets, everybody, rows, gone, self.company_count)
        return renewed(self._later.base.at(as_of_s), renewal, self._vocabulary)

    def renewed(
        self, renewal: Renewal, live: Callable[[], IntArray], more_sells: Sequence[Lists] = ()
    ) -> "EvidenceTables":
        """The tables after a change; those of times that were looked at last are brought up to date at once.

        Args:
            live: int32 all snippets that are there now, ascending by company, then row; asked for when a time comes up
                that no kept tables hold for, which is then worked out from all of them.
            more_sells: of the company rows that are new, part by part.
        """
        after = copy.copy(self)
        after.snippets, after.company_count = renewal.snippets, renewal.companies
        after.columns = SnippetArrays.of(renewal.snippets)
        types = renewal.snippets.source_types
        if len(types) != len(self._source_index):
            after._source_index = {types[number]: number for number in range(len(types))}
        if more_sells:
            after._add_sellers(more_sells, renewal.companies)
        after._later = _Later(self if self._later is None else self._later.base, live)
        after._views = [renewed(view, renewal, self._vocabulary) for view in self._views]
        return after

    def _add_sellers(self, parts: Sequence[Lists], companies: int) -> None:
        first = companies - sum(len(part.offsets) - 1 for part in parts)
        for part in parts:
            more = _transposed(part, len(self._sellers))
            self._sellers = tuple(
                np.concatenate((old, new + np.int32(first))) if len(new) else old
                for old, new in zip(self._sellers, more, strict=True)
            )
            first += len(part.offsets) - 1
        self.topic = lru_cache(maxsize=_KEPT_TOPICS)(self._topic)


@dataclass(frozen=True, slots=True, eq=False)
class _Later:
    """The tables of the snapshot as it was built, and `live` of what has come since (`EvidenceTables.renewed`)."""

    base: EvidenceTables
    live: Callable[[], IntArray]


_NO_ROWS: Final[IntArray] = np.zeros(0, dtype=np.int32)


def _relations(
    relations: Relations, table: str, codes: tuple[str, ...]
) -> dict[str, tuple[tuple[int, float], ...]]:
    number = {code: index for index, code in enumerate(codes)}
    return {
        code: tuple(
            (number[name], rel)
            for name, rel in getattr(relations.concept(code), table).items()
            if rel > 0 and name in number
        )
        for code in relations.CONCEPTS
    }


def _strongest(
    tables: Mapping[str, tuple[tuple[int, float], ...]], concepts: Sequence[str]
) -> dict[int, float]:
    found: dict[int, float] = {}
    for concept in concepts:
        for number, rel in tables.get(concept, ()):
            if rel > found.get(number, 0.0):
                found[number] = rel
    return found


def _technology_count(snippets: Snippets, mapped: int) -> int:
    added, removed = snippets.tech_added.values, snippets.tech_removed.values
    return int(max(mapped, added.max(initial=-1) + 1, removed.max(initial=-1) + 1))


def _transposed(lists: Lists, key_count: int) -> tuple[IntArray, ...]:
    keys, rows = pairs(lists)
    order = np.argsort(keys, kind="stable")
    bounds = np.searchsorted(keys[order], np.arange(key_count + 1))
    return tuple(rows[order[start:end]] for start, end in pairwise(bounds.tolist()))
