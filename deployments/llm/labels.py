"""Judgements as labels to learn from: what the model said of a company, with the features the booster had (F-10)."""

from dataclasses import dataclass
from typing import Protocol

from ranking.money import NanoUsd
from ranking.types import Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """One judgement.

    Attributes:
        score: in [0, 100].
        features: float32[len(FEATURES)]; what the booster was told.
        as_of_s: seconds since the epoch, UTC; the date at which the evidence was seen.
        tenant: None where the evidence is public.
        tokens_in, tokens_out, cost: this label's share of its call, rounded down; nano-dollars.
    """

    product_key: str
    company_id: str
    evidence_hash: str
    model: str
    prompt_version: str
    score: float
    features: Float32Array
    as_of_s: float
    query_id: str
    tenant: str | None
    tokens_in: int
    tokens_out: int
    cost: NanoUsd


class Labels(Protocol):
    """Takes labels without waiting."""

    def put(self, label: Label) -> None:
        """Queue one; dropped and counted when the queue is full."""
        ...
