"""Companies and leads of a generation with its additions, as columns like a generation's.

Who is gone keeps a row that belongs to nobody. Vectors and `sells` of later rows are not among the columns: whoever
reads them takes them from the additions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from db.snapshot.additions import Addition
from db.snapshot.columns import CompanyColumns, LeadColumns
from db.snapshot.joined import JoinedIds, JoinedKeys, JoinedLists
from db.snapshot.reader import Snapshot
from db.snapshot.tables import Csr, StringTable
from ranking.types import BoolArray, IntArray

NOBODYS = np.iinfo(np.uint16).max
"""The tenant of rows that nobody may see."""


def merged(snapshot: Snapshot) -> Snapshot:
    """The snapshot with companies and leads of its additions in their columns."""
    built = snapshot.built
    news = [addition.new for addition in snapshot.additions if addition.new is not None]
    gone = gone_companies(snapshot.additions, company_count(snapshot))
    if not news and not gone.any():
        return replace(snapshot, companies=built.companies, leads=built.leads)
    companies = _companies(built.companies, [new.companies for new in news], gone)
    leads = _leads(built.leads, [new.leads for new in news], gone)
    return replace(snapshot, companies=companies, leads=leads)


def company_count(snapshot: Snapshot) -> int:
    """Number of company rows, those of the additions included."""
    return len(snapshot.built.companies.active) + sum(
        len(addition.new.companies.active) for addition in snapshot.additions if addition.new is not None
    )


def gone_companies(additions: Sequence[Addition], companies: int) -> BoolArray:
    """bool[companies]; rows that are no more."""
    gone = np.zeros(companies, dtype=np.bool_)
    for addition in additions:
        gone[addition.gone_companies] = True
    return gone


def _companies(built: CompanyColumns, parts: list[CompanyColumns], gone: BoolArray) -> CompanyColumns:
    firsts = list(_firsts(len(built.active), [len(part.active) for part in parts]))
    columns: dict[str, Any] = {"vectors": built.vectors, "sells": built.sells, "tenants": built.tenants}
    columns["ids"] = _strings([built.ids, *(part.ids for part in parts)])
    indexes = tuple((part.by_id, part.ids, first) for part, first in zip(parts, firsts, strict=True))
    columns["by_id"] = JoinedIds(built.by_id.hashes, built.by_id.rows, built.ids, indexes, gone)
    for name in ("keywords", "names", "former_names", "domains"):
        own = getattr(built, name)
        later = tuple((getattr(part, name), first) for part, first in zip(parts, firsts, strict=True))
        columns[name] = JoinedKeys(own.hashes, own.keys, own.rows, later)
    rows = tuple((part.technology_rows, first) for part, first in zip(parts, firsts, strict=True))
    columns["technology_rows"] = JoinedLists(
        built.technology_rows.offsets, built.technology_rows.values, rows
    )
    columns["technology_names"] = [built, *parts][-1].technology_names
    columns["technologies"] = _lists([built.technologies, *(part.technologies for part in parts)])
    shifts = [0, *firsts]
    columns["members"] = _lists([part.members for part in (built, *parts)], shifts)
    columns["cluster"] = _moved([part.cluster for part in (built, *parts)], shifts)
    for field in fields(CompanyColumns):
        if field.name not in columns:
            columns[field.name] = np.concatenate([getattr(part, field.name) for part in (built, *parts)])
    columns["tenant"][gone] = NOBODYS
    columns["active"][gone] = False
    return CompanyColumns(**columns)


def _leads(built: LeadColumns, parts: list[LeadColumns], gone: BoolArray) -> LeadColumns:
    every = (built, *parts)
    firsts = list(_firsts(len(built.company), [len(part.company) for part in parts]))
    counts = [len(part.company_offsets) - 1 for part in every]
    company = _moved([part.company for part in every], [0, *_firsts(counts[0], counts[1:])])
    is_gone = gone[company]
    indexes = tuple((part.by_id, part.ids, first) for part, first in zip(parts, firsts, strict=True))
    tenant = np.concatenate([part.tenant for part in every])
    tenant[is_gone] = NOBODYS
    offsets = [built.company_offsets] + [
        part.company_offsets[1:] + first for part, first in zip(parts, firsts, strict=True)
    ]
    return LeadColumns(
        ids=_strings([part.ids for part in every]),
        by_id=JoinedIds(built.by_id.hashes, built.by_id.rows, built.ids, indexes, is_gone),
        company=company,
        company_offsets=np.concatenate(offsets),
        tenant=tenant,
        seniority=np.concatenate([part.seniority for part in every]),
        roles=np.concatenate([part.roles for part in every]),
        company_level=np.concatenate([part.company_level for part in every]),
    )


def _firsts(built: int, counts: Sequence[int]) -> Iterator[int]:
    """The row at which each part begins."""
    for count in counts:
        yield built
        built += count


def _strings(tables: Sequence[StringTable]) -> StringTable:
    sizes = [np.diff(table.offsets) for table in tables]
    offsets = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(np.concatenate(sizes))))
    return StringTable(offsets, np.concatenate([table.blob for table in tables]))


def _lists(tables: Sequence[Csr], shifts: Sequence[int] | None = None) -> Csr:
    counts = np.concatenate([np.diff(table.offsets) for table in tables])
    offsets = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts)))
    return Csr(offsets, _moved([table.values for table in tables], shifts or [0] * len(tables)))


def _moved(columns: Sequence[IntArray], shifts: Sequence[int]) -> IntArray:
    return np.concatenate([column + np.int32(first) for column, first in zip(columns, shifts, strict=True)])
