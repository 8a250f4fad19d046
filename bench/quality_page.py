"""The tables of a record of ranking quality: one row per way to rank, quality with intervals, cost, CPU."""

from collections.abc import Iterator, Mapping
from typing import Any

PARTS = {"rows": "All prompts", "english": "English prompts: ways to ask"}
_HEAD = (
    "ranking", "Precision@25", "gain over LightGBM", "nDCG@25", "gain over LightGBM", "asked of the pool", "USD per lead, gpt-4o",
    "gpt-4o-mini", "USD per company asked, gpt-4o", "CPU P95 ms",
)  # fmt: skip


def tables(record: Mapping[str, Any]) -> Iterator[str]:
    """Lines of the tables, none for records of other things."""
    for part, title in PARTS.items():
        if part in record:
            yield from ("", f"**{title}**, {_prompts(record[part])} prompts", "")
            yield f"| {' | '.join(_HEAD)} |"
            yield "|" + "---|" * len(_HEAD)
            for name, row in record[part].items():
                yield f"| {name} | {' | '.join(_cells(row))} |"


def _prompts(rows: Mapping[str, Any]) -> int:
    return int(next(iter(rows.values()))["precision_at_25"]["prompts"])


def _cells(row: Mapping[str, Any]) -> Iterator[str]:
    for measure in ("precision", "ndcg"):
        yield _interval(row[f"{measure}_at_25"])
        yield _interval(row[f"{measure}_gain"], "+") if f"{measure}_gain" in row else ""
    yield f"{row['llm_ratio']:.3f}"
    for model in ("gpt-4o", "gpt-4o-mini"):
        yield f"{row['cost_per_lead_usd'][model]:.6f}"
    yield f"{row['cost_per_company_asked_usd']['gpt-4o']:.6f}"
    yield f"{row['cpu_ms']['p95']:.1f}"


def _interval(found: Mapping[str, float], sign: str = "") -> str:
    return f"{found['mean']:{sign}.3f} ({found['low']:{sign}.3f} to {found['high']:{sign}.3f})"
