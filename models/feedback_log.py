"""What customers did with the lists they got: each company with its place, whether it was clicked, whether it bought."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import numpy as np

from ranking.interleaving import Team
from ranking.types import BoolArray, IntArray, Query

Reward = Literal["click", "conversion"]
_CLICKS: Final = frozenset({"click", "reply", "meeting", "conversion"})
_CONVERSION: Final = "conversion"
_SHOWN: Final = "impression"
_WINDOW: Final = timedelta(days=90)
"""Without a query's id, what happens within so long after a list was shown is taken to come of it."""


@dataclass(frozen=True, slots=True)
class FeedbackEvent:
    """One stored outcome; `position` is the place at which the company stood, from 1, where the source says so."""

    query_id: str | None
    prompt: str
    company_id: str
    event: str
    occurred_at: datetime
    label: bool | None
    position: int | None


@dataclass(frozen=True, slots=True)
class AnsweredQuery:
    """One query of the log: its list, best first, and who picked each lead, () where one ranking made it."""

    query_id: str
    prompt: str
    query: Query
    as_of: datetime
    generation: str
    company_ids: tuple[str, ...]
    picked_by: tuple[Team, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedbackList:
    """A list that was shown.

    Attributes:
        as_of_s: what the list could know ends here; nothing later may be a feature.
        setting: lists of one setting rank the same evidence: the snapshot they were made on, or the day.
        companies: n that were shown; `places` int32[n] from 1, `clicked` and `bought` bool[n].
        picked_by: n, or () where one ranking made the list.
    """

    prompt: str
    query: Query
    as_of_s: float
    setting: str
    companies: tuple[str, ...]
    places: IntArray
    clicked: BoolArray
    bought: BoolArray
    picked_by: tuple[Team, ...] = ()

    def rewarded(self, reward: Reward) -> BoolArray:
        """bool[n]: clicked, or bought."""
        return self.clicked if reward == "click" else self.bought


def feedback_lists(
    queries: Iterable[AnsweredQuery], events: Iterable[FeedbackEvent], parse: Callable[[str], Query]
) -> list[FeedbackList]:
    """Lists of which anything was told, by prompt and time.

    Of a logged query what was told to be seen counts as shown, and what was clicked; where nothing was told to be seen, its whole list.
    A place that is told goes before the log's. Events before the list's time come of something else. Impressions without
    a query make a list where they name their places; those without are left out, as nobody knows how likely they were looked at.
    """
    of_query: defaultdict[str, list[FeedbackEvent]] = defaultdict(list)
    of_prompt: defaultdict[str, list[FeedbackEvent]] = defaultdict(list)
    for event in events:
        if event.query_id is None:
            of_prompt[event.prompt].append(event)
        else:
            of_query[event.query_id].append(event)
    found = [
        _of_query(query, [each for each in of_query[query.query_id] if each.occurred_at >= query.as_of])
        for query in queries
        if query.query_id in of_query
    ]
    found += [made for told in of_prompt.values() for made in _of_prompt(told, parse)]
    return sorted((each for each in found if each.companies), key=lambda each: (each.prompt, each.as_of_s))


def _of_query(query: AnsweredQuery, events: Sequence[FeedbackEvent]) -> FeedbackList:
    places = {company: place for place, company in enumerate(query.company_ids, start=1)}
    places |= {each.company_id: each.position for each in events if each.position is not None}
    told = {each.company_id for each in events}
    if not any(each.event == _SHOWN for each in events):
        told |= places.keys()
    shown = [company for company in places if company in told]
    sides = dict(zip(query.company_ids, query.picked_by, strict=False))
    picked = tuple([sides[company] for company in shown if company in sides])
    return _made(
        query.prompt, query.query, query.as_of, query.generation.partition("+")[0],
        {company: places[company] for company in shown}, events, picked if len(picked) == len(shown) else (),
    )  # fmt: skip


def _of_prompt(events: Sequence[FeedbackEvent], parse: Callable[[str], Query]) -> Iterable[FeedbackList]:
    """Impressions of one prompt at one time are a list."""
    shown: defaultdict[datetime, dict[str, int]] = defaultdict(dict)
    for each in events:
        if each.event == _SHOWN and each.position is not None:
            shown[each.occurred_at][each.company_id] = each.position
    for at, places in shown.items():
        later = [
            each
            for each in events
            if (at <= each.occurred_at <= at + _WINDOW if each.event != _SHOWN else each.occurred_at == at)
        ]
        yield _made(events[0].prompt, parse(events[0].prompt), at, at.date().isoformat(), places, later, ())


def _made(
    prompt: str,
    query: Query,
    at: datetime,
    setting: str,
    places: Mapping[str, int],
    events: Sequence[FeedbackEvent],
    picked_by: tuple[Team, ...],
) -> FeedbackList:
    bought = {each.company_id for each in events if each.event == _CONVERSION or each.label}
    clicked = bought | {each.company_id for each in events if each.event in _CLICKS}
    companies = tuple(sorted(places, key=lambda company: (places[company], company)))
    sides = dict(zip(places, picked_by, strict=False))
    return FeedbackList(
        prompt,
        query,
        at.timestamp(),
        setting,
        companies,
        np.array([places[company] for company in companies], dtype=np.int32),
        np.array([company in clicked for company in companies], dtype=np.bool_),
        np.array([company in bought for company in companies], dtype=np.bool_),
        tuple([sides[company] for company in companies]) if sides else (),
    )
