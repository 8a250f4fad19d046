"""Leads of whom nothing may be kept: what suppressions name is taken out of Redis as soon as this replica knows of it."""

from collections.abc import Callable, Iterable, Set

import numpy as np

from db.snapshot import Snapshot
from db.suppressions import Suppression
from deployments.caches.writing import WriteBehind

_KEYS = ("fit:", "intent:")


class Forgetting:
    """Follows the list of suppressions. To be asked at every flush.

    Every replica takes out what it learns of, after its own last writes; so the last to learn leaves nothing behind.
    """

    def __init__(
        self,
        suppressions: Callable[[], tuple[Suppression, ...]],
        snapshot: Callable[[], Snapshot],
        writing: WriteBehind,
    ) -> None:
        self._suppressions = suppressions
        self._snapshot = snapshot
        self._writing = writing
        self._seen: tuple[Suppression, ...] = ()
        self._ids: set[str] = set()

    def hidden(self) -> Set[str]:
        """Ids of leads that a suppression has named since this replica started."""
        current = self._suppressions()
        if current is not self._seen:
            named = named_leads(self._snapshot(), set(current).difference(self._seen))
            self._seen = current
            self._ids |= named
            self._writing.delete(f"{kind}{lead}" for lead in sorted(named) for kind in _KEYS)
        return self._ids


def named_leads(snapshot: Snapshot, suppressions: Iterable[Suppression]) -> set[str]:
    """Ids of leads that suppressions name, by themselves or with their company and its duplicates; whosesoever they are."""
    named: dict[str, list[str]] = {"company": [], "domain": [], "lead": []}
    for each in suppressions:
        named[each.kind].append(each.value)
    found = set(named["lead"])
    companies, leads = snapshot.companies, snapshot.leads
    by_id = companies.by_id.rows_of(named["company"], companies.ids)
    by_domain = [companies.domains.rows_of(value) for value in named["domain"]]
    rows = np.concatenate([by_id[by_id >= 0], *by_domain])
    if len(rows):
        barred = np.isin(companies.cluster, companies.cluster[rows])
        found.update(leads.ids.take(np.flatnonzero(barred[leads.company]).tolist()))
    return found
