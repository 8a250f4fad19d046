"""Whether an answer of `POST /query` is whole and adds up; the generator asks this of its sample."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

_TOLERANCE = 1e-6
_FAULTS_KEPT = 5
_DEFAULT_LIMIT = 25


def checked(pairs: Iterable[tuple[bytes, str]]) -> dict[str, Any]:
    """What the sampled `(answer, request)` pairs say together.

    Returns:
        `checked`, `faults` (first sentences), `faulty`; sums over the faultless: `leads`, `bytes`, `cost_usd`, `llm_ratio` (mean),
        `routes`.
    """
    faults: list[str] = []
    routes: Counter[str] = Counter()
    leads, size_bytes, cost_usd, ratios = 0, 0, 0.0, 0.0
    count = whole = 0
    for body, request in pairs:
        count += 1
        size_bytes += len(body)
        fault = fault_of(body, orjson.loads(request).get("limit", _DEFAULT_LIMIT))
        if fault is not None:
            faults.append(fault)
            continue
        metadata = orjson.loads(body)["metadata"]
        whole += 1
        leads += metadata["returned"]
        cost_usd += metadata["cost"]["total_usd"]
        ratios += metadata["cost"]["llm_ratio"]
        routes.update(metadata["routes"])
    return {
        "checked": count, "faulty": len(faults), "faults": faults[:_FAULTS_KEPT], "leads": leads,
        "bytes": size_bytes, "cost_usd": cost_usd, "llm_ratio": ratios / whole if whole else None,
        "routes": dict(routes),
    }  # fmt: skip


def fault_of(body: bytes, limit: int) -> str | None:
    """What is wrong with the answer to a request for `limit` leads; None when nothing is."""
    try:
        return next(_faults(orjson.loads(body), limit), None)
    except (ValueError, KeyError, TypeError) as err:
        return f"not an answer: {type(err).__name__}: {err}"


def _faults(answer: dict[str, Any], limit: int) -> Iterator[str]:
    leads, returned = answer["leads"], answer["metadata"]["returned"]
    if len(leads) != returned or returned > limit:
        yield f"{len(leads)} leads, says {returned}, of {limit} asked for"
    if [lead["rank"] for lead in leads] != list(range(1, len(leads) + 1)):
        yield "ranks are not 1, 2, 3, ..."
    if len({lead["company_id"] for lead in leads}) != len(leads):
        yield "a company is there twice"
    scores = [lead["score"] for lead in leads]
    if scores != sorted(scores, reverse=True):
        yield "scores are not in order"
    for lead in leads:
        total = sum(part["points"] for part in lead["waterfall"])
        if abs(total - lead["score"]) > _TOLERANCE:
            yield f"waterfall of {lead['company_id']} sums to {total}, score {lead['score']}"
