"""Judgements as labels to learn from: what the model said of a company, with the features the booster had (F-10)."""

from dataclasses import dataclass
from typing import Protocol

from ranking.types import Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """One judgement. `score` is in [0, 100]; `features` float32[len(FEATURES)]; `tenant` None where the evidence is public."""

    product_key: str
    company_id: str
    evidence_hash: str
    model: str
    prompt_version: str
    score: float
    features: Float32Array
    query_id: str
    tenant: str | None


class Labels(Protocol):
    """Takes labels without waiting."""

    def put(self, label: Label) -> None:
        """Queue one; dropped and counted when the queue is full."""
        ...
