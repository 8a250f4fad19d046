"""Judges suppliers on their record: quality, throttle, and what they earn (F-8, F-9); no I/O."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from configs.suppliers import SupplierArgs
from ingest.suppliers.crediting import Revision, current, events_of, original_words, shared_points
from ingest.suppliers.record import ShownLead, Supplier, SupplierRecord
from ranking.emissions import NOTHING, Emissions, credits_by_window, emissions, roles
from ranking.miner_quality import MinerQuality, expected_events, miner_quality, position_rates
from ranking.types import BoolArray, ByteArray, FloatArray, IntArray

ThrottleReason = Literal["conduct", "reposts", "template", "by_hand"]
_DEVIATES: Final = 2.576  # a 99 % interval, as `ranking.suppliers` has it


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What was found of m suppliers, in the order of the record.

    Attributes:
        impressions, clicks, conversions: float64[m] leads shown with their snippets, and what came of them.
        expected_clicks, expected_conversions: float64[m].
        throttled: why each is throttled, None where it is not.
        earned: float64[2, 3, m] points sourced and curated within the windows, before quality and bars.
        click_rates, conversion_rates: float64[positions] of all evidence.
    """

    impressions: FloatArray
    clicks: FloatArray
    conversions: FloatArray
    expected_clicks: FloatArray
    expected_conversions: FloatArray
    quality: MinerQuality
    throttled: tuple[ThrottleReason | None, ...]
    earned: FloatArray
    emissions: Emissions
    click_rates: FloatArray
    conversion_rates: FloatArray


def judge_suppliers(record: SupplierRecord, args: SupplierArgs) -> Verdicts:
    """The verdicts on everybody in the record; the same record gives the same verdicts."""
    count = len(record.suppliers)
    told = [lead for lead in record.shown if lead.is_told]
    place = np.array([min(lead.position, args.positions) for lead in told], dtype=np.int64) - 1
    clicked = np.array([lead.is_clicked for lead in told], dtype=np.float64)
    converted = np.array([lead.is_converted for lead in told], dtype=np.float64)
    shown = np.bincount(place, minlength=args.positions).astype(np.float64)
    all_clicked, all_converted = (
        _summed(place, clicked, args.positions), _summed(place, converted, args.positions),
    )  # fmt: skip
    lead, miner = _carried(told, record.suppliers)
    cells = miner.astype(np.int64) * args.positions + place[lead]

    def by_place(values: FloatArray) -> FloatArray:
        return _summed(cells, values, count * args.positions).reshape(count, args.positions)

    own_shown = by_place(np.ones(len(lead)))
    own_clicked, own_converted = by_place(clicked[lead]), by_place(converted[lead])
    clicks, conversions = own_clicked.sum(axis=1), own_converted.sum(axis=1)
    expected_clicks = expected_events(own_shown, own_clicked, shown, all_clicked)
    expected_conversions = expected_events(own_shown, own_converted, shown, all_converted)
    quality = miner_quality(clicks, expected_clicks, conversions, expected_conversions)
    throttled = tuple(throttle_reason(each, args) for each in record.suppliers)
    barred: BoolArray = quality.flagged | np.array(
        [reason is not None for reason in throttled], dtype=np.bool_
    )
    earned = _earned(record, _struck_out(record, barred), args)
    return Verdicts(
        impressions=own_shown.sum(axis=1),
        clicks=clicks,
        conversions=conversions,
        expected_clicks=expected_clicks,
        expected_conversions=expected_conversions,
        quality=quality,
        throttled=throttled,
        earned=earned,
        emissions=emissions(earned, quality.factor, barred),
        click_rates=position_rates(shown, all_clicked),
        conversion_rates=position_rates(shown, all_converted),
    )


def throttle_reason(supplier: Supplier, args: SupplierArgs) -> ThrottleReason | None:
    """Why a supplier is throttled: by hand, for what it sends, or because its texts are one template."""
    if supplier.throttled_by_hand:
        return "by_hand"
    if _lower_bound(supplier.flagged, supplier.snippets) > args.throttle_share:
        return "conduct"
    if _lower_bound(supplier.repeats, supplier.snippets) > args.repost_share:
        return "reposts"
    like = supplier.likeness
    is_template = (
        like.texts >= args.template_texts
        and like.share > args.template_share
        and like.spread < args.template_spread
    )
    return "template" if is_template else None


def _lower_bound(happened: int, of: int) -> float:
    """Lower end of Wilson's score interval of a share, 0 of nothing."""
    if not of:
        return 0.0
    share, spread = happened / of, _DEVIATES**2 / of
    margin = float(np.sqrt(spread * (share * (1 - share) + spread / 4)))
    return (share + spread / 2 - margin) / (1 + spread)


def _carried(told: Sequence[ShownLead], suppliers: Sequence[Supplier]) -> tuple[IntArray, IntArray]:
    """Which lead carried evidence of whom, each pair once; what suppliers asked for themselves tells nothing."""
    number = {each.miner_id: place for place, each in enumerate(suppliers)}
    pairs = [
        (at, number[name])
        for at, lead in enumerate(told)
        for name in sorted({miner for miner, _, _ in lead.signals})
        if name in number and lead.submitter not in suppliers[number[name]].readers
    ]
    columns = np.array(pairs, dtype=np.int32).reshape(-1, 2)
    return columns[:, 0], columns[:, 1]


def _summed(group: np.ndarray[Any, np.dtype[np.integer[Any]]], values: FloatArray, groups: int) -> FloatArray:
    """float64[groups] sums of the values of each."""
    return np.bincount(group, weights=values, minlength=groups).astype(np.float64)


def _struck_out(record: SupplierRecord, barred: BoolArray) -> Set[tuple[str, str]]:
    """Snippets that do not count: flagged ones and repeats, but for repeats of the barred, who must not silence others by being first."""
    out = {each.miner_id for each, is_barred in zip(record.suppliers, barred, strict=True) if is_barred}
    return record.flagged | {key for key, original in record.repeats.items() if original not in out}


def _earned(record: SupplierRecord, struck_out: Set[tuple[str, str]], args: SupplierArgs) -> FloatArray:
    """float64[2, 3, m] points by role and window."""
    keys = sorted(record.snippets)
    snippets = [current(record.snippets[key]) for key in keys]
    role = _roles(keys, snippets, record.suppliers, struck_out, args)
    at = {key: int(each) for key, each in zip(keys, role, strict=True)}
    number = {each.miner_id: place for place, each in enumerate(record.suppliers)}
    rows: list[tuple[int, int, float, float]] = []
    for lead in record.shown:
        points = shared_points([each[2] for each in lead.signals], lead.intent_points)
        for (miner, snippet, _), share in zip(lead.signals, points, strict=True):
            place = number.get(miner)
            if place is not None and lead.submitter not in record.suppliers[place].readers:
                rows.append((place, at.get((miner, snippet), NOTHING), share, lead.age_days))
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return credits_by_window(
        table[:, 0].astype(np.int32), table[:, 1].astype(np.uint8), table[:, 2], table[:, 3], len(number)
    )


def _roles(
    keys: Sequence[tuple[str, str]],
    snippets: Sequence[Revision],
    suppliers: Sequence[Supplier],
    struck_out: Set[tuple[str, str]],
    args: SupplierArgs,
) -> ByteArray:
    """uint8[s] what each snippet is to its event; suppliers of one owner are one, as they confirm nothing to each other."""
    owners = {name: place for place, name in enumerate(sorted({each.owner for each in suppliers}))}
    owner_of = np.array([owners[each.owner] for each in suppliers], dtype=np.int32)
    event = events_of(snippets, args.event_gap_days)
    counted: BoolArray = np.array([key not in struck_out for key in keys], dtype=np.bool_)
    miner = np.array([each.miner for each in snippets], dtype=np.int64)
    seen_s = np.array([each.seen_s for each in snippets], dtype=np.float64)
    return roles(event, owner_of[miner], seen_s, original_words(snippets, event, counted))
