"""What evidence scoring needs of a snapshot generation beyond its columns: made once at load, then only read.

Who sells what, what belongs to a concept, and the tables of one time. As these depend on as_of only through what lies
more than 24 h ahead of it, one set serves every as_of of a running system; older dates (recorded worlds) get their
own set, and a few are kept.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ranking.evidence_columns import Lists, Relations, SnippetArrays, Snippets
from ranking.evidence_views import SHARED, DatedTables, Vocabulary, dated, pairs
from ranking.settlement import OWN_TOOL
from ranking.types import BoolArray, FloatArray, IntArray

__all__ = ["SHARED", "EvidenceTables", "Topic"]

_KEPT_VIEWS: Final = 4
_KEPT_TOPICS: Final = 1024


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
    """

    def __init__(self, snippets: Snippets, sells: Lists, relations: Relations) -> None:
        self.snippets = snippets
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
            _technology_count(snippets, len(relations.TECHNOLOGIES)),
            self._own_tools(),
        )
        self.topic = lru_cache(maxsize=_KEPT_TOPICS)(self._topic)
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
                if place:
                    self._views.insert(0, self._views.pop(place))
                return view
        view = dated(self.snippets, self._vocabulary, as_of_s)
        self._views = [view, *self._views[: _KEPT_VIEWS - 1]]
        return view


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
