"""Quality of one supplier and emissions of all, as `GET /miners/...` and `leads miners report` tell them (F-8, F-9)."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

import asyncpg
from asyncpg import Record

from db.statements import parse
from ranking.emissions import WINDOW_DAYS
from ranking.miner_quality import FLAGGED_BELOW, PRIOR_EVENTS

_SHOWN: Final = 100
_DAYS: Final = 30

Told = dict[str, Any]


@cache
def _statements() -> Mapping[str, str]:
    return parse(files("db.suppliers").joinpath("queries.sql").read_text("utf-8"))


async def emission_report(pool: asyncpg.Pool) -> Told:
    """The newest report: shares of everybody and the treasury's, which sum to 1.

    Before anybody was judged all goes to the treasury, and `as_of` is null.
    """
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        report = await connection.fetchrow(_statements()["newest_report"])
        if report is None:
            return {"as_of": None, "treasury": 1.0, "total": 1.0, "miners": []}
        rows = await connection.fetch(_statements()["judgements"], report["as_of"])
    return {
        "as_of": _when(report["as_of"]),
        "judged_at": _when(report["judged_at"]),
        "treasury": report["treasury"],
        "total": report["treasury"] + sum(row["share"] for row in rows),
        "windows_days": list(WINDOW_DAYS),
        "queries": report["queries"],
        "impressions": report["impressions"],
        "click_rates": report["click_rates"],
        "conversion_rates": report["conversion_rates"],
        "miners": [_judgement(row) for row in rows],
    }


async def supplier_quality(pool: asyncpg.Pool, miner_id: str) -> Told | None:
    """All that is held for and against a supplier, None where nobody has this id.

    `judgement` is null until the first one. At most 100 snippets each that break rules or repeat others are told, newest first.
    """
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        found = await connection.fetchrow(_statements()["supplier"], miner_id)
        if found is None:
            return None
        flags = await connection.fetch(_statements()["flagged_snippets"], miner_id, _SHOWN)
        repeats = await connection.fetch(_statements()["repeated_snippets"], miner_id, _SHOWN)
        history = await connection.fetch(_statements()["history"], miner_id, _DAYS)
    is_judged = found["as_of"] is not None
    return {
        "miner_id": miner_id,
        "since": _when(found["created_at"]),
        "mqf_score": found["mqf_score"],
        "is_flagged": found["is_flagged_now"],
        "throttled_until": _when(found["throttled_now_until"]),
        "judgement": _judgement(found) | {"as_of": _when(found["as_of"])} if is_judged else None,
        "rules": json.loads(found["settings"]) if is_judged else None,
        "baseline": {name: found[name] for name in ("click_rates", "conversion_rates")},
        "history": [dict(row) | {"as_of": _when(row["as_of"])} for row in history],
        "flagged_snippets": [_flag(row) for row in flags],
        "repeated_snippets": [_repeat(row) for row in repeats],
    }


def _judgement(row: Record) -> Told:
    """One supplier's judgement with the counts behind each of its numbers."""
    return {
        "miner_id": row["miner_id"],
        "share": row["share"],
        "sourcing": row["sourcing"],
        "curating": row["curating"],
        "is_flagged": row["is_flagged"],
        "throttle_reason": row["throttle_reason"],
        "throttled_until": _when(row["throttled_until"]),
        "mqf": {
            "score": row["mqf_score"],
            "low": row["mqf_low"],
            "high": row["mqf_high"],
            "flagged_below": FLAGGED_BELOW,
            "impressions": row["impressions"],
            "clicks": _lift(row["clicks"], row["expected_clicks"]),
            "conversions": _lift(row["conversions"], row["expected_conversions"]),
        },
        "snippets": {
            "sent": row["snippets"],
            "flagged": row["flagged_snippets"],
            "repeats": row["repeats"],
            "template_share": row["templated"],
        },
        "points": {"sourced": row["sourced_points"], "curated": row["curated_points"]},
    }


def _lift(observed: int, expected: float) -> Told:
    lift = (observed + PRIOR_EVENTS) / (expected + PRIOR_EVENTS)
    return {"observed": observed, "expected": expected, "lift": lift}


def _flag(row: Record) -> Told:
    return {
        "snippet_id": row["snippet_id"],
        "company_id": row["company_id"],
        "reason": row["reason"],
        "detail": json.loads(row["detail"]),
        "found_at": _when(row["found_at"]),
        "lifted_at": _when(row["lifted_at"]),
        "text": row["text"],
    }


def _repeat(row: Record) -> Told:
    return {
        "snippet_id": row["snippet_id"],
        "company_id": row["company_id"],
        "seen_at": _when(row["seen_at"]),
        "text": row["text"],
        "distance": row["distance"],
        "contained": row["contained"],
        "is_renewal": row["is_renewal"],
        "found_at": _when(row["found_at"]),
        "original": {
            "miner_id": row["original_miner_id"],
            "snippet_id": row["original_snippet_id"],
            "company_id": row["original_company_id"],
            "seen_at": _when(row["original_seen_at"]),
            "text": row["original_text"],
        },
    }


def _when(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
