"""Outcome events as training examples: one per prompt and day on which its list was shown."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from models.training_set import Example
from ranking.types import Query

PURCHASE = "conversion"
SHOWN = "impression"


@dataclass(frozen=True, slots=True)
class OutcomeEvent:
    """One stored outcome. `label` true means bought where the source says so."""

    prompt: str
    company_id: str
    event: str
    occurred_at: datetime
    label: bool | None


def examples(events: Iterable[OutcomeEvent], parse: Callable[[str], Query]) -> list[Example]:
    """Examples ordered by prompt and time.

    A list is the impressions of one prompt at one time; a company of it counts as bought when its impression is labelled so, or a
    conversion for the same prompt follows. Events without an impression are left out: nobody knows what else was shown.
    """
    shown: defaultdict[tuple[str, datetime], dict[str, bool]] = defaultdict(dict)
    bought: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)
    for event in events:
        if event.event == SHOWN:
            shown[event.prompt, event.occurred_at][event.company_id] = bool(event.label)
        elif event.event == PURCHASE:
            bought[event.prompt, event.company_id].append(event.occurred_at)
    return [
        Example(parse(prompt), at.timestamp(), _bought(prompt, at, companies, bought))
        for (prompt, at), companies in sorted(shown.items())
    ]


def _bought(
    prompt: str,
    at: datetime,
    companies: Mapping[str, bool],
    bought: Mapping[tuple[str, str], list[datetime]],
) -> dict[str, bool]:
    return {
        company: labelled or any(when >= at for when in bought.get((prompt, company), ()))
        for company, labelled in companies.items()
    }
