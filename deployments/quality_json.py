"""Standings and alerts as `/query-quality/*` shows them (F-8)."""

from collections.abc import Sequence
from typing import Any

from db.submitters.standings import ShownStanding
from ranking.reputation import ReputationConfig, alerts, ordinary_until_lifted


def reputation_json(shown: Sequence[ShownStanding], config: ReputationConfig) -> dict[str, Any]:
    """Every standing with what would change it."""
    return {"submitters": [_standing(each, config) for each in shown]}


def alerts_json(shown: Sequence[ShownStanding], config: ReputationConfig) -> dict[str, Any]:
    """Those standings alone that an operator should look at, with the reasons."""
    found = [(each, alerts(each.standing, config)) for each in shown]
    return {"alerts": [{"reasons": reasons, **_standing(each, config)} for each, reasons in found if reasons]}


def _standing(shown: ShownStanding, config: ReputationConfig) -> dict[str, Any]:
    standing = shown.standing
    throttle = None
    if shown.throttled_until is not None:
        throttle = {
            "since": shown.throttled_at, "until": shown.throttled_until, "reason": shown.reason,
            "ordinary_queries_to_lift": ordinary_until_lifted(standing, config),
        }  # fmt: skip
    return {
        "submitter_id": shown.submitter_id, "tenant_id": shown.tenant_id, "queries": standing.queries, "score": standing.score,
        "flag_rate": standing.flag_rate, "flags": shown.flags, "queries_since_outcome": shown.unheard,
        "is_trusted": shown.is_trusted, "last_query_at": shown.last_query_at, "throttle": throttle,
    }  # fmt: skip
