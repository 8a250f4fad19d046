"""A raw snippet row to the columns of the intent_snippets table."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from ingest.importers import fields
from ingest.importers.context import RowContext
from ingest.importers.dates import moment
from ingest.importers.identity import content_hash, json_text, snippet_identity
from ingest.importers.rows import FieldProblem
from ingest.plagiarism.shingling import shingled
from ranking.text import domain_key, fold
from ranking.types import SNIPPET_KINDS

_TITLE_CHARS = 200


class SnippetRow(NamedTuple):
    """Columns of a staged snippet, in the order they are copied; its company is resolved."""

    company_id: str
    miner_id: str
    snippet_id: str
    kind: str
    text: str
    observed_at: datetime | None
    source_url: str | None
    source_type: str | None
    technologies_added: tuple[str, ...]
    technologies_removed: tuple[str, ...]
    role_codes: tuple[str, ...]
    attributes: str
    simhash: int
    content_hash: str


class SnippetDraft(NamedTuple):
    """A valid snippet before its company is known: named by id, by domain, or by both."""

    company_id: str | None
    domain_key: str | None
    miner_id: str
    snippet_id: str | None
    kind: str
    text: str
    observed_at: datetime | None
    source_url: str | None
    source_type: str | None
    technologies_added: tuple[str, ...]
    technologies_removed: tuple[str, ...]
    role_codes: tuple[str, ...]
    attributes: str

    def settle(self, company_id: str) -> SnippetRow:
        """The row, now that the company is known; an absent snippet id is derived from the content."""
        snippet_id = self.snippet_id or snippet_identity(
            self.miner_id, company_id, self.kind, self.text, self.source_url
        )
        columns = (company_id, self.miner_id, snippet_id, *self[4:])
        return SnippetRow(*columns, simhash=shingled(self.text).simhash, content_hash=content_hash(columns))


def snippet_draft(picked: Mapping[str, object], context: RowContext) -> SnippetDraft:
    """The canonical draft of an import record; raises FieldProblem for a value that cannot be used."""
    canonical, unmapped = context.canonical, context.unmapped
    company_id = fields.text("company_id", picked.get("company_id"), fields.MAX_ID_CHARS)
    domain = fields.text("domain", picked.get("domain"), 2_000)
    key = domain_key(domain) if domain else ""
    if company_id is None and not key:
        raise FieldProblem(
            "domain" if domain else "company_id", "is no domain" if domain else "is required, or a domain"
        )
    kind = snippet_kind(picked.get("kind"))
    body = fields.required("text", picked.get("text"))
    return SnippetDraft(
        company_id=company_id,
        domain_key=key or None,
        miner_id=fields.text("miner_id", picked.get("miner_id"), fields.MAX_ID_CHARS) or context.miner_id,
        snippet_id=fields.text("snippet_id", picked.get("snippet_id"), fields.MAX_ID_CHARS),
        kind=kind,
        text=body,
        observed_at=_observed_at(picked, context),
        source_url=fields.text("source_url", picked.get("source_url"), 2_000),
        source_type=fields.text("source_type", picked.get("source_type"), 100),
        technologies_added=canonical.technologies(
            "technologies_added",
            fields.items("technologies_added", picked.get("technologies_added")),
            unmapped,
        ),
        technologies_removed=canonical.technologies(
            "technologies_removed",
            fields.items("technologies_removed", picked.get("technologies_removed")),
            unmapped,
        ),
        role_codes=canonical.role_codes(posting_title(body)) if kind == "job_posting" else (),
        attributes=json_text(fields.attributes("attributes", picked.get("attributes"))),
    )


def _observed_at(picked: Mapping[str, object], context: RowContext) -> datetime | None:
    order = context.date_orders.get("observed_at")
    return moment("observed_at", picked.get("observed_at"), context.now, order)


def snippet_kind(value: object) -> str:
    """One of SNIPPET_KINDS from its wording ("Job posting"), "other" when none is given."""
    wording = fields.text("kind", value, 100)
    if wording is None:
        return "other"
    kind = "_".join(fold(wording).replace("-", " ").replace("_", " ").split())
    if kind not in SNIPPET_KINDS:
        raise FieldProblem("kind", f"must be one of {', '.join(SNIPPET_KINDS)}: {wording!r}")
    return kind


def posting_title(text: str) -> str:
    """What names the job in a posting: its first line, as far as a title may reach."""
    return text.split("\n", 1)[0][:_TITLE_CHARS]
