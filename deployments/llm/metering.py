"""Prometheus metrics of calls to the language model and of its breaker; no label takes a text."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from deployments.llm.breaker import BreakerState
from deployments.llm.completion import Usage

_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)
_STATES: Final[dict[BreakerState, int]] = {"closed": 0, "half-open": 1, "open": 2}

_CALLS = Counter("leads_llm_calls_total", "Calls by what became of them", ["model", "result"])
_TOKENS = Counter("leads_llm_tokens_total", "Tokens billed", ["model", "direction"])
_LATENCY = Histogram("leads_llm_call_seconds", "Seconds per call, retries apart", ["model"], buckets=_SECONDS)
_WITHHELD = Counter("leads_llm_texts_withheld_total", "Texts not shown because they give orders", ["reason"])
_SHARED = Counter("leads_llm_shared_calls_total", "Questions answered by another's call under way")
_BREAKER = Gauge(
    "leads_breaker_state",
    "0 closed, 1 half-open, 2 open",
    ["dependency"],
    multiprocess_mode="mostrecent",
)
_CHANGES = Counter("leads_breaker_changes_total", "Changes of state", ["dependency", "state"])
_SHARING = Counter(
    "leads_breaker_sharing_total", "Looks at the other replicas' state", ["dependency", "result"]
)


class LlmMeter:
    """Counts what happens at one model and its breaker."""

    def __init__(self, model: str, dependency: str = "llm") -> None:
        self._model = model
        self._dependency = dependency
        _BREAKER.labels(dependency).set(_STATES["closed"])

    def called(self, result: str, seconds: float, usage: Usage) -> None:
        """One call ended; `result` is "ok" or a failure's kind."""
        _CALLS.labels(self._model, result).inc()
        _LATENCY.labels(self._model).observe(seconds)
        _TOKENS.labels(self._model, "in").inc(usage.tokens_in)
        _TOKENS.labels(self._model, "out").inc(usage.tokens_out)

    def refused(self, reason: str) -> None:
        """A call was not made: breaker or queue."""
        _CALLS.labels(self._model, reason).inc()

    def withheld(self, reason: str) -> None:
        """A text was not shown."""
        _WITHHELD.labels(reason).inc()

    def shared(self) -> None:
        """A question rode on another's call."""
        _SHARED.inc()

    def changed(self, _: BreakerState, new: BreakerState) -> None:
        """The breaker changed its state."""
        _BREAKER.labels(self._dependency).set(_STATES[new])
        _CHANGES.labels(self._dependency, new).inc()

    def looked(self, result: str) -> None:
        """Other replicas' state was looked at: "ok" or "unreachable"."""
        _SHARING.labels(self._dependency, result).inc()
