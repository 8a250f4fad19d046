"""Hits and contributions by whole columns in numpy, step by step: what the compiled kernels must equal to the last bit.

Sets of companies are masks, every step makes new arrays, nothing is fused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ranking.boosts import EventLists
from ranking.decay import ages_days, time_decay
from ranking.evidence_tables import SHARED, EvidenceTables
from ranking.hits import TermPostings
from ranking.intent import IntentConfig
from ranking.kernels.hits import FLAGGED, KNOWN, NO_NEED, POST, REMOVES, REPEAT, STUFFED, USABLE, VENDOR_TALK
from ranking.types import SIGNALS_PER_COMPANY, BoolArray, ByteArray, Float32Array, FloatArray, IntArray

BitArray = IndexArray = np.ndarray
NEVER = -np.inf


class Dated:
    """The flags of `DatedTables` as one column each."""

    def __init__(self, tables: EvidenceTables, as_of_s: float) -> None:
        view = tables.at(as_of_s)
        for name in ("effective_s", "newest_s", "newest_posting_s", "snippets", "postings", "events"):
            setattr(self, name, getattr(view, name))
        self.doubtful = view.doubtful if len(view.doubtful) else None
        for name, bit in (
            ("usable", USABLE), ("repeats", REPEAT), ("known", KNOWN), ("posts", POST), ("removes", REMOVES),
            ("flagged", FLAGGED), ("stuffed", STUFFED), ("no_need", NO_NEED), ("vendor_talk", VENDOR_TALK),
        ):  # fmt: skip
            setattr(self, name, (view.flags & bit) != 0)


@dataclass(frozen=True, slots=True, eq=False)
class Admitted:
    rows: IntArray
    mask: BoolArray
    position: IntArray

    @classmethod
    def unpack(cls, bits: ByteArray, company_count: int) -> "Admitted":
        mask = np.unpackbits(bits, count=company_count).view(np.bool_)
        rows = np.flatnonzero(mask).astype(np.int32)
        position = np.empty(company_count, dtype=np.int32)
        position[rows] = np.arange(len(rows), dtype=np.int32)
        return cls(rows, mask, position)

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, companies: IntArray) -> tuple[IndexArray | slice, IntArray]:
        if len(self.rows) == len(self.mask):
            return (slice(None), companies)
        kept = np.flatnonzero(self.mask[companies])
        return (kept, self.position[companies[kept]])


def run_starts(keys: IntArray) -> IndexArray:
    if not len(keys):
        return np.zeros(0, dtype=np.intp)
    changed = np.empty(len(keys), dtype=np.bool_)
    changed[0] = True
    np.not_equal(keys[1:], keys[:-1], out=changed[1:])
    return np.flatnonzero(changed)


def run_top(values: FloatArray, starts: IndexArray, depth: int) -> IndexArray:
    top = np.full((len(starts), depth), -1, dtype=np.intp)
    index = np.arange(len(values))
    run = np.arange(len(starts))
    for rank in range(depth):
        if not len(starts):
            break
        sizes = np.diff(starts, append=len(values))
        highest = np.repeat(np.maximum.reduceat(values, starts), sizes)
        at_top = np.flatnonzero(values == highest)
        owner = np.searchsorted(starts, at_top, side="right") - 1
        at_top = at_top[run_starts(owner)]
        top[run, rank] = index[at_top]
        left = np.repeat(sizes > 1, sizes)
        left[at_top] = False
        values, index = (values[left], index[left])
        again = np.flatnonzero(sizes > 1)
        run = run[again]
        starts = np.concatenate(([0], np.cumsum(sizes[again] - 1)[:-1])) if len(again) else starts[:0]
    return top


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    rows: IntArray
    positions: IntArray
    raw: FloatArray
    matched: BitArray

    def take(self, index: IndexArray | BoolArray) -> "Hits":
        return Hits(self.rows[index], self.positions[index], self.raw[index], self.matched[index])


def unite(terms: list[TermPostings], admitted: Admitted) -> Hits:
    rows, positions, raw, matched = ([], [], [], [])
    for number, term in enumerate(terms):
        kept, at = admitted.select(term.companies)
        rows.append(term.rows[kept])
        positions.append(at)
        raw.append(term.raw[kept])
        matched.append(np.full(len(at), 1 << number, dtype=np.uint32))
    if not terms:
        none = np.zeros(0, dtype=np.int32)
        return Hits(none, none, np.zeros(0), np.zeros(0, dtype=np.uint32))
    if len(terms) == 1:
        return Hits(rows[0], positions[0], raw[0].astype(np.float64), matched[0])
    return _merged(
        np.concatenate(rows), np.concatenate(positions), np.concatenate(raw), np.concatenate(matched)
    )


def _merged(rows: IntArray, positions: IntArray, raw: Float32Array, matched: BitArray) -> Hits:
    order = np.argsort(rows, kind="stable")
    rows = rows[order]
    starts = run_starts(rows)
    if not len(starts):
        return Hits(rows, positions, raw.astype(np.float64), matched)
    return Hits(
        rows[starts],
        positions[order[starts]],
        np.add.reduceat(raw[order].astype(np.float64), starts),
        np.bitwise_or.reduceat(matched[order], starts),
    )


def settled_until(
    lists: Sequence[EventLists], concepts: Sequence[int], admitted: Admitted
) -> dict[int, FloatArray]:
    found: dict[int, FloatArray] = {}
    for place, concept in enumerate(concepts):
        for events in lists:
            begin, end = (events.offsets[max(concept, 0)], events.offsets[max(concept, 0) + 1])
            kept, positions = admitted.select(events.companies[begin:end])
            if concept < 0 or not len(positions):
                continue
            until = found.setdefault(place, np.full(len(admitted), NEVER))
            np.maximum.at(until, positions, events.effective_s[begin:end][kept])
    return found


def settled_hits(
    hits: Hits, effective_s: FloatArray, until: Mapping[int, FloatArray], concepts: int, removes: BoolArray
) -> BoolArray:
    open_bits = hits.matched & np.uint32((1 << concepts) - 1)
    matched = open_bits != 0
    for place, seconds in until.items():
        last = seconds[hits.positions]
        dead = np.flatnonzero(effective_s <= last)
        dead = dead[(effective_s[dead] < last[dead]) | ~removes[hits.rows[dead]]]
        open_bits[dead] &= np.uint32(4294967295 ^ 1 << place)
    settled: BoolArray = matched & (open_bits == 0)
    return settled


def settled_throughout(until: Mapping[int, FloatArray], concepts: int) -> FloatArray | None:
    if not concepts or len(until) < concepts:
        return None
    throughout: FloatArray = np.minimum.reduce(list(until.values()))
    return throughout


NO_HITS = Hits(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0), np.zeros(0, np.uint32))


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    as_of_s: float
    admitted: Admitted
    vendors: BoolArray
    concepts: tuple[str, ...]
    idf_sum: float
    term_count: int
    tables: EvidenceTables
    dated: Dated
    config: IntentConfig
    until: Mapping[int, FloatArray]
    tenant: int


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    hits: Hits
    settled: Hits
    age_days: FloatArray
    decay: FloatArray
    contribution: FloatArray
    owners: IntArray
    starts: IndexArray
    top: IndexArray
    evidence: FloatArray
    best_raw: FloatArray


def visible_hits(hits: Hits, setting: Setting) -> Hits:
    visible = setting.dated.known[hits.rows]
    if setting.tables.snippets.tenant.any():
        owner = setting.tables.snippets.tenant[hits.rows]
        visible &= (owner == SHARED) | (owner == setting.tenant)
    return hits if visible.all() else hits.take(visible)


def weigh(hits: Hits, setting: Setting) -> Contributions:
    config, snippets = (setting.config, setting.tables.snippets)
    needed = setting.dated.usable[hits.rows] & ~setting.vendors[hits.positions]
    if not needed.all():
        hits = hits.take(needed)
    effective = setting.dated.effective_s[hits.rows]
    settled = NO_HITS
    if setting.until:
        gone = settled_hits(hits, effective, setting.until, len(setting.concepts), setting.dated.removes)
        settled, hits, effective = (hits.take(gone), hits.take(~gone), effective[~gone])
    age = ages_days(effective, setting.as_of_s)
    decay = time_decay(age, config.decay.taus()[snippets.kind[hits.rows]], config.decay.floor)
    contribution = hits.raw * decay
    if config.source_weights:
        weights = setting.tables.source_weights(config.source_weights)
        contribution *= weights[snippets.source_type[hits.rows]]
    if setting.dated.doubtful is not None:
        contribution[setting.dated.doubtful[snippets.miner[hits.rows]]] *= config.doubt_weight
    starts = run_starts(hits.positions)
    top = run_top(contribution, starts, SIGNALS_PER_COMPANY)
    discounts = config.rank_discount ** np.arange(SIGNALS_PER_COMPANY)
    return Contributions(
        hits=hits,
        settled=settled,
        age_days=age,
        decay=decay,
        contribution=contribution,
        owners=hits.positions[starts],
        starts=starts,
        top=top,
        evidence=picked(contribution, top, 0.0) @ discounts,
        best_raw=np.maximum.reduceat(hits.raw, starts) if len(starts) else np.zeros(0),
    )


def picked(values: FloatArray, index: IndexArray, otherwise: float) -> FloatArray:
    return np.append(values, otherwise)[index]
