"""What is shown of a company, a contact and a piece of evidence; codes are taxonomy codes, None is unknown."""

from dataclasses import dataclass
from datetime import datetime

from ranking.types import SnippetKind


@dataclass(frozen=True, slots=True)
class CompanyCard:
    """A company as shown; codes are taxonomy codes, None is unknown.

    `industry_raw` and `city_raw` are the supplier's words; `technologies` are codes or folded raw names.
    """

    company_id: str
    name: str
    domain: str | None
    industry: str | None
    sub_industry: str | None
    industry_raw: str | None
    country: str | None
    region: str | None
    city: str | None
    city_raw: str | None
    employee_count: int | None
    founded_year: int | None
    stage: str | None
    technologies: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContactCard:
    """A contact role as shown; a company-level lead has no person in it."""

    lead_id: str
    company_id: str
    name: str | None
    title: str | None
    seniority: str | None
    department: str | None
    email: str | None
    country: str | None
    is_company_level: bool


@dataclass(frozen=True, slots=True)
class SnippetCard:
    """A piece of evidence as shown; `observed_at` is UTC, None when undated."""

    snippet_id: str
    miner_id: str
    kind: SnippetKind
    text: str
    source_url: str | None
    source_type: str
    observed_at: datetime | None
