"""Where one company or lead stands in a query: in the list and why, or what kept it out."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ranking.interleaving import TEAMS, Draft, Team
from ranking.journey import Survey
from ranking.types import IntArray, IntentSource, StepName

Stage = Literal["filters", "trim", "contact", "min_score", "limit", "merged", "list"]


@dataclass(frozen=True, slots=True)
class Picked:
    """A company in a draft: its place in the list and who picked it, None where nobody did; its rank by the challenger, best 1."""

    place: int | None
    picked_by: Team | None
    challenger_rank: int


@dataclass(frozen=True, slots=True)
class Standing:
    """The account of one id.

    `stage` is where its way ended, "list" for a returned lead. `rank` counts all reachable companies of the pool, best 1. A
    merged id has the values of the lead or company it was `merged_into`. `draft` is there where two rankings have drafted the list; score
    and rank are the standing ranking's then, too.
    """

    in_list: bool
    stage: Stage
    reason: str
    step: StepName | None = None
    rank: int | None = None
    score: float | None = None
    fit_score: float | None = None
    intent_score: float | None = None
    intent_source: IntentSource | None = None
    lead_id: str | None = None
    company_id: str | None = None
    merged_into: str | None = None
    draft: Picked | None = None


def standing(
    found: Survey, position: int, *, lead_id: str | None = None, company_id: str | None = None
) -> Standing:
    """Of a lead, or of a company record, whose business is the admitted candidate at `position`."""
    candidates, pool = found.candidates, found.pool
    step = candidates.relaxation[int(candidates.steps[position])].step
    ranked_id = found.catalogue.company_cards([int(candidates.source_rows[position])])[0].company_id
    at = _place(pool.positions, position)
    if at is None:
        best = len(pool.positions)
        reason = f"admitted by step {step}, but not among the best {best} by fit and evidence"
        return Standing(False, "trim", reason, step, company_id=ranked_id)
    if found.ranking.contacts.leads[at] < 0:
        return Standing(False, "contact", "no contact may be approached", step, company_id=ranked_id)
    ranked = _ranked(found, at, step, ranked_id)
    if lead_id not in (None, ranked.lead_id):
        return _other_lead(found, at, lead_id, ranked)
    if company_id not in (None, ranked_id):
        reason = f"another record of {ranked_id}, which is ranked with the evidence of both"
        return replace(ranked, in_list=False, stage="merged", reason=reason, merged_into=ranked_id)
    return ranked


def _ranked(found: Survey, at: int, step: StepName, company_id: str) -> Standing:
    """Of the company's chosen lead."""
    ranking, request = found.ranking, found.request
    score, rank = float(ranking.scores[at]), _rank(found, at)
    stage: Stage = "list"
    reason = "in the list"
    picked = None if ranking.draft is None else _picked(found, at, ranking.draft)
    if score < request.min_score:
        stage, reason = "min_score", f"score {score:.4f} is below min_score {request.min_score:g}"
    elif picked is not None:
        stage = "list" if picked.place is not None else "limit"
        reason = _drafted(picked, rank)
    elif rank > request.limit:
        stage, reason = "limit", f"rank {rank}, below the {request.limit} that were asked for"
    return Standing(
        in_list=stage == "list",
        stage=stage,
        reason=reason,
        step=step,
        rank=rank,
        score=score,
        fit_score=float(ranking.fit[at]),
        intent_score=float(found.intent.total[at]),
        intent_source=found.intent.source_at(at),
        lead_id=found.catalogue.lead_id(int(ranking.contacts.leads[at])),
        company_id=company_id,
        draft=picked,
    )


def _picked(found: Survey, at: int, draft: Draft) -> Picked:
    places = np.flatnonzero(found.ranking.best == at)
    order = np.lexsort((found.ranking.contacts.ranks, -draft.fit, -draft.scores))
    theirs = 1 + int(np.flatnonzero(order == at)[0])
    if not len(places):
        return Picked(None, None, theirs)
    place = int(places[0])
    return Picked(place + 1, TEAMS[int(draft.teams[place])], theirs)


def _drafted(picked: Picked, rank: int) -> str:
    ranked = f"rank {rank} by its score, {picked.challenger_rank} by the ranking that is tried beside it"
    if picked.place is None:
        return f"two rankings share this list and neither had room for it: {ranked}"
    side = "the standing one" if picked.picked_by == "standing" else "the one that is tried"
    return f"at place {picked.place} of a list that two rankings share, picked by {side}: {ranked}"


def _other_lead(found: Survey, at: int, lead_id: str | None, ranked: Standing) -> Standing:
    """Of a lead of the same company that is not the chosen one."""
    others = found.catalogue.lead_ids(found.ranking.contacts.replaced(np.array([at], dtype=np.int32))[0])
    if lead_id in others:
        reason = f"one lead per company: {ranked.lead_id} goes first by fit, role, seniority and id"
        return replace(ranked, in_list=False, stage="merged", reason=reason, merged_into=ranked.lead_id)
    reason = "this contact is excluded by its role or seniority, or is not in the given list"
    return replace(ranked, in_list=False, stage="contact", reason=reason)


def _rank(found: Survey, at: int) -> int:
    """Place in the order of all reachable companies of the pool, ties broken as in the list (F-7)."""
    ranking = found.ranking
    order = np.lexsort((ranking.contacts.ranks, -ranking.fit, -ranking.scores))
    return 1 + int(np.flatnonzero(order == at)[0])


def _place(positions: IntArray, position: int) -> int | None:
    at = int(positions.searchsorted(position))
    return at if at < len(positions) and int(positions[at]) == position else None
