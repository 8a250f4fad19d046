"""Records of one business seen as one company: any admitted record admits it, any excluded one excludes it (F-3)."""

import numpy as np

from db.filtering.bit_kernels import add, members, spread
from db.filtering.bitmaps import BitSpace, Words
from db.snapshot.columns import CompanyColumns
from ranking.types import FloatArray, IntArray


class Clusters:
    """Which records stand for the same business. Most businesses have one record, and cost nothing here.

    `representative` is int32[n]; row of the record that stands for each.
    """

    def __init__(self, companies: CompanyColumns) -> None:
        space = BitSpace(len(companies.active))
        self.representative = companies.cluster
        sizes = np.diff(companies.members.offsets)[companies.cluster]
        self._alone = space.pack(sizes == 1)
        self._members = np.flatnonzero(sizes > 1).astype(np.int32)
        businesses, groups = np.unique(self.representative[self._members], return_inverse=True)
        self._groups = groups.astype(np.int32)
        self._group_count = len(businesses)

    def companies_of(self, records: Words) -> Words:
        """The representatives of the businesses with at least one record in the set."""
        merged = self.merged(records)
        if not len(merged):
            return records
        companies = records & self._alone
        add(companies.view(np.uint8), self.representative[merged])
        return companies

    def spread(self, records: Words) -> Words:
        """The set and all other records of the same businesses."""
        whole = records.copy()
        spread(whole.view(np.uint8), records.view(np.uint8), self._members, self._groups, self._group_count)
        return whole

    def merged(self, records: Words) -> IntArray:
        """The records of the set that belong to a business with several records, ascending."""
        return members(records.view(np.uint8), self._members)


def best_records(representatives: IntArray, records: IntArray, worth: FloatArray) -> IntArray:
    """Positions of the record that stands for each business: highest worth, then the representative, then the row.

    Args:
        representatives: int32[n]; row of each record's representative.
        records: int32[n]; rows.
        worth: float64[n]; fit, or similarity.

    Returns:
        One position per distinct representative, in their ascending order.

    Source: F-3.
    """
    order = np.lexsort((records, records != representatives, -worth, representatives))
    ordered = representatives[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return order[first].astype(np.int32)
