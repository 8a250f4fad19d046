"""Which records and leads a tenant may be shown: its own and the shared ones, none of them suppressed."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from db.filtering.bitmaps import BitSpace, Words
from db.filtering.clusters import Clusters
from db.filtering.contacts import Audience, ContactFilter, ContactSets, Proof
from db.snapshot.columns import CodeArray
from db.snapshot.reader import Snapshot
from db.snapshot.tables import StringTable
from db.suppressions import Suppression
from ranking.types import BoolArray, IntArray

_SHARED = 0
_MAX_VIEWS = 256


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What one tenant may be shown.

    Attributes:
        records: its own and shared records, active or not, suppressed or not.
        suppressed: all records of businesses of which one record is suppressed.
        eligible: active records, not suppressed, with a lead in `audience`.
        audience: leads that may be shown; `owned` bool[m] also counts suppressed ones (None: all).
    """

    records: Words
    suppressed: Words
    eligible: Words
    audience: Audience
    owned: BoolArray | None


class Views:
    """The view of each tenant, made on first use; `version` tells the views of one list of suppressions from others."""

    def __init__(
        self,
        snapshot: Snapshot,
        clusters: Clusters,
        contacts: ContactSets,
        suppressions: Iterable[Suppression],
        version: int,
    ) -> None:
        self._snapshot = snapshot
        self._clusters = clusters
        self._contacts = contacts
        self._suppressions = tuple(suppressions)
        self._version = version
        self._space = BitSpace(len(snapshot.companies.active))
        self._active = self._space.pack(snapshot.companies.active)
        owned = (*_names(snapshot.companies.tenants), *(each.tenant for each in self._suppressions))
        self._special = frozenset(filter(None, owned))
        self._views: dict[str | None, View] = {}

    def of(self, tenant: str | None) -> View:
        """The view of a tenant; None sees the shared records only."""
        named = tenant if tenant in self._special else None
        view = self._views.get(named)
        if view is None:
            if len(self._views) >= _MAX_VIEWS:
                self._views.clear()
            view = self._views[named] = self._make(named)
        return view

    def _make(self, tenant: str | None) -> View:
        companies, leads = self._snapshot.companies, self._snapshot.leads
        names = _names(companies.tenants)
        code = 1 + names.index(tenant) if tenant in names else _SHARED
        records = self._space.pack(_seen(companies.tenant, code))
        owned = _seen(leads.tenant, code)
        barred_rows, barred_leads = self._barred(tenant)
        suppressed = self._clusters.spread(self._space.of_rows(barred_rows) & records)
        shown = owned.copy()
        shown[barred_leads] = False
        key = f"{self._version}:{tenant or ''}"
        audience = Audience(key, None if shown.all() else shown)
        reachable = self._contacts.records(ContactFilter(), Proof.POSSIBLE, audience)
        eligible = records & self._active & ~suppressed & reachable
        return View(records, suppressed, eligible, audience, None if owned.all() else owned)

    def _barred(self, tenant: str | None) -> tuple[IntArray, IntArray]:
        """Company rows and lead rows that the suppressions name."""
        named: dict[str, list[str]] = {"company": [], "domain": [], "lead": []}
        for each in self._suppressions:
            if each.tenant in (None, tenant):
                named[each.kind].append(each.value)
        companies, leads = self._snapshot.companies, self._snapshot.leads
        by_id = companies.by_id.rows_of(named["company"], companies.ids)
        by_domain = [companies.domains.rows_of(value) for value in named["domain"]]
        lead_rows = leads.by_id.rows_of(named["lead"], leads.ids)
        return np.concatenate([by_id[by_id >= 0], *by_domain]), lead_rows[lead_rows >= 0]


def _names(tenants: StringTable) -> list[str]:
    return tenants.all()


def _seen(tenant: CodeArray, code: int) -> BoolArray:
    seen: BoolArray = (tenant == _SHARED) | (tenant == code)
    return seen
