"""The account of a score: a waterfall that sums to it, and one sentence made only from the evidence shown."""

from collections.abc import Sequence
from functools import lru_cache

from ranking.answer import Signal, WaterfallPart

_KIND_PHRASES = {
    "job_posting": "posted a job",
    "tech_change": "changed its technology",
    "news": "was in the news",
    "web_page": "says on its site",
    "funding": "announced funding",
    "launch": "launched",
    "social": "wrote",
    "review": "is mentioned in a review",
    "other": "left a trace",
}
_QUOTE_CHARACTERS = 140


def waterfall(numbers: Sequence[float], weights: Sequence[float]) -> list[WaterfallPart]:
    """The parts whose points sum to a lead's score to 1e-6 (F-7).

    Args:
        numbers: the values of industry, size, region, base, churn and job, then their points, then what base, churn and job have
            more than 100 (`ranking.kernels.presenting.account`).
        weights: of industry, size and region in the score, and of the intent.
    """
    (
        industry, size, region, base, churn, job,
        from_industry, from_size, from_region, from_base, from_churn, from_job, overflow,
    ) = numbers  # fmt: skip
    of_industry, of_size, of_region, of_intent = weights
    parts: list[WaterfallPart] = [
        {"part": "fit.industry", "value": industry, "weight": of_industry, "points": from_industry},
        {"part": "fit.size", "value": size, "weight": of_size, "points": from_size},
        {"part": "fit.region", "value": region, "weight": of_region, "points": from_region},
        {"part": "intent.base", "value": base, "weight": of_intent, "points": from_base},
        {"part": "intent.churn", "value": churn, "weight": of_intent, "points": from_churn},
        {"part": "intent.job", "value": job, "weight": of_intent, "points": from_job},
    ]
    if overflow > 0.0:
        value, points = -overflow / 100.0, -of_intent * overflow / 100.0
        parts.append({"part": "intent.cap", "value": value, "weight": of_intent, "points": points})
    return parts


def why(
    company: str,
    city: str | None,
    country: str | None,
    employees: int | None,
    signals: Sequence[Signal],
    unmatched_contact: bool,
) -> str:
    """One or two sentences from the evidence alone.

    Args:
        city, country, employees: what is known of the company ("Berlin", "DE", 240).
        signals: shown evidence, best first.
    """
    place = f"{city}, {country}" if city and country else city or country
    size = None if employees is None else _staff(employees)
    facts = f"{place}, {size}" if place and size else place or size
    described = f"{company} ({facts})" if facts else company
    if not signals:
        sentence = f"{described} fits the request; no dated evidence of need is on record."
    else:
        best, others = signals[0], len(signals) - 1
        terms = best["matched_terms"]
        named = f" about {', '.join(terms[:3])}" if terms else ""
        sentence = f"{described} {_KIND_PHRASES[best['kind']]}{named} {_ago(best['age_days'])}: “{_quote(best['text'])}”"
        if others > 1:
            sentence += f" {others} more signals point the same way."
        elif others:
            sentence += " 1 more signal points the same way."
    return sentence + (" No matching contact is known." if unmatched_contact else "")


@lru_cache(maxsize=8192)
def _staff(employees: int) -> str:
    return f"{employees:,} employees"


def _ago(age_days: float | None) -> str:
    if age_days is None:
        return "at an unknown date"
    days = int(age_days)
    if days <= 0:
        return "today"
    return "yesterday" if days == 1 else f"{days} days ago"


def _quote(text: str) -> str:
    # Printable means that the only white space is the blank: nothing to replace then, which is cheaper to see than to do.
    flat = text.strip() if "  " not in text and text.isprintable() else " ".join(text.split())
    return flat if len(flat) <= _QUOTE_CHARACTERS else flat[: _QUOTE_CHARACTERS - 1].rsplit(" ", 1)[0] + "…"
