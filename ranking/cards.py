"""What is shown of a company, a contact and a piece of evidence; codes are taxonomy codes, None is unknown.

Named tuples: a card is made of a stored row for every lead of every answer, and a frozen dataclass takes four times as long to make.
"""

from typing import NamedTuple

from ranking.types import SnippetKind


class CompanyCard(NamedTuple):
    """A company as shown; `industry_raw` and `city_raw` are the supplier's words."""

    company_id: str
    name: str
    domain: str | None
    industry: str | None
    sub_industry: str | None
    industry_raw: str | None
    country: str | None
    city: str | None
    city_raw: str | None
    employee_count: int | None


class ContactCard(NamedTuple):
    """A contact role as shown; a company-level lead has no person in it."""

    lead_id: str
    name: str | None
    title: str | None
    seniority: str | None
    email: str | None


class SnippetCard(NamedTuple):
    """A piece of evidence as shown; `observed_s` is seconds since the epoch, UTC, None when undated; `miner_id` its supplier."""

    snippet_id: str
    kind: SnippetKind
    text: str
    source_url: str | None
    observed_s: float | None
    miner_id: str
