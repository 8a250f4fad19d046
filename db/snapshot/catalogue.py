"""What is shown of a company, a contact and a piece of evidence, read for the returned leads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from db.snapshot.tables import StringTable
from ranking.cards import CompanyCard, ContactCard, SnippetCard


@dataclass(frozen=True, slots=True, eq=False)
class DisplayColumns:
    """The display store: a JSON array per row with the fields of its card in order, so that one read gives all of it.

    Attributes:
        companies: n arrays as `CompanyCard`; `descriptions`: n texts.
        leads: m arrays as `ContactCard`.
        snippets: s arrays as `SnippetCard`.
    """

    companies: StringTable
    descriptions: StringTable
    leads: StringTable
    snippets: StringTable


def pack(card: CompanyCard | ContactCard | SnippetCard) -> bytes:
    """The JSON array kept for a card."""
    return orjson.dumps(tuple(card))


class Catalogue:
    """Cards by row, many at a time."""

    def __init__(self, display: DisplayColumns) -> None:
        self.display = display

    def companies(self, rows: Sequence[int]) -> list[CompanyCard]:
        """Cards of company rows, in that order."""
        return list(map(CompanyCard._make, _unpacked(self.display.companies, rows)))

    def leads(self, rows: Sequence[int]) -> list[ContactCard]:
        """Cards of lead rows, in that order."""
        return list(map(ContactCard._make, _unpacked(self.display.leads, rows)))

    def snippets(self, rows: Sequence[int]) -> list[SnippetCard]:
        """Cards of snippet rows, in that order."""
        return list(map(SnippetCard._make, _unpacked(self.display.snippets, rows)))

    def description(self, row: int) -> str:
        """The company's own words, "" when there are none."""
        return self.display.descriptions[row]

    def text(self, row: int) -> str:
        """Text of a snippet row."""
        return self.snippets([row])[0].text


def _unpacked(packed: StringTable, rows: Sequence[int]) -> list[list[Any]]:
    """The arrays of some rows; read as one document, which takes two thirds of reading each."""
    read: list[list[Any]] = orjson.loads(b"[%b]" % b",".join(packed.take_raw(rows)))
    return read
