"""The record of suppliers out of Postgres, as it was known at one time: nothing that came later is read."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

import orjson
from asyncpg import Record
from asyncpg.pool import PoolConnectionProxy

from configs.suppliers import SupplierArgs
from ingest.suppliers.crediting import Revision, subject_of
from ingest.suppliers.record import ShownLead, Supplier, SupplierRecord
from ingest.suppliers.statements import statements
from ingest.suppliers.templates import Likeness, template_of

_DAY_S: Final = 86_400.0
_PAGE_ROWS: Final = 500
_NO_TEXTS: Final = Likeness(0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class _Told:
    """What became of lists: submitters who tell of any, and leads (query and lead or company id) by event."""

    submitters: frozenset[str]
    clicks: frozenset[tuple[str, str]]
    conversions: frozenset[tuple[str, str]]


async def read_record(connection: PoolConnectionProxy, as_of: datetime, args: SupplierArgs) -> SupplierRecord:
    """Everything known at `as_of`; in a transaction, so that all of it is of one moment."""
    suppliers = await _suppliers(connection, as_of, args)
    told = await _told(connection, as_of, args)
    shown: list[ShownLead] = []
    queries = 0
    of = await connection.fetchval(statements()["count_lists"], as_of, args.window_days)
    one_in = max(1, -(-of // args.most_lists))
    reading = connection.cursor(
        statements()["lists"], as_of, args.window_days, args.lists_a_day, one_in, prefetch=_PAGE_ROWS
    )
    async for row in reading:
        queries += 1
        shown += _shown(row, as_of.timestamp(), told)
    struck = await connection.fetch(statements()["struck_out"], as_of)
    return SupplierRecord(
        suppliers=suppliers,
        queries=queries,
        shown=shown,
        snippets=await _snippets(connection, as_of, suppliers, {lead.company_id for lead in shown}),
        flagged=frozenset((row["miner_id"], row["snippet_id"]) for row in struck if row["original"] is None),
        repeats={
            (row["miner_id"], row["snippet_id"]): row["original"]
            for row in struck
            if row["original"] is not None
        },
    )


async def _suppliers(connection: PoolConnectionProxy, as_of: datetime, args: SupplierArgs) -> list[Supplier]:
    rows = await connection.fetch(statements()["free_texts"], as_of, args.template_sample)
    likeness = {
        miner: template_of([(row["text"], row["name_key"]) for row in texts])
        for miner, texts in groupby(rows, key=lambda row: row["miner_id"])
    }
    return [
        Supplier(
            miner_id=row["miner_id"],
            owner=row["tenants"][0] if row["tenants"] else f"miner {row['miner_id']}",
            readers=frozenset(row["tenants"]),
            snippets=row["snippets"],
            flagged=row["flagged"],
            repeats=row["repeats"],
            throttled_by_hand=row["throttled_by_hand"],
            likeness=likeness.get(row["miner_id"], _NO_TEXTS),
        )
        for row in await connection.fetch(statements()["suppliers"], as_of)
    ]


async def _told(connection: PoolConnectionProxy, as_of: datetime, args: SupplierArgs) -> _Told:
    rows = await connection.fetch(
        statements()["told_outcomes"], as_of, args.window_days, args.attribution_days
    )
    leads: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in rows:
        leads[row["event"]] |= {
            (row["query_id"], identity) for identity in (row["lead_id"], row["company_id"]) if identity
        }
    return _Told(
        frozenset(row["submitter"] for row in rows),
        frozenset(leads["click"]),
        frozenset(leads["conversion"]),
    )


def _shown(row: Record, as_of_s: float, told: _Told) -> Iterator[ShownLead]:
    """The leads of one list that carried evidence; entries without a supplier, as once were logged, are left out."""
    query, submitter = row["query_id"], row["submitter"]
    is_told = submitter in told.submitters
    leads = zip(
        row["lead_ids"], row["company_ids"], row["intent_scores"], orjson.loads(row["signals"]), strict=True
    )
    for position, (lead, company, intent, signals) in enumerate(leads, start=1):
        named = [(each[0], each[1], each[2]) for each in signals if isinstance(each, list)]
        if not named:
            continue
        either = {(query, lead), (query, company)}
        yield ShownLead(
            submitter=row["tenant_id"] or submitter,
            company_id=company,
            age_days=(as_of_s - row["created_s"]) / _DAY_S,
            position=position,
            is_told=is_told,
            is_clicked=not either.isdisjoint(told.clicks),
            is_converted=not either.isdisjoint(told.conversions),
            intent_points=row["intent_weight"] * intent / 100.0,
            signals=named,
        )


async def _snippets(
    connection: PoolConnectionProxy, as_of: datetime, suppliers: list[Supplier], companies: set[str]
) -> Mapping[tuple[str, str], list[Revision]]:
    number = {each.miner_id: place for place, each in enumerate(suppliers)}
    found: defaultdict[tuple[str, str], list[Revision]] = defaultdict(list)
    for row in await connection.fetch(statements()["revisions"], as_of, sorted(companies)):
        subject = subject_of(
            row["kind"], row["technologies_added"], row["technologies_removed"], row["role_codes"]
        )
        miner = number.get(row["miner_id"])
        if miner is not None:
            revision = Revision(
                miner, row["snippet_id"], row["cluster_id"], subject, row["simhash"], row["seen_s"]
            )
            found[row["miner_id"], row["snippet_id"]].append(revision)
    return found
