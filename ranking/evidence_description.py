"""The columns of `EVIDENCE_FEATURES` for the companies of the pool (F-10)."""

from typing import Final

import numpy as np

from ranking.contributions import Contributions, Hits, Setting
from ranking.evidence_features import EVIDENCE_FEATURES
from ranking.kernels.hits import describe_seen
from ranking.kernels.pool import describe_companies, describe_event
from ranking.kernels.weighing import describe_on_topic
from ranking.types import Float32Array, FloatArray, IntArray

RECENT_DAYS: Final = np.array([30.0, 90.0, 180.0])

_DISCARDED, _SELLS, _SNIPPETS = (EVIDENCE_FEATURES.index(name) for name in ("discarded", "sells", "snippets"))
_JOB_REL, _CHURN_REL = EVIDENCE_FEATURES.index("job_rel"), EVIDENCE_FEATURES.index("churn_rel")


def described(
    pool: IntArray,
    groups: IntArray,
    setting: Setting,
    hits: Hits,
    scored: Contributions,
    *,
    churn: tuple[FloatArray, IntArray],
    job: tuple[FloatArray, IntArray],
) -> Float32Array:
    """float32[m, len(EVIDENCE_FEATURES)] of the companies at `pool`, ascending admitted positions.

    Args:
        groups: int32[m] which of `scored.owners` each company is, -1 for none.
        hits: all of them; `scored`: those that count.
        churn, job: worth and row of each company's best event, [m].

    Source: F-10.
    """
    features = np.empty((len(pool), len(EVIDENCE_FEATURES)), dtype=np.float32)
    columns, dated, kept = setting.tables.columns, setting.dated, scored.hits
    describe_on_topic(
        features, groups, scored.starts, kept.rows, kept.matched, kept.raw, scored.age_days,
        scored.best_raw, scored.evidence, columns.observed, columns.kind, columns.miner, columns.suppliers,
        columns.source_type, columns.source_types, dated.doubtful, RECENT_DAYS, setting.idf_sum, setting.term_count,
    )  # fmt: skip
    describe_seen(
        features, _DISCARDED, pool, hits.rows, hits.positions, scored.fate, dated.flags,
        setting.until, setting.as_of_s,
    )  # fmt: skip
    features[:, _SELLS] = setting.vendors[pool]
    boosts = setting.config.boosts
    for column, (worth, rows), tau_days in (
        (_JOB_REL, job, boosts.job_tau_days),
        (_CHURN_REL, churn, boosts.churn_tau_days),
    ):
        age = describe_event(features, column + 1, rows, dated.effective_s, setting.as_of_s)
        features[:, column] = np.exp(worth + age / tau_days)
    describe_companies(
        features, _SNIPPETS, setting.admitted.companies(pool), dated.snippets, dated.newest_s,
        dated.postings, dated.newest_posting_s, setting.as_of_s,
    )  # fmt: skip
    return features
