"""One judgement of all suppliers: screen what is new, read the record of a time, judge, and write it down (F-8, F-9).

For the same time and the same record it writes the same; a judgement of an earlier time than the newest changes nobody's standing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import numpy as np
from asyncpg.pool import PoolConnectionProxy

from configs.suppliers import SupplierArgs
from ingest.suppliers.reading import read_record
from ingest.suppliers.record import SupplierRecord
from ingest.suppliers.screening import Screened, screen
from ingest.suppliers.statements import statements
from ingest.suppliers.verdicts import Verdicts, judge_suppliers
from ranking.taxonomy import Taxonomy

_COLUMNS = (
    "as_of", "miner_id", "snippets", "repeats", "flagged_snippets", "templated", "impressions", "clicks",
    "expected_clicks", "conversions", "expected_conversions", "mqf_score", "mqf_low", "mqf_high", "is_flagged",
    "throttled_until", "throttle_reason", "sourced_points", "curated_points", "sourcing", "curating", "share",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judged:
    """What one run did; `changed` are the suppliers whose snippets count from now on, or no longer."""

    screened: Screened
    suppliers: int
    flagged: int
    throttled: int
    treasury: float
    changed: tuple[str, ...]


async def judge(
    pool: asyncpg.Pool, taxonomy: Taxonomy, args: SupplierArgs, as_of: datetime, now: datetime
) -> Judged:
    """Judge everybody on what was known at `as_of`, in one transaction after the screening of texts at `now`.

    Raises:
        asyncpg.PostgresError: the judgement is not written.
    """
    screened = await screen(pool, taxonomy, args.rules, now)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(statements()["judging_settings"])
        record = await read_record(connection, as_of, args)
        verdicts = judge_suppliers(record, args)
        changed = await _write(connection, record, verdicts, args, as_of, now)
    return Judged(
        screened=screened,
        suppliers=len(record.suppliers),
        flagged=int(verdicts.quality.flagged.sum()),
        throttled=sum(reason is not None for reason in verdicts.throttled),
        treasury=verdicts.emissions.treasury,
        changed=changed,
    )


async def _write(
    connection: PoolConnectionProxy,
    record: SupplierRecord,
    verdicts: Verdicts,
    args: SupplierArgs,
    as_of: datetime,
    now: datetime,
) -> tuple[str, ...]:
    """Write report and judgements, and give suppliers their standing; returns whose snippets begin or cease to count."""
    await connection.execute(statements()["forget_judgement"], as_of)
    await connection.execute(statements()["forget_report"], as_of)
    await connection.execute(
        statements()["store_report"], as_of, verdicts.emissions.treasury, record.queries, len(record.shown),
        verdicts.click_rates.tolist(), verdicts.conversion_rates.tolist(), args.model_dump_json(), now,
    )  # fmt: skip
    rows = _rows(record, verdicts, args, as_of)
    await connection.copy_records_to_table("miner_judgements", columns=_COLUMNS, records=rows)
    found = await connection.fetch(statements()["take_judgements"], as_of, now)
    changed = tuple(sorted(row["miner_id"] for row in found))
    for statement in ("thin_judgements", "thin_reports"):
        await connection.execute(statements()[statement], as_of, args.kept_days)
    return changed


def _rows(
    record: SupplierRecord, verdicts: Verdicts, args: SupplierArgs, as_of: datetime
) -> list[tuple[object, ...]]:
    until = as_of + timedelta(hours=args.throttle_hours)
    earned, paid, quality = verdicts.earned, verdicts.emissions, verdicts.quality
    columns = np.column_stack((
        verdicts.expected_clicks, verdicts.expected_conversions, quality.factor, quality.low, quality.high,
        paid.sourcing, paid.curating, np.clip(paid.share, 0.0, 1.0),
    )).tolist()  # fmt: skip
    rows: list[tuple[object, ...]] = []
    for place, (supplier, numbers) in enumerate(zip(record.suppliers, columns, strict=True)):
        clicks_expected, conversions_expected, factor, low, high, sourcing, curating, share = numbers
        reason = verdicts.throttled[place]
        is_timed = reason is not None and reason != "by_hand"
        rows.append((
            as_of, supplier.miner_id, supplier.snippets, supplier.repeats, supplier.flagged,
            supplier.likeness.share, int(verdicts.impressions[place]), int(verdicts.clicks[place]), clicks_expected,
            int(verdicts.conversions[place]), conversions_expected, factor, low, high,
            bool(quality.flagged[place]), until if is_timed else None, reason,
            earned[0, :, place].tolist(), earned[1, :, place].tolist(), sourcing, curating, share,
        ))  # fmt: skip
    return rows
