"""Prometheus metrics of prompts read by the language model; no label takes a text."""

from prometheus_client import Counter

_READ = Counter(
    "leads_llm_parses_total",
    "Prompts that the language model was asked to read: merged, nothing_new, disagreed, or why there was no reading",
    ["outcome"],
)


def read(outcome: str) -> None:
    """A call has ended."""
    _READ.labels(outcome).inc()
