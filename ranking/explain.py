"""The account of a score: a waterfall that sums to it, and one sentence made only from the evidence shown."""

from collections.abc import Iterable, Sequence

from ranking.answer import Signal, WaterfallPart
from ranking.fusion import FinalWeights

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


def waterfalls(
    levels: Iterable[tuple[float, float, float]],
    fit_weights: tuple[float, float, float],
    intents: Iterable[tuple[float, float, float]],
    final: FinalWeights,
) -> list[tuple[WaterfallPart, ...]]:
    """Of each lead the parts whose points sum to its score to 1e-6 (F-7).

    Args:
        levels: of each lead the values of industry, size and region in [0, 1]; `fit_weights` theirs, summing to 1.
        intents: of each lead the base, churn and job points on the 0-100 scale, before the cap at 100.
    """
    of_industry, of_size, of_region = [final.fit * weight for weight in fit_weights]
    weight = final.intent
    found: list[tuple[WaterfallPart, ...]] = []
    for (industry, size, region), (base, churn, job) in zip(levels, intents, strict=True):
        parts: tuple[WaterfallPart, ...] = (
            WaterfallPart("fit.industry", industry, of_industry, of_industry * industry),
            WaterfallPart("fit.size", size, of_size, of_size * size),
            WaterfallPart("fit.region", region, of_region, of_region * region),
            WaterfallPart("intent.base", base / 100.0, weight, weight * base / 100.0),
            WaterfallPart("intent.churn", churn / 100.0, weight, weight * churn / 100.0),
            WaterfallPart("intent.job", job / 100.0, weight, weight * job / 100.0),
        )
        overflow = base + churn + job - 100.0
        if overflow > 0.0:
            cap = WaterfallPart("intent.cap", -overflow / 100.0, weight, -weight * overflow / 100.0)
            parts = (*parts, cap)
        found.append(parts)
    return found


def why(company: str, facts: Sequence[str], signals: Sequence[Signal], unmatched_contact: bool) -> str:
    """One or two sentences from the evidence alone.

    Args:
        facts: what is known of the company and was asked for, in words ("240 employees", "Berlin, DE").
        signals: shown evidence, best first.
    """
    described = f"{company} ({', '.join(facts)})" if facts else company
    if not signals:
        sentence = f"{described} fits the request; no dated evidence of need is on record."
    else:
        best = signals[0]
        named = f" about {', '.join(best.matched_terms[:3])}" if best.matched_terms else ""
        sentence = (
            f"{described} {_KIND_PHRASES[best.kind]}{named} {_ago(best.age_days)}: “{_quote(best.text)}”"
        )
        others = len(signals) - 1
        if others:
            sentence += f" {others} more signal{'s' if others > 1 else ''} point{'s' if others == 1 else ''} the same way."
    return sentence + (" No matching contact is known." if unmatched_contact else "")


def _ago(age_days: float | None) -> str:
    if age_days is None:
        return "at an unknown date"
    days = int(age_days)
    if days <= 0:
        return "today"
    return "yesterday" if days == 1 else f"{days} days ago"


def _quote(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _QUOTE_CHARACTERS else flat[: _QUOTE_CHARACTERS - 1].rsplit(" ", 1)[0] + "…"
