"""A ranking's list drafted with a challenger's, over the same pool, evidence and contacts."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ranking.answer import RankedLead
from ranking.cascade import decided_from
from ranking.fit import Untargeted, effective_weights
from ranking.interleaving import TEAMS, Challenge, Draft, coins, team_draft
from ranking.ordering import pool_scores, top
from ranking.presentation import Ranking
from ranking.types import Float32Array, LevelArray, PoolEvidence


def drafted(
    ranking: Ranking,
    challenge: Challenge,
    pool: PoolEvidence,
    levels: LevelArray,
    likeness: Float32Array | None,
    untargeted: Untargeted,
    limit: int,
    min_score: float,
) -> Ranking:
    """The same ranking with a drafted list; scores, intent and account stay the standing ranking's.

    Whom the standing ranking would never return, by `min_score` or for want of a contact, the challenger cannot pick.

    Args:
        levels: uint16[m]; `likeness` float32[m] in place of the industry levels, or None.
    """
    theirs = challenge.challenger
    weights = ranking.fit_weights
    if theirs.fit is not None:
        weights = effective_weights(ranking.query, theirs.fit.array(), untargeted)
    intent = ranking.intent
    if theirs.bm25_threshold is not None:
        intent = decided_from(intent, pool, theirs.bm25_threshold)
    fit, scores = pool_scores(
        levels, weights, likeness, intent.total, ranking.contacts.leads, theirs.final or ranking.final
    )
    scores[ranking.scores < min_score] = -np.inf
    order = top(scores, fit, ranking.contacts.ranks, limit, 0.0)
    picked = team_draft(ranking.best, order, limit, coins(challenge.seed, limit))
    return replace(ranking, best=picked.order, draft=Draft(picked.teams, scores, fit))


def signed(leads: Sequence[RankedLead], draft: Draft) -> tuple[RankedLead, ...]:
    """The leads of a drafted list, each with the side that picked it."""
    return tuple(
        [{**lead, "picked_by": TEAMS[team]} for lead, team in zip(leads, draft.teams.tolist(), strict=True)]
    )
