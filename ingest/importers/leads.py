"""A raw lead row to the columns of the leads table."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from ingest.importers import fields
from ingest.importers.canonical import Canonicaliser
from ingest.importers.context import RowContext
from ingest.importers.email import business_address
from ingest.importers.identity import content_hash, json_text


class LeadRow(NamedTuple):
    """Columns of a staged lead, in the order they are copied."""

    lead_id: str
    company_id: str
    full_name: str | None
    title: str | None
    seniority_code: str | None
    role_codes: tuple[str, ...]
    department: str | None
    email: str | None
    country_code: str | None
    attributes: str
    content_hash: str


def lead_row(picked: Mapping[str, object], context: RowContext) -> LeadRow:
    """The canonical row of an import record; raises FieldProblem for a value that cannot be used."""
    canonical, unmapped = context.canonical, context.unmapped
    title = fields.text("title", picked.get("title"), 500)
    department = fields.category("department", picked.get("department"), 200)
    email = fields.text("email", picked.get("email"), 320)
    if email is not None:
        email, dropped = business_address(email)
        if dropped is not None:
            context.notes[dropped] += 1
    columns = (
        fields.required("lead_id", picked.get("lead_id"), fields.MAX_ID_CHARS),
        fields.required("company_id", picked.get("company_id"), fields.MAX_ID_CHARS),
        fields.text("full_name", picked.get("full_name"), 500),
        title,
        _seniority(fields.category("seniority", picked.get("seniority"), 100), title, canonical, unmapped),
        _roles(title, department, canonical, unmapped),
        department,
        email,
        canonical.country(fields.category("country", picked.get("country"), 200), unmapped),
        json_text(fields.attributes("attributes", picked.get("attributes"))),
    )
    return LeadRow(*columns, content_hash=content_hash(columns))


def _seniority(
    wording: str | None, title: str | None, canonical: Canonicaliser, unmapped: Counter[tuple[str, str]]
) -> str | None:
    if wording is not None:
        code = wording.lower()
        if code not in canonical.taxonomy.SENIORITIES:
            code = canonical.seniority_code(wording) or ""
        if code:
            return code
        unmapped["seniority", wording] += 1
    return canonical.seniority_code(title) if title else None


def _roles(
    title: str | None, department: str | None, canonical: Canonicaliser, unmapped: Counter[tuple[str, str]]
) -> tuple[str, ...]:
    """Roles of the title, then of the department; a title that names none is counted."""
    named = (
        *(canonical.role_codes(title) if title else ()),
        *(canonical.role_codes(department) if department else ()),
    )
    if not named and title:
        unmapped["title", title] += 1
    return tuple(dict.fromkeys(named))
