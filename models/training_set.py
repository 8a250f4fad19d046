"""From outcomes to labelled feature rows: the same pipeline that answers queries makes the features (F-10)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.training import TrainingRows
from ranking.config import RankingConfig
from ranking.deadline import Clock, Deadline
from ranking.features import FEATURES, matrix
from ranking.pipeline import Journey, Ports, RankRequest, Survey, survey
from ranking.types import BoolArray, IntArray, Query

_LIMIT = 500
_DEADLINE_MS = 60_000.0


@dataclass(frozen=True, slots=True)
class Example:
    """One query that was shown, with what came of it.

    `bought` maps company ids that were shown to whether they bought; `as_of_s` is when the list was shown, so that no
    feature sees anything later.
    """

    query: Query
    as_of_s: float
    bought: Mapping[str, bool]


async def collect(
    examples: Sequence[Example],
    ports: Ports,
    config: RankingConfig,
    clock: Clock,
    progress: Callable[[int], None] = lambda _: None,
) -> TrainingRows:
    """Rows of every shown company that the pipeline takes into its pool, in the order of `examples`."""
    parts: list[TrainingRows] = []
    for number, example in enumerate(examples):
        request = RankRequest(
            example.query, _LIMIT, example.as_of_s, config.final, config.fit.weights, llm="never"
        )
        found = await survey(request, ports, config, Deadline.after_ms(_DEADLINE_MS, clock), Journey(clock))
        parts.append(_rows(found, example, number))
        progress(number + 1)
    return TrainingRows(
        features=np.concatenate(
            [part.features for part in parts] or [np.zeros((0, len(FEATURES)), np.float32)]
        ),
        labels=np.concatenate([part.labels for part in parts] or [np.zeros(0, np.bool_)]),
        queries=np.concatenate([part.queries for part in parts] or [np.zeros(0, np.int32)]),
    )


def _rows(found: Survey, example: Example, number: int) -> TrainingRows:
    pool, candidates = found.pool, found.candidates
    shown, labels = _labelled(found, example.bought)
    features = matrix(candidates, pool, found.catalogue.facts(candidates.rows[pool.positions]))
    return TrainingRows(features[shown], labels, np.full(len(shown), number, dtype=np.int32))


def _labelled(found: Survey, bought: Mapping[str, bool]) -> tuple[IntArray, BoolArray]:
    """Pool positions of the companies that were shown, and whether they bought."""
    place = {int(row): at for at, row in enumerate(found.candidates.rows[found.pool.positions].tolist())}
    labels: dict[int, bool] = {}
    for company_id, did_buy in bought.items():
        row = found.catalogue.company_row(company_id)
        if row is not None and row in place:
            labels[place[row]] = labels.get(place[row], False) or did_buy
    shown = np.array(sorted(labels), dtype=np.int32)
    return shown, np.array([labels[at] for at in shown.tolist()], dtype=np.bool_)
