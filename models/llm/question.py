"""What a language model is asked: one product, several companies, and what is known of each."""

from dataclasses import dataclass

from ranking.types import SnippetKind
from ranking.wire import Wired


@dataclass(frozen=True, slots=True)
class EvidenceText(Wired):
    """A dated text about a company, as its supplier wrote it; `age_days` is None when undated."""

    kind: SnippetKind
    age_days: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Candidate(Wired):
    """One company to be judged; every string in it was written by others and is trusted in nothing.

    `evidence` is ordered by weight, best first.
    """

    name: str
    evidence: tuple[EvidenceText, ...]
    domain: str | None = None
    industry: str | None = None
    country: str | None = None
    employees: int | None = None


@dataclass(frozen=True, slots=True)
class Question(Wired):
    """Which of these companies need this product; `product` and `keywords` are the customer's words."""

    product: str
    candidates: tuple[Candidate, ...]
    keywords: tuple[str, ...] = ()
