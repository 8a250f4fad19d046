"""What evidence tells the booster about a company, as named aggregates (F-10)."""

from typing import Final

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
