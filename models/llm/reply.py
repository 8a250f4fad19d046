"""Scores out of a language model's reply, or an error of that call: nothing in between.

DependencyError
└── GarbledReply    the reply is not what was asked for
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from models.llm.prompting import Prompt
from models.llm.sentinels import believable
from ranking.errors import DependencyError

_LONGEST: Final = 100_000


class GarbledReply(DependencyError):
    """The reply cannot be believed; `reason` says why in one of a few fixed words."""


def read_scores(content: str, prompt: Prompt) -> list[float]:
    """One score in [0, 100] per candidate, in the order of the question.

    A score outside the range is clamped. Everything else that is not as asked is an error: no JSON, other keys, a key twice, an id missing,
    twice or foreign, a score that is no finite number, or companies of known score in the wrong place.

    Raises:
        GarbledReply: see above.
    """
    known = (prompt.high, prompt.low) if prompt.high else ()
    scores = _scores(_judgements(content), {*prompt.ids, *known})
    if known and not believable(scores[prompt.high], scores[prompt.low]):
        raise _garbled("sentinels")
    return [scores[each] for each in prompt.ids]


def _judgements(content: str) -> Sequence[Any]:
    if len(content) > _LONGEST:
        raise _garbled("too_long")
    try:
        document = json.loads(content, object_pairs_hook=_object, parse_constant=_constant)
    except (ValueError, RecursionError) as err:
        raise _garbled("not_json") from err
    if not isinstance(document, Mapping) or set(document) != {"judgements"}:
        raise _garbled("wrong_shape")
    judgements = document["judgements"]
    if not isinstance(judgements, list):
        raise _garbled("wrong_shape")
    return judgements


def _scores(judgements: Sequence[Any], asked: set[str]) -> dict[str, float]:
    scores: dict[str, float] = {}
    for each in judgements:
        if not isinstance(each, Mapping) or set(each) != {"id", "score"} or not isinstance(each["id"], str):
            raise _garbled("wrong_shape")
        identity = each["id"]
        if identity not in asked:
            raise _garbled("foreign_id")
        if identity in scores:
            raise _garbled("double_id")
        scores[identity] = _score(each["score"])
    if len(scores) != len(asked):
        raise _garbled("missing_id")
    return scores


def _score(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _garbled("wrong_score")
    try:
        score = float(value)
    except OverflowError as err:
        raise _garbled("wrong_score") from err
    if not math.isfinite(score):
        raise _garbled("wrong_score")
    return min(100.0, max(0.0, score))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _garbled("double_key")
    return found


def _constant(_: str) -> float:
    raise _garbled("wrong_score")


def _garbled(reason: str) -> GarbledReply:
    return GarbledReply("llm", reason)
