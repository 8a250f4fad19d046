"""What evidence tells the booster about a company, as named aggregates (F-10)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ranking.boosts import Strongest
from ranking.contributions import Contributions, Setting
from ranking.decay import ages_days
from ranking.hits import Hits
from ranking.segments import run_starts
from ranking.types import BoolArray, Float32Array, FloatArray, IntArray

Column = NDArray[np.floating | np.integer]

EVIDENCE_FEATURES: Final[tuple[str, ...]] = (
    "on_topic",
    "on_topic_30d",
    "on_topic_90d",
    "on_topic_180d",
    "on_topic_newest_days",
    "on_topic_undated_share",
    "raw_best",
    "raw_best_share",
    "raw_sum",
    "evidence_sum",
    "kinds",
    "terms_matched",
    "terms_matched_share",
    "miners",
    "source_types",
    "doubtful",
    "discarded",
    "repeats",
    "stuffed",
    "no_need",
    "settled",
    "settled_days",
    "vendor_talk",
    "sells",
    "job_rel",
    "job_days",
    "churn_rel",
    "churn_days",
    "snippets",
    "snippet_newest_days",
    "postings",
    "posting_newest_days",
)
"""Column names of `PoolEvidence.counts`, float32, NaN where unknown.

`on_topic*` count hits with need > 0 (as vendors have none: 0 for them). `raw_best_share` is the best raw
score over the sum of the terms' idf, `terms_matched_share` the share of the query's terms that some hit
matched. `doubtful` counts on-topic hits by suppliers in doubt, `discarded` hits that are repeats or flagged,
`repeats` and `stuffed` those alone, `no_need` hits that only mention, `settled` hits whose need a later choice
has met, `vendor_talk` hits that speak as a seller; `settled_days` is the age of the newest choice,
`sells` is 1 for a vendor of one of the concepts. `*_days` are ages in days. `snippets` and `postings` (real
ones) count the company's shared snippets on any topic.
"""

RECENT_DAYS: Final = (30.0, 90.0, 180.0)


def evidence_features(
    pool: IntArray, setting: Setting, hits: Hits, scored: Contributions, *, churn: Strongest, job: Strongest
) -> Float32Array:
    """float32[m, len(EVIDENCE_FEATURES)] of the companies at `pool`, ascending admitted positions.

    Args:
        hits: all visible ones. `scored`: those with need > 0.
        churn, job: the best event of every admitted company.

    Source: F-10.
    """
    member = np.full(len(setting.admitted), -1, dtype=np.int32)
    member[pool] = np.arange(len(pool), dtype=np.int32)
    columns = (
        *_on_topic(member, len(pool), setting, scored),
        *_variety(member, len(pool), setting, scored),
        *_left_out(member, len(pool), setting, hits, scored.settled),
        setting.vendors[pool],
        *_event(pool, setting, job, setting.config.boosts.job_tau_days),
        *_event(pool, setting, churn, setting.config.boosts.churn_tau_days),
        *_company(pool, setting),
    )
    return np.stack(columns, axis=1, dtype=np.float32, casting="unsafe")


def _on_topic(member: IntArray, count: int, setting: Setting, scored: Contributions) -> tuple[Column, ...]:
    """From `on_topic` to `evidence_sum`."""
    owner = member[scored.hits.positions]
    inside = owner >= 0
    owner, age, raw = owner[inside], scored.age_days[inside], scored.hits.raw[inside]
    undated = np.isnan(setting.tables.snippets.observed[scored.hits.rows[inside]])
    total = np.bincount(owner, minlength=count)
    recent = [np.bincount(owner[age <= days], minlength=count) for days in RECENT_DAYS]
    groups = member[scored.owners]
    kept = groups >= 0
    newest, best, evidence = np.full(count, np.nan), np.zeros(count), np.zeros(count)
    if len(scored.starts):
        newest[groups[kept]] = np.minimum.reduceat(scored.age_days, scored.starts)[kept]
    best[groups[kept]] = scored.best_raw[kept]
    evidence[groups[kept]] = scored.evidence[kept]
    with np.errstate(invalid="ignore", divide="ignore"):
        undated_share = np.bincount(owner, weights=undated, minlength=count) / total
    best_share = best / setting.idf_sum if setting.idf_sum > 0 else np.zeros(count)
    raw_sum = np.bincount(owner, weights=raw, minlength=count)
    return (total, *recent, newest, undated_share, best, best_share, raw_sum, evidence)


def _variety(member: IntArray, count: int, setting: Setting, scored: Contributions) -> tuple[Column, ...]:
    """From `kinds` to `doubtful`."""
    owner = member[scored.hits.positions]
    inside = owner >= 0
    owner, rows = owner[inside], scored.hits.rows[inside]
    snippets = setting.tables.snippets
    terms = _united_bits(owner, scored.hits.matched[inside], count)
    share = terms / max(setting.term_count, 1)
    kinds = _united_bits(owner, np.left_shift(1, snippets.kind[rows], dtype=np.uint16), count)
    miners = _distinct(owner, snippets.miner[rows], count)
    sources = _distinct(owner, snippets.source_type[rows], count)
    suspects = setting.dated.doubtful
    in_doubt = owner[:0] if suspects is None else owner[suspects[snippets.miner[rows]]]
    doubtful = np.bincount(in_doubt, minlength=count)
    return (kinds, terms, share, miners, sources, doubtful)


def _left_out(
    member: IntArray, count: int, setting: Setting, hits: Hits, settled: Hits
) -> tuple[Column, ...]:
    """From `discarded` to `vendor_talk`."""
    owner = member[hits.positions]
    inside = owner >= 0
    owner, rows = owner[inside], hits.rows[inside]
    snippets, repeats = setting.tables.snippets, setting.dated.repeats[rows]

    def counted(flags: BoolArray) -> Column:
        return np.bincount(owner[flags], minlength=count)

    past = member[settled.positions]
    return (
        counted(repeats | snippets.flagged[rows]),
        counted(repeats),
        counted(snippets.stuffed[rows]),
        counted(snippets.no_need[rows]),
        np.bincount(past[past >= 0], minlength=count),
        _settled_days(member, count, setting),
        counted(snippets.vendor_talk[rows]),
    )


def _settled_days(member: IntArray, count: int, setting: Setting) -> FloatArray:
    """Age of the newest choice of a product of any of the concepts, NaN without one."""
    newest = np.full(count, np.nan)
    pool = np.flatnonzero(member >= 0)
    for until in setting.until.values():
        newest[member[pool]] = np.fmax(newest[member[pool]], until[pool])
    newest[np.isinf(newest)] = np.nan
    return ages_days(newest, setting.as_of_s)


def _event(
    pool: IntArray, setting: Setting, strongest: Strongest, tau_days: float
) -> tuple[FloatArray, FloatArray]:
    """rel and age in days of the best event, NaN without one."""
    rows = strongest.rows[pool]
    rel, age = np.full(len(pool), np.nan), np.full(len(pool), np.nan)
    there = np.flatnonzero(rows >= 0)
    age[there] = ages_days(setting.dated.effective_s[rows[there]], setting.as_of_s)
    rel[there] = np.exp(strongest.worth[pool[there]] + age[there] / tau_days)
    return rel, age


def _company(pool: IntArray, setting: Setting) -> tuple[Column, ...]:
    """From `snippets` to `posting_newest_days`."""
    rows = setting.admitted.rows[pool]
    dated = setting.dated
    return (
        dated.snippets[rows],
        ages_days(dated.newest_s[rows], setting.as_of_s),
        dated.postings[rows],
        ages_days(dated.newest_posting_s[rows], setting.as_of_s),
    )


def _united_bits(owner: IntArray, bits: NDArray[np.unsignedinteger], count: int) -> FloatArray:
    """float64[count] number of distinct bits over each owner's entries; `owner` ascending."""
    distinct = np.zeros(count)
    starts = run_starts(owner)
    if len(starts):
        distinct[owner[starts]] = np.bitwise_count(np.bitwise_or.reduceat(bits, starts))
    return distinct


def _distinct(owner: IntArray, codes: NDArray[np.integer], count: int) -> FloatArray:
    """float64[count] number of distinct codes among each owner's entries."""
    if not len(owner):
        return np.zeros(count)
    width = int(codes.max()) + 1
    pairs = np.unique(owner.astype(np.int64) * width + codes)
    return np.bincount(pairs // width, minlength=count).astype(np.float64)
