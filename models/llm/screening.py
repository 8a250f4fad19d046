"""Takes texts that give orders out of a question before it is asked, and says which."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from models.llm.injection import Reason
from models.llm.question import Candidate, Question

OrderIn = Callable[[str], Reason | None]


class Withheld(NamedTuple):
    """A text that the model does not get to see: candidate and text by position in the question, and why.

    `text` is -1 for the company's own name or other facts: then nothing of the company is asked.
    """

    candidate: int
    text: int
    reason: Reason


def screen(question: Question, order_in: OrderIn) -> tuple[Question, tuple[int, ...], tuple[Withheld, ...]]:
    """The question without such texts, the positions of the candidates left in it, and what was withheld.

    `order_in` is `models.llm.injection.order_in`, remembered or not.
    A candidate without any text left is not asked about: without evidence the booster decides (F-5).
    """
    kept: list[Candidate] = []
    positions: list[int] = []
    withheld: list[Withheld] = []
    for position, candidate in enumerate(question.candidates):
        found = _orders(position, candidate, order_in)
        withheld += found
        numbers = {each.text for each in found}
        texts = tuple(text for at, text in enumerate(candidate.evidence) if at not in numbers)
        if texts and -1 not in numbers:
            kept.append(replace(candidate, evidence=texts))
            positions.append(position)
    return replace(question, candidates=tuple(kept)), tuple(positions), tuple(withheld)


def _orders(position: int, candidate: Candidate, order_in: OrderIn) -> list[Withheld]:
    facts = " / ".join(
        filter(None, (candidate.name, candidate.domain, candidate.industry, candidate.country))
    )
    texts = [(-1, facts), *((at, each.text) for at, each in enumerate(candidate.evidence))]
    judged = ((at, order_in(text)) for at, text in texts)
    return [Withheld(position, at, reason) for at, reason in judged if reason is not None]
