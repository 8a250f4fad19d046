"""What dated events add to intent: technology dropped, people hired (F-6).

An event is worth points x rel x exp(-age / tau). For one company and one role or technology all events have
the same
rel, so the newest is worth most: inverted lists keep that one alone. Lists are compared by
ln(rel) - age / tau, which grows with the worth, so that one exponential per company is enough.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ranking.strict import Strict
from ranking.types import BoolArray, FloatArray, IntArray

OffsetArray = NDArray[np.int64]
NO_EVENT: Final = -np.inf


class BoostConfig(Strict):
    """How much events add to intent and how fast they fade (F-6)."""

    churn_points: float = Field(20.0, ge=0, le=100, description="points of a fresh technology removal (F-6)")
    churn_tau_days: float = Field(60.0, gt=0, le=3650, description="e-folding time of removals, days (F-6)")
    job_points: float = Field(15.0, ge=0, le=100, description="points of a fresh, fitting job posting (F-6)")
    job_tau_days: float = Field(45.0, gt=0, le=3650, description="e-folding time of postings, days (F-6)")
    full_raw: float = Field(
        8.0, gt=0, le=1000, description="raw score at which text alone counts as rel 1, BM25 points (F-6)"
    )


def text_relevance(raw: FloatArray, full_raw: float) -> FloatArray:
    """float64[n] min(1, r / full), the relevance of events that no table knows, from their text (F-6)."""
    return np.minimum(raw / full_raw, 1.0)


def boost_points(worth: FloatArray, points: float) -> FloatArray:
    """float64[n] points x rel x exp(-age / tau) in [0, points] of ln(rel x exp(-age / tau)), 0 for NO_EVENT (F-6)."""
    return points * np.exp(worth)


@dataclass(frozen=True, slots=True, eq=False)
class EventLists:
    """For each role or technology, the newest event of every company that has one.

    Attributes:
        offsets: int64[keys + 1]; key k has the entries offsets[k]:offsets[k + 1], one per company, ascending.
        companies: int32[entries] company rows.
        effective_s: float64[entries] seconds since the epoch.
        rows: int32[entries] snippet rows.
    """

    offsets: OffsetArray
    companies: IntArray
    effective_s: FloatArray
    rows: IntArray

    @classmethod
    def newest(
        cls, key: IntArray, rows: IntArray, company: IntArray, effective_s: FloatArray, key_count: int
    ) -> "EventLists":
        """Keep the newest of each (key, company); among equally new ones the lowest row.

        Args:
            key, rows: int32[pairs]; snippet `rows[i]` is an event of `key[i]` < `key_count`, any order.
            company: int32[snippets]; effective_s: float64[snippets].
        """
        pair_company, pair_time = company[rows], effective_s[rows]
        order = np.lexsort((rows, -pair_time, pair_company, key))
        key, pair_company = key[order], pair_company[order]
        first = np.ones(len(key), dtype=np.bool_)
        first[1:] = (key[1:] != key[:-1]) | (pair_company[1:] != pair_company[:-1])
        kept = order[first]
        offsets = np.zeros(key_count + 1, dtype=np.int64)
        np.cumsum(np.bincount(key[first], minlength=key_count), out=offsets[1:])
        return cls(
            offsets, pair_company[first].astype(np.int32), pair_time[kept], rows[kept].astype(np.int32)
        )

    def without(self, companies: BoolArray) -> "EventLists":
        """The same with the events of the marked companies, bool[rows], moved so far back that they are worth nothing."""
        effective = np.where(companies[self.companies], NO_EVENT, self.effective_s)
        return EventLists(self.offsets, self.companies, effective, self.rows)

    def and_of(self, companies: BoolArray, fresh: "EventLists") -> "EventLists":
        """The events of the companies that are not marked, and those of others in `fresh`, of as many keys."""
        keys = [np.repeat(np.arange(len(one.offsets) - 1), np.diff(one.offsets)) for one in (self, fresh)]
        kept = ~companies[self.companies]
        key = np.concatenate((keys[0][kept], keys[1]))
        company = np.concatenate((self.companies[kept], fresh.companies))
        order = np.lexsort((company, key))
        offsets = np.zeros(len(self.offsets), dtype=np.int64)
        np.cumsum(np.bincount(key, minlength=len(offsets) - 1), out=offsets[1:])
        effective = np.concatenate((self.effective_s[kept], fresh.effective_s))[order]
        rows = np.concatenate((self.rows[kept], fresh.rows))[order]
        return EventLists(offsets, company[order], effective, rows)


@dataclass(slots=True, eq=False)
class Strongest:
    """The best event so far of every admitted company.

    Attributes:
        worth: float64[n] ln(rel x exp(-age / tau)), NO_EVENT without one.
        rows: int32[n] snippet rows, -1 without one.
    """

    worth: FloatArray
    rows: IntArray

    @classmethod
    def empty(cls, count: int) -> "Strongest":
        """No event anywhere."""
        return cls(np.full(count, NO_EVENT), np.full(count, -1, dtype=np.int32))
