"""What is shown of a company, a contact and a piece of evidence, read row by row for the returned leads."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from math import isnan

import orjson

from db.snapshot.columns import CompanyColumns, LeadColumns, SnippetColumns
from db.snapshot.tables import StringTable
from ranking.cards import CompanyCard, ContactCard, SnippetCard
from ranking.types import SNIPPET_KINDS


@dataclass(frozen=True, slots=True, eq=False)
class DisplayColumns:
    """The display store.

    Attributes:
        companies: n JSON arrays with the fields of `CompanyCard` in order, `company_id` left out.
        descriptions: n texts.
        leads: m JSON arrays with the fields of `ContactCard` in order, both ids left out.
        texts: s snippet texts.
        urls: s source addresses, "" when none was given.
    """

    companies: StringTable
    descriptions: StringTable
    leads: StringTable
    texts: StringTable
    urls: StringTable


_COMPANY_FIELDS = tuple(field.name for field in fields(CompanyCard))[1:]
_CONTACT_FIELDS = tuple(field.name for field in fields(ContactCard))[2:]


def pack_company(card: CompanyCard) -> bytes:
    """The JSON array kept for a company."""
    return orjson.dumps([getattr(card, name) for name in _COMPANY_FIELDS])


def pack_contact(card: ContactCard) -> bytes:
    """The JSON array kept for a lead."""
    return orjson.dumps([getattr(card, name) for name in _CONTACT_FIELDS])


class Catalogue:
    """Cards by row. 25 leads with three snippets each take about half a millisecond of CPU (bench/snapshot_build.py)."""

    def __init__(
        self,
        display: DisplayColumns,
        companies: CompanyColumns,
        leads: LeadColumns,
        snippets: SnippetColumns,
    ) -> None:
        self.display = display
        self._companies = companies
        self._leads = leads
        self._snippets = snippets
        self._miners = tuple(snippets.miners.all())
        self._source_types = tuple(snippets.source_types.all())

    def company(self, row: int) -> CompanyCard:
        """Card of a company row."""
        values = orjson.loads(self.display.companies.raw(row))
        values[-2:] = map(tuple, values[-2:])
        return CompanyCard(self._companies.ids[row], *values)

    def description(self, row: int) -> str:
        """The company's own words, "" when there are none."""
        return self.display.descriptions[row]

    def lead(self, row: int) -> ContactCard:
        """Card of a lead row."""
        company_id = self._companies.ids[int(self._leads.company[row])]
        return ContactCard(self._leads.ids[row], company_id, *orjson.loads(self.display.leads.raw(row)))

    def snippet(self, row: int) -> SnippetCard:
        """Card of a snippet row."""
        columns = self._snippets
        observed_s = float(columns.observed[row])
        return SnippetCard(
            columns.keys[row].partition("\x1f")[2],
            self._miners[columns.miner[row]],
            SNIPPET_KINDS[columns.kind[row]],
            self.display.texts[row],
            self.display.urls[row] or None,
            self._source_types[columns.source_type[row]],
            None if isnan(observed_s) else datetime.fromtimestamp(observed_s, UTC),
        )

    def text(self, row: int) -> str:
        """Text of a snippet row."""
        return self.display.texts[row]
