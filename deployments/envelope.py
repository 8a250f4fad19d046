"""The bytes of an answer: what `POST /query` sends around the ranked leads."""

from datetime import UTC, datetime

import orjson

from deployments.query_flow import Answer


def envelope(answer: Answer, versions: dict[str, str], *, explain: bool) -> bytes:
    """The JSON document of one answer; without `explain` its leads have no waterfall and no sentence."""
    ranked = answer.ranked
    leads = ranked.leads
    if not explain:
        leads = tuple({**lead, "waterfall": [], "why": ""} for lead in leads)
    metadata = {
        "returned": len(leads), "pool": ranked.pool, "available": ranked.available, "shortfall": ranked.shortfall,
        "relaxation": ranked.relaxation, "routes": ranked.routes, "dropped": ranked.dropped,
        "degradations": ranked.degradations, "timings_ms": ranked.timings_ms, "cost": ranked.cost,
        "versions": {"snapshot": ranked.generation, **versions}, "as_of": datetime.fromtimestamp(answer.request.as_of_s, UTC).isoformat(),
        "cache": {"parse": answer.parse_cached, "embedding": False},
        "unresolved_exemplars": ranked.unresolved_exemplars,
        "note": "scores compare within this answer only; confidence is not calibrated yet",
    }  # fmt: skip
    return dumps({"query_id": answer.query_id, "parsed": answer.request.query, "leads": leads, "metadata": metadata})  # fmt: skip


def dumps(value: object) -> bytes:
    """Any of our values as JSON: dataclasses by field, NumPy arrays as lists."""
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
