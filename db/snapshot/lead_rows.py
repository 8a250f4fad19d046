"""Contact records of Postgres as columns."""

from array import array
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from asyncpg import Record

from db.snapshot.building import id_index, string_table
from db.snapshot.catalogue import pack
from db.snapshot.columns import UNKNOWN_8, LeadColumns
from db.snapshot.gathering import Codes, RoleMasks, StringFile
from db.snapshot.layout import save_columns
from ranking.cards import ContactCard
from ranking.taxonomy import Taxonomy


class LeadRows:
    """Takes records in row order and writes the lead columns and cards; use as a context manager."""

    def __init__(self, folder: Path, taxonomy: Taxonomy, tenants: Sequence[str]) -> None:
        self._folder = folder
        self._ids: list[str] = []
        self._company = array("i")
        self._tenant, self._tenants = array("H"), Codes(("", *tenants), 0)
        self._seniority, self._seniorities = array("B"), Codes(taxonomy.SENIORITIES, UNKNOWN_8)
        self._company_level = array("B")
        self._roles = RoleMasks(taxonomy.ROLES)
        self._cards = StringFile(folder, "display.leads")

    def __enter__(self) -> "LeadRows":
        self._cards.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._cards.__exit__()

    def __len__(self) -> int:
        return len(self._ids)

    def extend(self, records: Sequence[Record]) -> None:
        """Take the next records."""
        for record in records:
            self._ids.append(record["lead_id"])
            self._company.append(record["company"])
            self._tenant.append(self._tenants.number(record["tenant_id"]))
            self._seniority.append(self._seniorities.number(record["seniority_code"]))
            self._company_level.append(record["is_company_level"])
            self._roles.add(record["role_codes"])
        self._cards.extend([pack(_card(record)) for record in records])

    def save(self, companies: int) -> None:
        """Write the columns for a snapshot of `companies` rows."""
        company = np.frombuffer(self._company, dtype=np.int32)
        columns = LeadColumns(
            ids=string_table(self._ids),
            by_id=id_index(self._ids),
            company=company,
            company_offsets=np.searchsorted(company, np.arange(companies + 1)).astype(np.int64),
            tenant=np.frombuffer(self._tenant, dtype=np.uint16),
            seniority=np.frombuffer(self._seniority, dtype=np.uint8),
            roles=self._roles.masks(),
            company_level=np.frombuffer(self._company_level, dtype=np.uint8).astype(np.bool_),
        )
        save_columns(self._folder, "leads", columns)


def _card(record: Record) -> ContactCard:
    return ContactCard(
        lead_id=record["lead_id"],
        name=record["full_name"],
        title=record["title"],
        seniority=record["seniority_code"],
        email=record["email"],
    )
