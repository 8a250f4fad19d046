"""Fit and intent of returned leads, written behind into `fit:{lead_id}` and `intent:{lead_id}`; no query reads them.

A hash has one field per targets or product and snapshot generation: `[score, version, seconds since the epoch]`. An answer becomes
one object in one argument of one script, because 50 commands of redis-py would cost more than ranking the leads.
"""

import hashlib
from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import orjson

from configs.caches import ValuesArgs
from deployments.caches.reach import Command
from deployments.llm.evidence import product_key
from ranking.answer import RankedList
from ranking.journey import RankRequest
from ranking.types import Query

_HASH_BYTES = 12


@dataclass(frozen=True, slots=True)
class _Shown:
    """One answer's columns; the names are the script's."""

    targets: str
    product: str
    version: str
    at_s: int
    leads: list[str]
    fit: list[float]
    intent: list[float]


class LeadValues:
    """Takes answers without waiting; `commands` gives what has gathered to whoever writes.

    Args:
        hidden: ids of leads of which nothing may be kept, asked for whenever commands are made.
        dropped: told of answers that are not written.
    """

    def __init__(
        self, args: ValuesArgs, hidden: Callable[[], Set[str]], dropped: Callable[[int], None]
    ) -> None:
        self._args = args
        self._hidden = hidden
        self._dropped = dropped
        self._waiting: list[_Shown] = []
        self._answers = 0

    def put(self, request: RankRequest, ranked: RankedList, version: str, at_s: float) -> None:
        """Keep the values of the first answer of each `every`; a tenant's own leads are nobody else's business."""
        if not self._args.every or request.tenant is not None:
            return
        self._answers += 1
        if (self._answers - 1) % self._args.every:
            return
        if len(self._waiting) >= self._args.waiting:
            self._dropped(1)
            return
        generation, leads = ranked.generation, ranked.leads
        self._waiting.append(
            _Shown(
                f"{targets_key(request.query)}:{generation}", f"{product_key(request.query.product)}:{generation}",
                version, int(at_s), [lead["lead_id"] for lead in leads], [lead["fit_score"] for lead in leads],
                [lead["intent_score"] for lead in leads],
            )
        )  # fmt: skip

    def commands(self) -> list[Command]:
        """Scripts that write what has gathered."""
        hidden = self._hidden()
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return []
        most, ttl_s, size = self._args.fields, self._args.keep_s, self._args.per_script
        shown = [_without(each, hidden) for each in waiting]
        return [
            (
                "EVAL",
                _script(),
                0,
                most,
                ttl_s,
                orjson.dumps(shown[start : start + size], option=orjson.OPT_SERIALIZE_NUMPY),
            )
            for start in range(0, len(shown), size)
        ]


def targets_key(query: Query) -> str:
    """Queries of one key want the same companies: what fit is about."""
    wanted = orjson.dumps((query.include, query.exemplars))
    return hashlib.blake2b(wanted, digest_size=_HASH_BYTES).hexdigest()


def _without(shown: _Shown, hidden: Set[str]) -> _Shown:
    if hidden.isdisjoint(shown.leads):
        return shown
    open_ = [at for at, lead in enumerate(shown.leads) if lead not in hidden]
    return replace(
        shown, leads=[shown.leads[at] for at in open_], fit=[shown.fit[at] for at in open_],
        intent=[shown.intent[at] for at in open_],
    )  # fmt: skip


@cache
def _script() -> str:
    return (files(__package__) / "lead_values.lua").read_text("utf-8")
