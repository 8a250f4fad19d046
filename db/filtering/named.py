"""What the ids of "rank my list" name in the columns; retrieval and the choice of contacts read a list the same way."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from db.snapshot.columns import CompanyColumns, LeadColumns
from ranking.ragged import places_of
from ranking.types import IntArray


class Named(NamedTuple):
    """Per id the company row and the lead row it names, int32[n], -1 for none; an id that is both is the company's."""

    companies: IntArray
    leads: IntArray


def named(ids: Sequence[str], companies: CompanyColumns, leads: LeadColumns) -> Named:
    """Look the ids up; only those that no company has are looked for among the leads."""
    company_rows = companies.by_id.rows_of(ids, companies.ids)
    lead_rows = np.full(len(ids), -1, dtype=np.int32)
    others = np.flatnonzero(company_rows < 0)
    if len(others):
        lead_rows[others] = leads.by_id.rows_of([ids[at] for at in others.tolist()], leads.ids)
    return Named(company_rows, lead_rows)


def leads_of_businesses(rows: IntArray, companies: CompanyColumns, leads: LeadColumns) -> IntArray:
    """int32 lead rows of all records of the businesses that the records at `rows` belong to."""
    members = companies.members
    records = members.values[places_of(members.offsets, np.unique(companies.cluster[rows]))]
    return places_of(leads.company_offsets, records).astype(np.int32)
