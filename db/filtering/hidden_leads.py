"""Leads that must not be named, whatever company they are found through."""

from collections.abc import Iterable

from db.snapshot.columns import LeadColumns
from db.snapshot.reader import Snapshot
from db.suppressions import Suppression
from ranking.types import BoolArray

_SHARED = 0


class HiddenLeads:
    """bool[m] over lead rows: suppressed ones, those of inactive records, and other tenants' private ones.

    The mask is made again only when the list of suppressions is another object.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._leads: LeadColumns = snapshot.leads
        companies = snapshot.companies
        rows = snapshot.leads.company
        shown = companies.active & (companies.tenant == _SHARED)
        always: BoolArray = (snapshot.leads.tenant != _SHARED) | ~shown[rows]
        self._always = always
        self._made_of: object = None
        self._mask = self._always

    def of(self, suppressions: Iterable[Suppression]) -> BoolArray:
        """The mask under these suppressions."""
        if self._made_of is not suppressions:
            named = [each.value for each in suppressions if each.kind == "lead"]
            rows = self._leads.by_id.rows_of(named, self._leads.ids)
            mask: BoolArray = self._always.copy()
            mask[rows[rows >= 0]] = True
            self._mask = mask
            self._made_of = suppressions
        return self._mask
