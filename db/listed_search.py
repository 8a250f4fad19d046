"""The companies and leads of "rank my list" in Postgres: who passes, and why the others do not (F-2)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import asyncpg

from db.bindings import Bindings
from db.statements import load
from ranking.refusal import Refusal
from ranking.types import Dropped

_EXCLUDED = (
    ("excluded_companies", Refusal.EXCLUDED_COMPANIES),
    ("excluded_keywords", Refusal.EXCLUDED_KEYWORDS),
    ("excluded_industries", Refusal.EXCLUDED_INDUSTRIES),
    ("excluded_employees", Refusal.EXCLUDED_EMPLOYEES),
    ("excluded_location", Refusal.EXCLUDED_LOCATION),
    ("excluded_technologies", Refusal.EXCLUDED_TECHNOLOGIES),
    ("excluded_stages", Refusal.EXCLUDED_STAGES),
)
_REQUIRED = (
    ("is_active", Refusal.INACTIVE),
    ("reachable", Refusal.NO_CONTACT),
    ("past_roles", Refusal.EXCLUDED_ROLES),
    ("past_seniorities", Refusal.EXCLUDED_SENIORITIES),
    ("industries", Refusal.INDUSTRIES),
    ("employees", Refusal.EMPLOYEES),
    ("location", Refusal.LOCATION),
    ("technologies", Refusal.TECHNOLOGIES),
    ("stages", Refusal.STAGES),
    ("roles", Refusal.ROLES),
    ("seniorities", Refusal.SENIORITIES),
)


async def judge(
    connection: asyncpg.Connection, bindings: Bindings, ids: Sequence[str]
) -> tuple[Sequence[asyncpg.Record], tuple[Dropped, ...]]:
    """The admitted records of the businesses on the list, and one refusal for each id that is not among them."""
    listed = await connection.fetch(load()["listed_companies"], bindings.tenant, list(ids))
    company_of = {row["id"]: row["company_id"] for row in listed}
    judged = await connection.fetch(
        load()["judged_records"],
        *bindings.step(bindings.asked, admit_unknown=True),
        sorted({row["cluster_id"] for row in listed}),
        [row["lead_id"] for row in listed if row["lead_id"] is not None],
        sorted({row["cluster_id"] for row in listed if row["lead_id"] is None}),
    )
    refusals = _refusals(judged)
    admitted = [record for record in judged if record["company_id"] not in refusals]
    businesses = {record["cluster_id"] for record in admitted}
    business_of = {record["company_id"]: record["cluster_id"] for record in judged}
    dropped: list[Dropped] = []
    for each in ids:
        company_id = company_of.get(each)
        if company_id is None:
            dropped.append(Dropped(each, str(Refusal.UNKNOWN_ID)))
        elif business_of[company_id] not in businesses:
            dropped.append(Dropped(each, str(refusals[company_id])))
    return admitted, tuple(dropped)


def _refusals(records: Sequence[asyncpg.Record]) -> Mapping[str, Refusal]:
    """The first reason against each record that does not pass; what excludes one record excludes its business."""
    by_business: dict[str, list[asyncpg.Record]] = defaultdict(list)
    for record in records:
        by_business[record["cluster_id"]].append(record)
    refusals: dict[str, Refusal] = {}
    for members in by_business.values():
        for record in members:
            reason = _refusal(record, members)
            if reason is not None:
                refusals[record["company_id"]] = reason
    return refusals


def _refusal(record: asyncpg.Record, members: Sequence[asyncpg.Record]) -> Refusal | None:
    barred_leads = record["owned"] and not record["reachable"]
    if barred_leads or any(member["suppressed"] for member in members):
        return Refusal.DO_NOT_CONTACT
    if record["is_exemplar"]:
        return Refusal.EXEMPLAR
    for column, reason in _EXCLUDED:
        if any(member[column] for member in members):
            return reason
    return next((reason for column, reason in _REQUIRED if not record[column]), None)
