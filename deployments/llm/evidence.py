"""What a language model is shown of companies in doubt, and the hash under which its judgement is kept."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from models.llm.question import Candidate, EvidenceText, Question
from ranking.cards import CompanyCard, SnippetCard
from ranking.doubt import Doubts
from ranking.types import IntArray, Product

_DAY_S = 86_400.0
_HASH_BYTES = 12
_AGE_STEPS_DAYS = (7, 30, 90, 180, 365, 730)
"""A judgement is asked for anew when evidence has grown older by one of these steps."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One company as it is shown. `key` names its judgement: product, company, and a hash of all that is shown and of who judges."""

    company_id: str
    candidate: Candidate
    evidence_hash: str
    key: str


def product_key(product: Product) -> str:
    """Products that rank alike have one key: by their concepts and free words, else by their name."""
    words = [*sorted(product.concepts), "|", *sorted(product.keywords)]
    if len(words) == 1:
        words = [product.category.casefold().strip()]
    return _hash(words)


def exhibits(doubts: Doubts, at: IntArray, judge: str, texts: int) -> list[Exhibit]:
    """The companies at positions `at` of the doubts, with at most `texts` texts each, best first.

    Args:
        judge: names the model, its prompt's version and who may see the score; part of the hash.
    """
    product = product_key(doubts.product)
    rows = [[row for row in each[:texts] if row >= 0] for each in doubts.snippets[at].tolist()]
    cards = iter(doubts.catalogue.snippet_cards([row for each in rows for row in each]))
    companies = doubts.catalogue.company_cards(doubts.rows[at].tolist())
    return [
        _exhibit(product, company, [next(cards) for _ in each], doubts.as_of_s, judge)
        for company, each in zip(companies, rows, strict=True)
    ]


def question_of(product: Product, shown: Sequence[Exhibit]) -> Question:
    """One question about all of them, in the customer's words."""
    words = product.category or " ".join((*product.keywords, *product.concepts))
    return Question(words, tuple(each.candidate for each in shown), product.keywords)


def _exhibit(
    product: str, company: CompanyCard, cards: Sequence[SnippetCard], as_of_s: float, judge: str
) -> Exhibit:
    evidence = tuple(EvidenceText(card.kind, _age_days(card, as_of_s), card.text) for card in cards)
    candidate = Candidate(
        company.name, evidence, company.domain, company.industry, company.country, company.employee_count
    )
    facts = (company.name, company.domain or "", company.industry or "", company.country or "")
    shown = [f"{each.kind}{_age_step(each.age_days)}{each.text}" for each in evidence]
    evidence_hash = _hash((judge, *facts, str(company.employee_count), *shown))
    return Exhibit(
        company.company_id, candidate, evidence_hash, f"llm:{product}:{company.company_id}:{evidence_hash}"
    )


def _age_days(card: SnippetCard, as_of_s: float) -> int | None:
    return None if card.observed_s is None else max(0, int((as_of_s - card.observed_s) // _DAY_S))


def _age_step(age_days: int | None) -> int:
    return -1 if age_days is None else sum(age_days >= step for step in _AGE_STEPS_DAYS)


def _hash(parts: Sequence[str]) -> str:
    digest = hashlib.blake2b(digest_size=_HASH_BYTES)
    for part in parts:
        octets = part.encode()
        digest.update(b"%d:" % len(octets))
        digest.update(octets)
    return digest.hexdigest()
