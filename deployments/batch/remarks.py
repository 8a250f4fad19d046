"""What is to be said of a prompt beside its list: why there is none, or why it should be looked at."""

from typing import Literal, NamedTuple

from deployments.batch.rows import PromptRow
from ranking.answer import RankedList
from ranking.contradictions import contradictions
from ranking.errors import InvalidQuery
from ranking.taxonomy import Taxonomy
from ranking.types import Query
from ranking.understanding import is_understood

Code = Literal[
    "unreadable", "invalid_query", "not_understood", "contradictory", "no_leads", "degraded", "internal"
]


class Remark(NamedTuple):
    """One prompt's entry in the errors file. Refused are unreadable and invalid_query; the others were answered as online."""

    code: Code
    detail: str


def refused(error: InvalidQuery) -> Remark:
    """Of a row that `POST /query` would refuse with 422."""
    faults = "; ".join(f"{fault.pointer or '/'} {fault.detail}" for fault in error.errors)
    return Remark("invalid_query", faults or error.detail)


def remark_on(row: PromptRow, query: Query, ranked: RankedList, taxonomy: Taxonomy) -> Remark | None:
    """Of a prompt that was answered; None where nothing is to be said."""
    opposed = contradictions(row.prompt, query, taxonomy)
    if opposed:
        return Remark("contradictory", "; ".join(opposed))
    if not is_understood(query, ranked):
        return Remark(
            "not_understood", "names neither a known product nor a target, and no evidence has its words"
        )
    if not ranked.leads:
        return Remark("no_leads", ranked.shortfall.reason if ranked.shortfall else "nobody is admitted")
    if ranked.degradations:
        return Remark("degraded", "; ".join(f"{each.stage}: {each.reason}" for each in ranked.degradations))
    return None
