"""The columns of a batch: of each lead what the API answers, and of each prompt what became of it."""

from typing import Any, Final

import pyarrow as pa

_TEXT: Final = pa.string()
_CONTACT: Final = pa.struct(
    [("name", _TEXT), ("title", _TEXT), ("seniority", _TEXT), ("email", _TEXT), ("note", _TEXT)]
)
_SIGNAL: Final = pa.struct([
    ("miner_id", _TEXT), ("snippet_id", _TEXT), ("kind", _TEXT), ("text", _TEXT), ("source_url", _TEXT),
    ("observed_at", _TEXT), ("age_days", pa.float64()), ("decay", pa.float64()), ("points", pa.float64()),
    ("matched_terms", pa.list_(_TEXT)),
])  # fmt: skip
_WATERFALL_PART: Final = pa.struct(
    [("part", _TEXT), ("value", pa.float64()), ("weight", pa.float64()), ("points", pa.float64())]
)

LEADS: Final = pa.schema([
    ("prompt_id", _TEXT), ("rank", pa.int32()), ("lead_id", _TEXT), ("company_id", _TEXT), ("company_name", _TEXT),
    ("domain", _TEXT), ("industry", _TEXT), ("employee_count", pa.int64()), ("country", _TEXT), ("city", _TEXT),
    ("contact", _CONTACT), ("score", pa.float64()), ("fit_score", pa.float64()), ("intent_score", pa.float64()),
    ("confidence", pa.float64()), ("intent_source", _TEXT), ("step", _TEXT), ("unverified", pa.list_(_TEXT)),
    ("signals", pa.list_(_SIGNAL)), ("waterfall", pa.list_(_WATERFALL_PART)), ("why", _TEXT),
    ("merged", pa.list_(_TEXT)),
])  # fmt: skip
"""One row per returned lead: `prompt_id`, then `ranking.answer.RankedLead` field by field."""

PROMPTS: Final = pa.schema([
    ("prompt_id", _TEXT), ("row", pa.int64()), ("prompt", _TEXT), ("code", _TEXT), ("detail", _TEXT),
    ("leads", pa.int32()), ("limit", pa.int32()), ("pool", pa.int64()), ("available", pa.int64()), ("shortfall", _TEXT),
    ("language", _TEXT), ("parse_confidence", pa.float64()), ("category", _TEXT), ("concepts", pa.list_(_TEXT)),
    ("degradations", pa.list_(_TEXT)), ("unresolved_exemplars", pa.list_(_TEXT)), ("cpu_ms", pa.float64()),
])  # fmt: skip
"""One row per prompt; `code` is null where nothing is to be said of it (`deployments.batch.remarks`)."""

REPORT: Final = pa.schema([
    ("part", pa.int64()), ("prompts", pa.int64()), ("leads", pa.int64()), ("remarks", pa.int64()),
    ("cpu_s", pa.float64()), ("peak_rss_mib", pa.float64()), ("pid", pa.int64()),
])  # fmt: skip
"""What a worker tells of a part that it has written."""


def table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as a table; a field that the schema does not know is an error and not dropped."""
    known = set(schema.names)
    for row in rows:
        if not row.keys() <= known:
            raise ValueError(f"no column for {sorted(row.keys() - known)}")
    return pa.Table.from_pylist(rows, schema=schema)
