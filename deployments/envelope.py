"""The bytes of an answer: what `POST /query` sends around the ranked leads."""

import orjson

from deployments.query_flow import Answer
from deployments.query_json import moment, query_json, versions_of
from ranking.understanding import is_understood

_SHARED = "two rankings share this list (`picked_by`), so its order is not that of the scores, which are the standing ranking's"
_NOT_UNDERSTOOD = (
    "the prompt names no product or target that is known here, and no evidence has its words: this is anybody, "
    "in no order of need"
)


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
        "versions": {"snapshot": ranked.generation, **versions_of(ranked, versions)}, "as_of": moment(answer.request.as_of_s),
        "cache": {"parse": answer.parse_cached, "embedding": answer.embedding_cached}, "parsed_by": answer.parsed_by,
        "unresolved_exemplars": ranked.unresolved_exemplars,
        "note": "scores compare within this answer only; confidence is not calibrated yet",
    }  # fmt: skip
    if ranked.challenger is not None:
        metadata["challenger"] = ranked.challenger.model_dump()
        metadata["note"] = f"{_SHARED}; {metadata['note']}"
    if not is_understood(answer.request.query, ranked):
        metadata["note"] = f"{_NOT_UNDERSTOOD}; {metadata['note']}"
    parsed = orjson.Fragment(query_json(answer.request.query))
    return dumps({"query_id": answer.query_id, "parsed": parsed, "leads": leads, "metadata": metadata})


def dumps(value: object) -> bytes:
    """Any of our values as JSON: dataclasses by field, NumPy arrays as lists."""
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
