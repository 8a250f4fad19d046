"""What evidence scoring asks of a snapshot's columns and of the taxonomy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ranking.types import BoolArray, ByteArray, FloatArray, IntArray

OffsetArray = NDArray[np.int64]
CodeArray = NDArray[np.uint16]


class Lists(Protocol):
    """A list of codes per row: values[offsets[i]:offsets[i + 1]]."""

    @property
    def offsets(self) -> OffsetArray:
        """int64[n + 1]."""

    @property
    def values(self) -> NDArray[Any]:
        """Integers, ascending and distinct within a row."""


class Strings(Protocol):
    """Numbered strings."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int, /) -> str: ...


class Snippets(Protocol):
    """The snapshot's snippet columns, s rows sorted by company row (see the snapshot for each)."""

    @property
    def company(self) -> IntArray:
        """int32[s], ascending."""

    @property
    def company_offsets(self) -> OffsetArray:
        """int64[companies + 1]."""

    @property
    def tenant(self) -> CodeArray:
        """uint16[s]; 0 shared, else the only tenant that may see the row."""

    @property
    def kind(self) -> ByteArray:
        """uint8[s] positions in SNIPPET_KINDS."""

    @property
    def observed(self) -> FloatArray:
        """float64[s] seconds since the epoch, NaN when undated."""

    @property
    def first_seen(self) -> FloatArray:
        """float64[s] seconds since the epoch."""

    @property
    def source_type(self) -> CodeArray:
        """uint16[s] positions in `source_types`."""

    @property
    def source_types(self) -> Strings:
        """Names of the source types."""

    @property
    def miner(self) -> IntArray:
        """int32[s] suppliers."""

    @property
    def roles(self) -> NDArray[np.uint64]:
        """uint64[s, W] role bits."""

    @property
    def tech_added(self) -> Lists:
        """Technology codes per snippet."""

    @property
    def tech_removed(self) -> Lists:
        """Technology codes per snippet."""

    @property
    def original(self) -> IntArray:
        """int32[s] row of what each one repeats, its own for originals."""

    @property
    def duplicate(self) -> BoolArray:
        """bool[s]."""

    @property
    def stuffed(self) -> BoolArray:
        """bool[s]."""

    @property
    def no_need(self) -> BoolArray:
        """bool[s]."""

    @property
    def settles(self) -> Lists:
        """Positions in CONCEPTS per snippet."""

    @property
    def flagged(self) -> BoolArray:
        """bool[s]."""

    @property
    def vendor_talk(self) -> BoolArray:
        """bool[s]."""

    @property
    def not_a_posting(self) -> BoolArray:
        """bool[s]."""


class RelatedConcept(Protocol):
    """F-6's tables of one product concept."""

    @property
    def roles(self) -> Mapping[str, float]:
        """Role code -> rel in [0, 1]."""

    @property
    def technologies(self) -> Mapping[str, float]:
        """Technology code -> rel in [0, 1]."""


class Relations(Protocol):
    """The part of the taxonomy that evidence needs."""

    @property
    def CONCEPTS(self) -> tuple[str, ...]:  # noqa: N802  # the taxonomy's own spelling
        """Concept codes."""

    @property
    def ROLES(self) -> tuple[str, ...]:  # noqa: N802
        """Role codes, position = bit."""

    @property
    def TECHNOLOGIES(self) -> tuple[str, ...]:  # noqa: N802
        """Technology codes, position = code in the columns."""

    def concept(self, code: str, /) -> RelatedConcept:
        """One concept."""


@dataclass(frozen=True, slots=True, eq=False)
class ListArrays:
    """`Lists` as contiguous arrays: offsets int64[n + 1], values int32."""

    offsets: OffsetArray
    values: IntArray

    @classmethod
    def of(cls, lists: Lists) -> "ListArrays":
        """The same arrays where they are of these types."""
        return cls(_exactly(lists.offsets, np.int64), _exactly(lists.values, np.int32))


@dataclass(frozen=True, slots=True, eq=False)
class SnippetArrays:
    """The columns that kernels read, contiguous and of exact types; see `Snippets` for each.

    Attributes:
        owners: `tenant`, empty when all snippets are shared.
        suppliers, source_types: how many there are.
    """

    owners: CodeArray
    kind: ByteArray
    observed: FloatArray
    source_type: CodeArray
    miner: IntArray
    roles: NDArray[np.uint64]
    tech_added: ListArrays
    tech_removed: ListArrays
    suppliers: int
    source_types: int

    @classmethod
    def of(cls, snippets: Snippets) -> "SnippetArrays":
        """The columns themselves where they are of these types already."""
        owners, miner = _exactly(snippets.tenant, np.uint16), _exactly(snippets.miner, np.int32)
        return cls(
            owners=owners if owners.any() else owners[:0],
            kind=_exactly(snippets.kind, np.uint8),
            observed=_exactly(snippets.observed, np.float64),
            source_type=_exactly(snippets.source_type, np.uint16),
            miner=miner,
            roles=_exactly(snippets.roles, np.uint64),
            tech_added=ListArrays.of(snippets.tech_added),
            tech_removed=ListArrays.of(snippets.tech_removed),
            suppliers=int(miner.max(initial=-1)) + 1,
            source_types=len(snippets.source_types),
        )


def _exactly(column: NDArray[Any], dtype: type[np.generic]) -> NDArray[Any]:
    return np.ascontiguousarray(column, dtype=dtype)
