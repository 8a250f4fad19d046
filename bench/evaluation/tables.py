"""From judged prompts to the figures of a record: means with intervals, paired comparisons, slices, routes, reach and calibration."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from bench.evaluation.cases import HALVES, Half
from bench.evaluation.judging import MEASURES, Judged, Shown
from bench.evaluation.measures import calibration_error, reliability
from bench.evaluation.resampling import Resampler
from bench.evaluation.variants import REFERENCE, SERVED, Variant
from ranking.types import BoolArray, FloatArray

BINS = 8
ENGLISH = "en"
_ERROR_DRAWS = 200
FEWEST = 3
"""Products that a slice needs: fewer make no interval."""
LEAST_COMPANIES = 200
"""Companies that a rung needs to be told, over all prompts."""
ROUTES = ("bm25", "gbdt", "llm", "none")


def halves(judged: Sequence[Judged]) -> dict[Half, list[Judged]]:
    """The prompts of each half, those that have any."""
    found = {half: [each for each in judged if each.case.half == half] for half in HALVES}
    return {half: members for half, members in found.items() if members}


def rows(judged: Sequence[Judged], variants: Sequence[Variant], seed: int) -> dict[str, Any]:
    """Per variant and half: each measure, and the gain over the reference with the probability that it is one."""
    return {
        variant.name: {
            "kind": variant.kind, "what": variant.what,
            **{half: _row(variant.name, members, seed) for half, members in halves(judged).items()},
        }
        for variant in variants
    }  # fmt: skip


def _row(name: str, members: Sequence[Judged], seed: int) -> dict[str, Any]:
    draws = _resampler(members, seed)
    found: dict[str, Any] = {}
    for measure in MEASURES:
        ours = _values(members, name, measure)
        found[measure] = draws.mean(ours).rounded()
        if name != REFERENCE:
            gain, better = draws.better(ours, _values(members, REFERENCE, measure))
            found[f"{measure}_gain"] = {**gain.rounded(), "better": round(better, 3)}
    return found


def slices(judged: Sequence[Judged], names: Sequence[str], seed: int) -> dict[str, Any]:
    """Precision@25 and nDCG@25 of some variants by trait of the prompt; slices of fewer than three products are left out."""
    found: dict[str, Any] = {}
    for half, members in halves(judged).items():
        for trait in sorted({trait for each in members for trait in each.case.traits()}):
            inside = [each for each in members if trait in each.case.traits()]
            if len({each.case.group for each in inside}) < FEWEST:
                continue
            draws = _resampler(inside, seed)
            found.setdefault(trait, {})[half] = {
                name: {
                    measure: draws.mean(_values(inside, name, measure)).rounded()
                    for measure in ("precision_at_25", "ndcg_at_25")
                }
                for name in names
            }
    return found


def languages(judged: Sequence[Judged], seed: int) -> dict[str, Any]:
    """Against the same product in English: gain of Precision@25 by what is served, and what share of the leads is the same."""
    found: dict[str, Any] = {}
    for half, members in halves(judged).items():
        english = {each.case.group: each for each in members if each.case.language == ENGLISH}
        for language in sorted({each.case.language for each in members} - {ENGLISH}):
            pairs = [
                (each, english[each.case.group])
                for each in members
                if each.case.language == language and each.case.group in english
            ]
            if pairs:
                draws = _resampler([each for each, _ in pairs], seed)
                gain = np.array([_served(each) - _served(other) for each, other in pairs])
                shared = np.array([_overlap(each, other) for each, other in pairs])
                found.setdefault(language, {})[half] = {
                    "precision_at_25_gain": draws.mean(gain).rounded(), "overlap": draws.mean(shared).rounded(),
                }  # fmt: skip
    return found


def _served(judged: Judged) -> float:
    return judged.grades[SERVED].precision_at_25


def _overlap(one: Judged, other: Judged) -> float:
    """Leads that both lists have, over the longer one's length; 1 when both are empty."""
    ours, theirs = ({lead.company for lead in each.shown} for each in (one, other))
    return len(ours & theirs) / max(len(ours), len(theirs)) if ours or theirs else 1.0


def reach(judged: Sequence[Judged], seed: int) -> dict[str, Any]:
    """What share of the buyers each stage keeps, and how many companies are admitted."""
    found: dict[str, Any] = {}
    for half, members in halves(judged).items():
        draws = _resampler(members, seed)
        buyers = np.array([float(each.reach.buyers) for each in members])
        kept = {
            stage: draws.ratio(
                np.array([float(getattr(each.reach, stage)) for each in members]), buyers
            ).rounded()
            for stage in ("strict", "admitted", "pool")
        }
        admitted = float(np.mean([each.reach.candidates for each in members]))
        found[half] = {
            **kept,
            "candidates_mean": round(admitted, 1),
            "buyers_mean": round(float(buyers.mean()), 1),
        }
    return found


def ladder(judged: Sequence[Judged], seed: int) -> dict[str, Any]:
    """Per step of the relaxation, with and without evidence: how many companies it would admit, and what share of them bought."""
    found: dict[str, Any] = {}
    for half, members in halves(judged).items():
        draws = _resampler(members, seed)
        for name in sorted({name for each in members for name in each.rungs}):
            rungs = [each.rungs.get(name) for each in members]
            companies = np.array([float(each.companies) if each else 0.0 for each in rungs])
            buyers = np.array([float(each.buyers) if each else 0.0 for each in rungs])
            if companies.sum() >= LEAST_COMPANIES:
                found.setdefault(name, {})[half] = {
                    "companies_mean": round(float(companies.mean()), 2), "bought": draws.ratio(buyers, companies).rounded(),
                }  # fmt: skip
    return found


def routes(judged: Sequence[Judged], seed: int) -> dict[str, Any]:
    """Of the leads that are served: how many each route scored, and what share of them bought."""
    return _rates(judged, seed, {route: _routed(route) for route in ROUTES})


def traits(judged: Sequence[Judged], seed: int) -> dict[str, Any]:
    """The same by what is known of the lead, where it came from and what speaks for it."""
    named = sorted({trait for each in judged for lead in each.shown for trait in lead.traits})
    return _rates(judged, seed, {trait: _marked(trait) for trait in named})


def _routed(route: str) -> Callable[[Shown], bool]:
    return lambda lead: lead.route == route


def _marked(trait: str) -> Callable[[Shown], bool]:
    return lambda lead: trait in lead.traits


def calibration(judged: Sequence[Judged], seed: int) -> dict[str, Any]:
    """Reliability of what is said of the leads that are served: `confidence` as a chance, and `score`, which claims to be none."""
    found: dict[str, Any] = {}
    for half, members in halves(judged).items():
        leads = [lead for each in members for lead in each.shown]
        bought = np.array([lead.bought for lead in leads])
        for quantity in ("confidence", "score"):
            stated = np.array([getattr(lead, quantity) for lead in leads])
            curve = reliability(stated, bought, BINS)
            found.setdefault(quantity, {})[half] = {
                "error": _error(members, quantity, seed), "brier": round(float(((stated - bought) ** 2).mean()), 4),
                "bins": [
                    {**_counted(members, quantity, each.low, each.high, seed), "predicted": round(each.predicted, 4)}
                    for each in curve
                ],
            }  # fmt: skip
    return found


def _counted(
    members: Sequence[Judged], quantity: str, low: float, high: float, seed: int
) -> dict[str, float]:
    def inside(lead: Shown) -> bool:
        stated: float = getattr(lead, quantity)
        return low <= stated <= high

    hits, leads = _counts(members, inside)
    return {**_resampler(members, seed).ratio(hits, leads).rounded(), "leads": int(leads.sum())}


def _error(members: Sequence[Judged], quantity: str, seed: int) -> dict[str, float]:
    """Calibration error with the 95 % interval of 200 draws of products; each draw makes its own bins."""
    groups = sorted({each.case.group for each in members})
    stated: dict[str, FloatArray] = {}
    bought: dict[str, BoolArray] = {}
    for group in groups:
        leads = [lead for each in members if each.case.group == group for lead in each.shown]
        stated[group] = np.array([getattr(lead, quantity) for lead in leads], dtype=np.float64)
        bought[group] = np.array([lead.bought for lead in leads], dtype=np.bool_)

    def error(names: Iterable[str]) -> float:
        drawn = list(names)
        told, happened = (np.concatenate([column[name] for name in drawn]) for column in (stated, bought))
        return calibration_error(reliability(told, happened, BINS))

    rng = np.random.default_rng(seed)
    found = [error(rng.choice(groups, len(groups))) for _ in range(_ERROR_DRAWS)]
    low, high = np.nanquantile(found, (0.025, 0.975))
    return {"mean": round(error(groups), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def _rates(
    judged: Sequence[Judged], seed: int, wanted: Mapping[str, Callable[[Shown], bool]]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for half, members in halves(judged).items():
        draws = _resampler(members, seed)
        total = sum(len(each.shown) for each in members)
        for name, holds in wanted.items():
            hits, leads = _counts(members, holds)
            count = int(leads.sum())
            rate = draws.ratio(hits, leads).rounded() if count else None
            found.setdefault(name, {})[half] = {
                "leads": count,
                "share": round(count / max(1, total), 4),
                "bought": rate,
            }
    return found


def _counts(members: Sequence[Judged], holds: Callable[[Shown], bool]) -> tuple[FloatArray, FloatArray]:
    """Per prompt: leads for which it holds and who bought, leads for which it holds."""
    hits = np.array([float(sum(lead.bought for lead in each.shown if holds(lead))) for each in members])
    leads = np.array([float(sum(1 for lead in each.shown if holds(lead))) for each in members])
    return hits, leads


def _values(members: Sequence[Judged], name: str, measure: str) -> FloatArray:
    return np.array([getattr(each.grades[name], measure) for each in members])


def _resampler(members: Sequence[Judged], seed: int) -> Resampler:
    return Resampler([each.case.group for each in members], seed)
