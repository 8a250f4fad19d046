"""Prometheus metrics of the language model's money; `lead_cost_usd` is observed where queries are answered."""

from prometheus_client import Counter, Gauge

from db.ledger.ledger import Standing
from ranking.money import NanoUsd, usd
from ranking.prices import Usage

_HITS = Counter("llm_hit_total", "Candidates sent to the language model, not answered from the cache")
_RATIO = Gauge(
    "leads_llm_call_ratio",
    "Uncached candidates sent to the language model per pool candidate, over the last window of a gateway",
    multiprocess_mode="max",
)
_SPENT = Counter("leads_llm_cost_usd_total", "US dollars charged for calls", ["model"])
_OVERRUN = Counter(
    "leads_llm_overrun_usd_total", "US dollars that calls have cost beyond what was held for them"
)
_CACHED = Counter("leads_llm_cached_tokens_total", "Input tokens at the price of cached ones", ["model"])
_UNBOOKABLE = Counter("leads_llm_unbookable_total", "Charges that the ledger could not take")
_TODAY = Gauge(
    "leads_daily_cost_usd", "US dollars spent today (UTC) by all tenants", multiprocess_mode="mostrecent"
)
_BUDGET = Gauge(
    "leads_daily_budget_usd",
    "US dollars of today's budget of all tenants by what became of them",
    ["state"],
    multiprocess_mode="mostrecent",
)


def sent(candidates: int, ratio: float) -> None:
    """Candidates went to the model; `ratio` is the gateway's share now."""
    _HITS.inc(candidates)
    _RATIO.set(ratio)


def charged(model: str, cost: NanoUsd, held: NanoUsd, usage: Usage) -> None:
    """A call was charged."""
    _SPENT.labels(model).inc(usd(cost))
    _OVERRUN.inc(usd(NanoUsd(max(0, cost - held))))
    _CACHED.labels(model).inc(usage.tokens_cached)


def unbookable() -> None:
    """The ledger could not take a charge."""
    _UNBOOKABLE.inc()


def standing(today: Standing | None) -> None:
    """How everybody's budget stands."""
    if today is None:
        return
    _TODAY.set(usd(today.spent))
    for state, amount in (("spent", today.spent), ("reserved", today.reserved), ("lost", today.lost)):
        _BUDGET.labels(state).set(usd(amount))
    _BUDGET.labels("limit").set(usd(today.limit))
