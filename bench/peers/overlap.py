"""Whether two servers answer alike: the share of the same companies and leads among their first K."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Means over the prompts.

    Attributes:
        prompts: how many were asked.
        equal: answers whose leads are the same in every field.
        companies, leads: share of our first K that are among theirs; prompts to which we return nobody are left out.
        first: share of prompts on which both put the same company first.
        returned: leads per answer, of theirs.
    """

    prompts: int
    equal: int
    companies: float
    leads: float
    first: float
    returned: float


def compared(ours: Sequence[Answer], theirs: Sequence[Answer]) -> Overlap:
    """Compare two servers' answers to the same prompts, in one order; their numbers must agree."""
    if len(ours) != len(theirs) or not ours:
        raise ValueError(f"{len(ours)} answers cannot be compared with {len(theirs)}")
    pairs = [(own["leads"], other["leads"]) for own, other in zip(ours, theirs, strict=True)]
    answered = [(own, other) for own, other in pairs if own]
    return Overlap(
        prompts=len(pairs),
        equal=sum(own == other for own, other in pairs),
        companies=_mean(_shared(own, other, "company_id") for own, other in answered),
        leads=_mean(_shared(own, other, "lead_id") for own, other in answered),
        first=_mean(
            float(bool(other) and own[0]["company_id"] == other[0]["company_id"]) for own, other in answered
        ),
        returned=_mean(float(len(other)) for _, other in pairs),
    )


def _shared(own: Sequence[Answer], other: Sequence[Answer], key: str) -> float:
    wanted = {lead[key] for lead in own}
    return len(wanted & {lead[key] for lead in other}) / len(wanted)


def _mean(values: Any) -> float:
    listed = list(values)
    return round(sum(listed) / len(listed), 4) if listed else 0.0
