"""The next addition to a generation: what has changed, read from Postgres and numbered on (F-8)."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import numpy as np

from db.snapshot.additions import Addition, NewCompanies
from db.snapshot.building import string_table
from db.snapshot.catalogue import Catalogue, DisplayColumns
from db.snapshot.columns import CompanyColumns, LeadColumns, SnippetColumns
from db.snapshot.company_rows import CompanyRows
from db.snapshot.layout import open_columns
from db.snapshot.lead_rows import LeadRows
from db.snapshot.snippet_rows import SnippetRows
from db.snapshot.tables import Csr, IdIndex, StringTable
from db.snapshot.writer import statements
from ingest.freshness.comparing import Difference, differences
from ingest.freshness.feed import Changes, feed_statements
from ingest.freshness.growing import Grown, grown
from ingest.freshness.held import Held, members_of
from ingest.freshness.reading import known_readings
from models.lexical.later import LaterTexts
from ranking.evidence_renewal import taken
from ranking.taxonomy import Taxonomy
from ranking.types import IntArray

_NO_ROWS: IntArray = np.zeros(0, dtype=np.int32)


async def make_addition(
    connection: asyncpg.Connection, held: Held, changes: Changes, taxonomy: Taxonomy
) -> Addition | None:
    """What `changes` add to what is held; None when they come to nothing.

    Args:
        connection: in the transaction that the changes were read in.
    """
    known = len(held.technologies.names())
    with TemporaryDirectory(prefix="leads-addition-") as folder:
        return await _Making(connection, held, changes, taxonomy, Path(folder)).made(known)


class _Making:
    """One addition under way; `folder` takes its columns as the writers of a generation leave them."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        held: Held,
        changes: Changes,
        taxonomy: Taxonomy,
        folder: Path,
    ) -> None:
        self._connection = connection
        self._held = held
        self._changes = changes
        self._taxonomy = taxonomy
        self._folder = folder
        self._tenants = held.built.companies.tenants.all()
        self._first_company = len(held.companies.active)

    async def made(self, known_technologies: int) -> Addition | None:
        new, gone = await self._companies()
        more = await self._grown(gone)
        evidence, ids, representatives = self._asked(new, gone, more)
        present, shown = await self._snippets(await self._records(ids, representatives), more)
        found = differences(self._held.growth, self._held.cards, present, shown, evidence, more.companies)
        if new is None and not len(gone) and not len(found.touched):
            return None
        snippets = _selected(present, found, more)
        cards = _strings(shown.display.snippets, found.added)
        lexical = self._lexical(shown, found, snippets.company)
        return Addition(
            number=len(self._held.snapshot.additions) + 1,
            origin=self._changes.now.origin,
            read_at=self._changes.now.at_s,
            stored_at=self._changes.stored_at,
            new=new,
            gone_companies=gone,
            snippets=snippets,
            gone_snippets=found.gone,
            touched=np.union1d(found.touched, gone).astype(np.int32),
            display=replace(self._display(new), snippets=cards),
            technologies=string_table(self._held.technologies.names()[known_technologies:]),
            lexical=lexical.arrays(),
        )

    async def _companies(self) -> tuple[NewCompanies | None, IntArray]:
        """The records that have changed with all that are merged with them, and the rows that go."""
        ids = await self._businesses()
        if not ids:
            return None, _NO_ROWS
        held = self._held.rows_of(ids)
        with CompanyRows(self._folder, self._taxonomy, self._tenants, self._held.technologies) as companies:
            companies.extend(await self._connection.fetch(statements()["companies"], ids))
        with LeadRows(self._folder, self._taxonomy, self._tenants) as leads:
            ranked = sorted(self._taxonomy.SENIORITIES, key=self._taxonomy.seniority_rank)
            leads.extend(await self._connection.fetch(statements()["leads"], companies.ids, ranked))
        leads.save(len(companies))
        companies.save()
        new = NewCompanies(
            open_columns(self._folder, "companies", CompanyColumns),
            open_columns(self._folder, "leads", LeadColumns),
        )
        gone = np.unique(held[held >= 0]).astype(np.int32)
        return (new if len(companies) else None), gone

    async def _businesses(self) -> list[str]:
        """Ids of the changed records and of all that are, or were, merged with one of them; in byte order."""
        ids, settled = set(self._changes.companies), -1
        while ids and len(ids) != settled:
            settled = len(ids)
            rows = self._held.rows_of(sorted(ids))
            ids.update(self._held.companies.ids.take(self._held.mates(rows[rows >= 0]).tolist()))
            for record in await self._connection.fetch(feed_statements()["businesses"], sorted(ids)):
                ids.update((record["company_id"], record["cluster_id"]))
        return sorted(ids, key=str.encode)

    async def _grown(self, gone: IntArray) -> Grown:
        """Who only has more evidence than before, and what is new of it."""
        others = self._representatives(self._changes.evidence - self._changes.grown)
        rows = np.setdiff1d(self._representatives(self._changes.grown), np.union1d(others, gone)).astype(
            np.int32
        )
        since = self._changes.before.origin.transactions
        return grown(self._held, rows, await self._records(*self._members(rows), since))

    def _representatives(self, ids: frozenset[str]) -> IntArray:
        """int32 rows, ascending, that represent the companies of these ids, as far as they are held."""
        rows = self._held.rows_of(sorted(ids))
        return np.unique(self._held.companies.cluster[rows[rows >= 0]])

    def _members(self, representatives: IntArray) -> tuple[list[str], list[int]]:
        """Ids of all records that are represented by these rows, and the row that represents each."""
        held = self._held.companies
        members = members_of(held, representatives)
        return held.ids.take(members.tolist()), held.cluster[members].tolist()

    def _asked(
        self, new: NewCompanies | None, gone: IntArray, more: Grown
    ) -> tuple[IntArray, list[str], list[int]]:
        """Company rows whose snippets may have changed, and the ids to read whole with the row that represents each."""
        held = self._held
        staying = np.setdiff1d(self._representatives(self._changes.evidence), gone).astype(np.int32)
        ids, representatives = self._members(np.setdiff1d(staying, more.companies).astype(np.int32))
        evidence = [staying, held.companies.cluster[gone]]
        if new is not None:
            cluster = new.companies.cluster + np.int32(self._first_company)
            ids += new.companies.ids.all()
            representatives += cluster.tolist()
            evidence.append(cluster)
        return np.unique(np.concatenate(evidence)).astype(np.int32), ids, representatives

    async def _records(
        self, ids: Sequence[str], representatives: Sequence[int], since: str | None = None
    ) -> list[asyncpg.Record]:
        """The snippets of the companies, in the order of a build; only what is new to the state `since` when it is given."""
        if not ids:
            return []
        moment = datetime.fromtimestamp(self._changes.now.at_s, UTC)
        asked = ids, representatives, moment, since
        return list(await self._connection.fetch(statements()["snippets"], *asked))

    async def _snippets(
        self, whole: Sequence[asyncpg.Record], more: Grown
    ) -> tuple[SnippetColumns, Catalogue]:
        """All snippets of companies, and what is new of those that have grown, as a build would write them."""
        held = self._held
        names = held.technologies, held.source_types, held.miners
        readings = known_readings(held, whole)
        records = [*whole, *more.records]
        order = sorted(range(len(records)), key=lambda place: records[place]["company"])
        read = {at: readings[place] for at, place in enumerate(order) if place in readings}
        with SnippetRows(self._folder, self._taxonomy, self._tenants, *names, more.texts) as rows:
            rows.extend([records[place] for place in order], read)
        rows.save(0)
        present = open_columns(self._folder, "snippets", SnippetColumns)
        cards = open_columns(self._folder, "display.snippets", StringTable)
        return present, Catalogue(replace(_no_display(), snippets=cards))

    def _lexical(self, shown: Catalogue, found: Difference, companies: IntArray) -> LaterTexts:
        texts = [card.text for card in shown.snippets(found.added.tolist())]
        return self._held.lexical.write(texts, found.rows[found.added], companies)

    def _display(self, new: NewCompanies | None) -> DisplayColumns:
        if new is None:
            return _no_display()
        names = ("companies", "descriptions", "leads")
        tables = {name: open_columns(self._folder, f"display.{name}", StringTable) for name in names}
        return replace(_no_display(), **tables)


def _no_display() -> DisplayColumns:
    nothing = string_table(())
    return DisplayColumns(nothing, nothing, nothing, nothing)


def _selected(present: SnippetColumns, found: Difference, more: Grown) -> SnippetColumns:
    """The columns of the new rows, originals among all rows."""
    repeated = present.original[found.added]
    original = found.rows[np.maximum(repeated, 0)]
    for place in np.flatnonzero(repeated < 0).tolist():
        original[place] = more.rows[int(present.company[found.added[place]])][-1 - repeated[place]]
    columns: dict[str, Any] = {
        "keys": _strings(present.keys, found.added),
        "by_key": IdIndex(np.zeros(0, dtype=np.uint64), _NO_ROWS),
        "company_offsets": np.zeros(0, dtype=np.int64),
        "original": original,
        "source_types": present.source_types,
        "miners": present.miners,
    }
    for field in fields(SnippetColumns):
        value = getattr(present, field.name)
        if field.name in columns:
            continue
        if isinstance(value, Csr):
            lists = taken(value, found.added)
            columns[field.name] = Csr(lists.offsets, lists.values)
        else:
            columns[field.name] = value[found.added]
    return SnippetColumns(**columns)


def _strings(table: StringTable, rows: IntArray) -> StringTable:
    return string_table(table.take(rows.tolist()))
