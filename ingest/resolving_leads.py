"""Resolution of leads in the database: those of the businesses just touched, and all that may be one with them."""

from datetime import datetime
from typing import Literal

from asyncpg import Record
from asyncpg.pool import PoolConnectionProxy

from db.statements import load
from ingest.importers.email import mailbox_of
from ingest.lead_resolution import LeadRecord, lead_duplicates
from ingest.plagiarism.shingling import majority
from ranking.simhash import shingles_of_words
from ranking.text import words

_TITLES = frozenset(
    ("dr", "prof", "mr", "mrs", "ms", "herr", "frau", "mme", "mlle", "ing", "dipl", "phd", "mba", "jr")
)
_LETTERS = 3


async def resolve_leads(
    connection: PoolConnectionProxy, staged: Literal["companies", "leads"], now: datetime
) -> int:
    """Flag anew the same persons among the leads that an import touched; returns how many records are another's."""
    touched = await connection.fetch(load()[f"businesses_of_staged_{staged}"])
    rows = await connection.fetch(load()["lead_scope"], [row["cluster_id"] for row in touched])
    found = lead_duplicates([_record(row) for row in rows])
    await connection.execute(load()["forget_lead_duplicates"], [row["lead_id"] for row in rows])
    await connection.execute(
        load()["keep_lead_duplicates"],
        [each.lead_id for each in found],
        [each.representative_id for each in found],
        [each.matched_id for each in found],
        [each.reason for each in found],
        [each.evidence for each in found],
        [each.distance for each in found],
        now,
    )
    return len(found)


def _record(row: Record) -> LeadRecord:
    name = tuple(sorted(word for word in words(row["full_name"] or "") if word not in _TITLES))
    spelled = " ".join((*name, *words(row["title"] or "")))
    return LeadRecord(
        lead_id=row["lead_id"],
        tenant=row["tenant"],
        business=row["business"],
        name=name,
        mailbox=mailbox_of(row["email"]) if row["email"] else None,
        roles=frozenset(row["role_codes"]),
        simhash=int(majority(shingles_of_words(list(spelled), _LETTERS))),
        completeness=row["completeness"],
    )
