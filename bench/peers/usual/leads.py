"""The answer's leads as dictionaries, with the fields of `ranking.answer`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

_DAY_S = 86_400.0
_QUOTE_CHARACTERS = 140
_FIT_PARTS = ("industry", "size", "region")
_INTENT_PARTS = ("base", "churn", "job")


@dataclass(frozen=True, slots=True)
class Ranked:
    """One company of the answer before its names and texts are known; `snippets` are (id, decay), best first."""

    company_id: str
    score: float
    fit: float
    intent: float
    fit_levels: tuple[float, float, float]
    intent_points: tuple[float, float, float]
    source: str
    step: str
    snippets: Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Weights:
    """Of the final score and of fit."""

    fit: float
    intent: float
    levels: tuple[float, float, float]


def lead(
    rank: int,
    found: Ranked,
    company: asyncpg.Record,
    texts: Mapping[tuple[str, str], asyncpg.Record],
    wanted_roles: Sequence[str] | None,
    weights: Weights,
    as_of_s: float,
) -> dict[str, Any]:
    """One lead of the answer; `company` is a row of `companies`, `texts` rows of `snippets` by company and snippet."""
    signals = [
        _signal(texts[found.company_id, snippet], decay, as_of_s)
        for snippet, decay in found.snippets
        if (found.company_id, snippet) in texts
    ]
    matched = not wanted_roles or bool(set(wanted_roles) & set(company["role_codes"]))
    return {
        "rank": rank, "lead_id": company["lead_id"], "company_id": found.company_id, "company_name": company["name"],
        "domain": company["domain"], "industry": company["sub_industry_code"], "employee_count": company["employee_count"],
        "country": company["country_code"], "city": company["city_raw"],
        "contact": {
            "name": company["full_name"], "title": company["title"], "seniority": company["seniority_code"],
            "email": company["email"], "note": None if matched else "no matching contact",
        },
        "score": found.score, "fit_score": found.fit, "intent_score": found.intent, "intent_source": found.source,
        "step": found.step, "signals": signals, "waterfall": _waterfall(found, weights), "why": _why(company, signals),
    }  # fmt: skip


def _signal(row: asyncpg.Record, decay: float, as_of_s: float) -> dict[str, Any]:
    observed_at = row["observed_at"]
    return {
        "snippet_id": row["snippet_id"], "kind": row["kind"], "text": row["text"], "source_url": row["source_url"],
        "observed_at": None if observed_at is None else observed_at.date().isoformat(),
        "age_days": None if observed_at is None else round(max(0.0, as_of_s - observed_at.timestamp()) / _DAY_S, 2),
        "decay": decay,
    }  # fmt: skip


def _waterfall(found: Ranked, weights: Weights) -> list[dict[str, Any]]:
    parts = [
        {"part": f"fit.{name}", "value": value, "weight": weights.fit * weight, "points": weights.fit * weight * value}
        for name, value, weight in zip(_FIT_PARTS, found.fit_levels, weights.levels, strict=True)
    ]  # fmt: skip
    parts += [
        {"part": f"intent.{name}", "value": points / 100.0, "weight": weights.intent, "points": weights.intent * points / 100.0}
        for name, points in zip(_INTENT_PARTS, found.intent_points, strict=True)
    ]  # fmt: skip
    over = max(0.0, sum(found.intent_points) - 100.0) / 100.0
    if over:
        parts.append(
            {"part": "intent.cap", "value": -over, "weight": weights.intent, "points": -weights.intent * over}
        )
    return parts


def _why(company: asyncpg.Record, signals: Sequence[Mapping[str, Any]]) -> str:
    facts = [company["city_raw"], company["country_code"]]
    if company["employee_count"] is not None:
        facts.append(f"{company['employee_count']:,} employees")
    described = f"{company['name']} ({', '.join(filter(None, facts))})"
    if not signals:
        return f"{described} fits the request; no dated evidence of need is on record."
    return f"{described}, {signals[0]['kind']} of {signals[0]['observed_at']}: “{signals[0]['text'][:_QUOTE_CHARACTERS]}”"
