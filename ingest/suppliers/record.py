"""What is on record of suppliers at one time, as rows; read from Postgres by `reading`, judged by `verdicts`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingest.suppliers.crediting import Revision
from ingest.suppliers.templates import Likeness


@dataclass(frozen=True, slots=True)
class Supplier:
    """A supplier and what it sent; `readers` are the tenants that are the supplier itself, as who asks."""

    miner_id: str
    owner: str
    readers: frozenset[str]
    snippets: int
    flagged: int
    repeats: int
    throttled_by_hand: bool
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class ShownLead:
    """A lead of an answered query with the evidence that stood behind it.

    Attributes:
        position: place in the list, from 1.
        is_told: its submitter tells what becomes of lists.
        intent_points: of the lead's score.
        signals: supplier, snippet id and points (None where they are not the base's), best first.
    """

    submitter: str
    company_id: str
    age_days: float
    position: int
    is_told: bool
    is_clicked: bool
    is_converted: bool
    intent_points: float
    signals: Sequence[tuple[str, str, float | None]]


@dataclass(frozen=True, slots=True)
class SupplierRecord:
    """Everything that a judgement is made of.

    Attributes:
        shown: leads that carried evidence.
        snippets: supplier -> snippet id -> its revisions, oldest first, of the businesses that were shown; `miner` is the place in
            `suppliers`.
        flagged: supplier and id of snippets that break a rule; `repeats` likewise of those that repeat one of another supplier, and whose.
    """

    suppliers: Sequence[Supplier]
    queries: int
    shown: Sequence[ShownLead]
    snippets: Mapping[tuple[str, str], Sequence[Revision]]
    flagged: frozenset[tuple[str, str]]
    repeats: Mapping[tuple[str, str], str]
