"""What a row refers to must be stored: leads and snippets their company, outcomes their lead or company."""

from collections.abc import Iterable, Sequence

from asyncpg.pool import PoolConnectionProxy

from db.statements import load
from db.submitters.feedback import EventRow
from ingest.importers.companies import CompanyRow
from ingest.importers.leads import LeadRow
from ingest.importers.rows import Reject
from ingest.importers.snippets import SnippetDraft, SnippetRow
from ingest.importers.sources import Placed
from ingest.shared_sites import names_a_company


async def settle_companies(
    connection: PoolConnectionProxy,  # noqa: ARG001 - one signature for all kinds
    chunk: Sequence[Placed[CompanyRow]],
    tenant: str | None,  # noqa: ARG001
    rejects: list[Reject],  # noqa: ARG001
) -> Sequence[Placed[CompanyRow]]:
    """The companies as they are: they refer to nothing."""
    return chunk


async def settle_leads(
    connection: PoolConnectionProxy,
    chunk: Sequence[Placed[LeadRow]],
    tenant: str | None,
    rejects: list[Reject],
) -> list[Placed[LeadRow]]:
    """The leads whose company is stored and visible to the tenant."""
    known = await _companies(connection, (placed.row.company_id for placed in chunk), tenant)
    return [
        placed for placed in chunk if _keep(placed.row.company_id in known, placed, rejects, "company_id")
    ]


async def settle_snippets(
    connection: PoolConnectionProxy,
    chunk: Sequence[Placed[SnippetDraft]],
    tenant: str | None,
    rejects: list[Reject],
) -> list[Placed[SnippetRow]]:
    """The snippets whose company is found by id, else by domain, with their identity settled."""
    ids = await _companies(connection, (placed.row.company_id for placed in chunk), tenant)
    domains = await _by_domain(connection, (placed.row.domain_key for placed in chunk), tenant)
    settled: list[Placed[SnippetRow]] = []
    for placed in chunk:
        draft = placed.row
        company = draft.company_id if draft.company_id in ids else domains.get(draft.domain_key or "")
        if company is not None:
            settled.append(Placed(placed.line, draft.settle(company)))
        else:
            rejects.append(Reject(placed.line, *_unknown_company(draft)))
    return settled


def _unknown_company(draft: SnippetDraft) -> tuple[str, str]:
    if draft.company_id is not None:
        return "company_id", f"unknown company: {draft.company_id!r}"
    if draft.domain_key is not None and not names_a_company(draft.domain_key):
        return "domain", f"the domain is shared by many companies: {draft.domain_key!r}"
    return "domain", f"unknown company: {draft.domain_key!r}"


async def settle_outcomes(
    connection: PoolConnectionProxy,
    chunk: Sequence[Placed[EventRow]],
    tenant: str | None,
    rejects: list[Reject],
) -> list[Placed[EventRow]]:
    """The outcomes whose lead (or company, where no lead is named) is stored, with the lead's company."""
    wanted = [placed.row.lead_id for placed in chunk if placed.row.lead_id is not None]
    rows = await connection.fetch(load()["find_leads"], wanted, tenant)
    leads = {row["lead_id"]: row["company_id"] for row in rows}
    companies = await _companies(connection, (placed.row.company_id for placed in chunk), tenant)
    settled: list[Placed[EventRow]] = []
    for placed in chunk:
        row = placed.row
        if row.lead_id is not None and _keep(row.lead_id in leads, placed, rejects, "lead_id"):
            company = row.company_id if row.company_id in companies else leads[row.lead_id]
            settled.append(Placed(placed.line, row._replace(company_id=company)))
        elif row.lead_id is None and _keep(row.company_id in companies, placed, rejects, "company_id"):
            settled.append(placed)
    return settled


def _keep(known: bool, placed: Placed[LeadRow] | Placed[EventRow], rejects: list[Reject], field: str) -> bool:
    if not known:
        what = "lead" if field == "lead_id" else "company"
        rejects.append(Reject(placed.line, field, f"unknown {what}: {getattr(placed.row, field)!r}"))
    return known


async def _companies(
    connection: PoolConnectionProxy, ids: Iterable[str | None], tenant: str | None
) -> frozenset[str]:
    wanted = list({company for company in ids if company is not None})
    rows = await connection.fetch(load()["find_companies"], wanted, tenant)
    return frozenset(row["company_id"] for row in rows)


async def _by_domain(
    connection: PoolConnectionProxy, keys: Iterable[str | None], tenant: str | None
) -> dict[str, str]:
    wanted = list({key for key in keys if key is not None and names_a_company(key)})
    rows = await connection.fetch(load()["find_companies_by_domain"], wanted, tenant)
    return {row["domain_key"]: row["company_id"] for row in rows}
