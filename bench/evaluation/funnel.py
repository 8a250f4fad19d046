"""Which sellers a marketing funnel wins, foretold on the day of first contact: `olist_funnel`, split by time.

A lead's features are of its own day and of earlier leads. Whether an earlier lead was won is read only when it was first contacted at
least `SETTLED_DAYS` before: the file has no date of winning, and a fresh lead's label could not have been known. The model learns from
leads of before the split that had settled by then and is judged on the leads of after.
"""

import csv
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from bench.evaluation.cases import HALVES, half_of
from bench.evaluation.lifts import Field, rows
from models.training import Sample, fitted, predict
from ranking.types import Float32Array

FEATURES: Final = (
    "origin_rate", "origin_seen", "landing_rate", "landing_seen", "landing_seen_30d", "overall_rate", "weekday", "day_of_month",
    "same_day", *(f"origin_{name}" for name in ("organic_search", "paid_search", "social", "email", "direct_traffic", "referral")),
)  # fmt: skip
SETTLED_DAYS: Final = 14
SPLIT: Final = date(2018, 2, 1)
_PRIOR: Final = 20.0
_STOPS: Final = 5
REFERENCE: Final = "booster"


@dataclass(frozen=True)
class Contact:
    """One lead of the funnel on the day of its first contact."""

    lead_id: str
    day: date
    landing: str
    origin: str
    won: bool


def read(path: Path) -> list[Contact]:
    """All leads, by day and id."""
    with path.open(encoding="utf-8", newline="") as file:
        found = [
            Contact(row["lead_id"], date.fromisoformat(row["first_contact_date"]), row["landing_page_id"], row["origin"], row["won"] == "1")
            for row in csv.DictReader(file)
        ]  # fmt: skip
    return sorted(found, key=lambda each: (each.day, each.lead_id))


class Past:
    """The leads by key and day, asked only for what was known on some day."""

    def __init__(self, contacts: Sequence[Contact]) -> None:
        self._days: defaultdict[str, list[date]] = defaultdict(list)
        self._won: defaultdict[str, list[int]] = defaultdict(lambda: [0])
        for each in sorted(contacts, key=lambda contact: contact.day):
            for key in ("all", f"origin {each.origin}", f"landing {each.landing}"):
                self._days[key].append(each.day)
                self._won[key].append(self._won[key][-1] + each.won)

    def seen(self, key: str, before: date, since: date = date.min) -> int:
        """Leads first contacted in [since, before)."""
        days = self._days.get(key, [])
        return bisect_left(days, before) - bisect_left(days, since)

    def rate(self, key: str, at: date, prior: float) -> float:
        """Share won among leads that had settled by `at`, drawn towards `prior` as by twenty leads."""
        settled = bisect_right(self._days.get(key, []), at - timedelta(days=SETTLED_DAYS))
        return (self._won[key][settled] + _PRIOR * prior) / (settled + _PRIOR)


def features(contact: Contact, past: Past) -> list[float]:
    """`FEATURES` of a lead as of its first contact; nothing of later days, and no label that had not settled."""
    at, origin, landing = contact.day, f"origin {contact.origin}", f"landing {contact.landing}"
    overall = past.rate("all", at, 0.05)
    return [
        past.rate(origin, at, overall), float(past.seen(origin, at)), past.rate(landing, at, overall), float(past.seen(landing, at)),
        float(past.seen(landing, at, at - timedelta(days=30))), overall, float(at.weekday()), float(at.day),
        float(past.seen("all", at, at - timedelta(days=1))),
        *(float(name == f"origin_{contact.origin}") for name in FEATURES[9:]),
    ]  # fmt: skip


def matrix(contacts: Sequence[Contact], past: Past) -> Float32Array:
    """float32[n, len(FEATURES)]."""
    return np.array([features(each, past) for each in contacts], dtype=np.float32).reshape(
        len(contacts), len(FEATURES)
    )


def judge(contacts: Sequence[Contact], seed: int) -> dict[str, object]:
    """Lift over trivial orders among the leads after the split, for each half of them."""
    past = Past(contacts)
    learned = [each for each in contacts if each.day < SPLIT - timedelta(days=SETTLED_DAYS)]
    judged = [each for each in contacts if each.day >= SPLIT]
    known, told = matrix(learned, past), matrix(judged, past)
    won = np.array([each.won for each in learned])
    stop = np.array([int(each.lead_id[:8], 16) % _STOPS == 0 for each in learned])
    booster = fitted(
        Sample(known[~stop], won[~stop]), Sample(known[stop], won[stop]), "binary", seed, FEATURES
    )
    scores = {
        REFERENCE: predict(booster, told), "random": np.zeros(len(judged)),
        "newest contact first": np.array([float(each.day.toordinal()) for each in judged]),
        "most visited landing page": told[:, FEATURES.index("landing_seen")].astype(np.float64),
        "best origin so far": told[:, FEATURES.index("origin_rate")].astype(np.float64),
        "best landing page so far": told[:, FEATURES.index("landing_rate")].astype(np.float64),
    }  # fmt: skip
    half = np.array([half_of(each.lead_id) for each in judged])
    labels = np.array([each.won for each in judged])
    found: dict[str, object] = {
        "learned": f"{len(learned)} leads before {SPLIT - timedelta(days=SETTLED_DAYS)}, {int(won.sum())} won",
        "judged": f"{len(judged)} leads from {SPLIT} on",
    }
    found["won"] = {
        name: {
            "candidates": int((half == name).sum()), "positive": int(labels[half == name].sum()),
            "rankings": rows(Field(labels[half == name], {each: score[half == name] for each, score in scores.items()}), REFERENCE, seed),
        }
        for name in HALVES
    }  # fmt: skip
    return found
