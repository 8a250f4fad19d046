"""Exemplars on the snapshot: found by name or domain, compared by exact cosine (F-2b)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from db.filtering.admission import Admission
from db.filtering.bitmaps import BitSpace, Words
from db.filtering.clusters import Clusters
from db.filtering.contacts import Audience
from db.filtering.vector_codes import WORTH_BOUNDING
from db.filtering.vector_parts import VectorParts
from db.filtering.visibility import View
from db.snapshot.columns import VECTOR_DIMENSION, CompanyColumns
from db.snapshot.tables import NO_ROWS
from ranking.exemplars import BY_DOMAIN, BY_FORMER_NAME, BY_NAME, Namesake, Resolution, direction, resolve
from ranking.text import company_name_key, domain_key
from ranking.types import Float32Array, IntArray, StepReport


class Exemplars(NamedTuple):
    """Resolved exemplars: the rows chosen, and the mean direction (None without any vector)."""

    resolution: Resolution
    rows: IntArray
    direction: Float32Array | None


_NO_EXEMPLARS = Exemplars(Resolution((), ()), NO_ROWS, None)


class Likeness:
    """Names to rows, and rows to cosines."""

    def __init__(
        self, companies: CompanyColumns, clusters: Clusters, vectors: VectorParts | None = None
    ) -> None:
        self._companies = companies
        self._clusters = clusters
        self._space = BitSpace(len(companies.active))
        self.vectors = vectors or VectorParts(companies.vectors, companies.has_vector)
        self._compile()

    def exemplars(self, names: Sequence[str], free_text: Float32Array | None, view: View) -> Exemplars:
        """Resolve names among the records that the view shows, and take the mean of their vectors."""
        if not names and free_text is None:
            return _NO_EXEMPLARS
        namesakes: list[Namesake] = []
        row_of: dict[str, int] = {}
        visible = self._space.mask(view.records) if names else None
        for name in names:
            for how, row in self._answering(name):
                if visible is not None and visible[row]:
                    namesake = self._namesake(name, how, row)
                    namesakes.append(namesake)
                    row_of[namesake.company_id] = row
        resolution = resolve(names, namesakes)
        rows = np.array([row_of[choice.company_id] for choice in resolution.choices], dtype=np.int32)
        with_vector = [self._with_vector(row, visible) for row in rows.tolist()]
        stored = [self.vectors.row(row) for row in with_vector if row is not None]
        mean = direction(stored, free_text, len(resolution.unresolved))
        return Exemplars(resolution, rows, mean)

    def cosines(self, rows: IntArray, to: Float32Array) -> Float32Array:
        """float32[len(rows)], NaN where a record has no vector."""
        found = self.vectors.cosines(rows, to)
        found[~self._companies.has_vector[rows]] = np.nan
        return found

    def nearest(self, open_to: Words, to: Float32Array, stop_at: int, audience: Audience) -> Admission:
        """The `stop_at` nearest businesses of the records in the set; equally near ones in row order."""
        rows = self._space.rows(open_to)
        rows = rows[self._companies.has_vector[rows]]
        near = self._not_ruled_out(rows, to, stop_at)
        order = np.lexsort((near, -self.vectors.cosines(near, to)))
        representatives = self._clusters.representative[near[order]]
        _, first = np.unique(representatives, return_index=True)
        chosen = representatives[np.sort(first)[:stop_at]]
        companies = self._space.of_rows(chosen)
        records = open_to & self._space.of_rows(rows) & self._clusters.spread(companies)
        report = (StepReport("exemplar", len(chosen)),)
        return Admission(records, companies, records, (), report, audience)

    def _not_ruled_out(self, rows: IntArray, to: Float32Array, wanted: int) -> IntArray:
        """The rows that may be among the `wanted` nearest businesses: not surely behind that many others."""
        if len(rows) < WORTH_BOUNDING:
            return rows
        low, high = self.vectors.bounds(rows, to)
        ahead = wanted
        while 0 < ahead < len(rows):
            least = np.partition(low, len(rows) - ahead)[len(rows) - ahead]
            surely = self._clusters.representative[rows[low >= least]]
            if len(np.unique(surely)) >= wanted:
                near: IntArray = rows[high >= least]
                return near
            ahead *= 2
        return rows

    def _compile(self) -> None:
        """Let the kernels be compiled, or read from numba's cache, before the first query."""
        nothing, anywhere = np.zeros(0, dtype=np.int32), np.zeros(VECTOR_DIMENSION, dtype=np.float32)
        self.vectors.bounds(nothing, anywhere)
        self.cosines(nothing, anywhere)

    def _answering(self, name: str) -> list[tuple[int, int]]:
        key, companies = company_name_key(name), self._companies
        found = [(BY_DOMAIN, companies.domains.rows_of(domain_key(name)))]
        found += [
            (BY_NAME, companies.names.rows_of(key)),
            (BY_FORMER_NAME, companies.former_names.rows_of(key)),
        ]
        return [(how, row) for how, rows in found for row in rows.tolist()]

    def _namesake(self, name: str, how: int, row: int) -> Namesake:
        companies = self._companies
        return Namesake(
            name,
            how,
            companies.ids[row],
            companies.ids[int(companies.cluster[row])],
            bool(companies.active[row]),
            int(companies.employees[row]),
        )

    def _with_vector(
        self, row: int, visible: np.ndarray[tuple[int], np.dtype[np.bool_]] | None
    ) -> int | None:
        """The record itself, or the first of the same business that has a vector."""
        companies = self._companies
        for each in (row, *companies.members.row(int(companies.cluster[row])).tolist()):
            if companies.has_vector[each] and visible is not None and visible[each]:
                return int(each)
        return None
