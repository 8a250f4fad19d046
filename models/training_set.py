"""From outcomes to labelled feature rows: the same pipeline that answers queries makes the features (F-10)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.training import TrainingRows
from ranking.config import RankingConfig
from ranking.deadline import Clock, Deadline
from ranking.feature_matrix import matrix
from ranking.features import FEATURES
from ranking.journey import Journey, RankRequest, Survey
from ranking.pipeline import Ports, survey
from ranking.types import BoolArray, IntArray, Query

_LIMIT = 500
_DEADLINE_MS = 60_000.0
UNSHOWN = 200


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
    *,
    unshown: int = UNSHOWN,
    seed: int = 7,
) -> TrainingRows:
    """Rows of every shown company in the pipeline's pool, and of `unshown` others per example as rows that did not buy.

    Lists show the likely ones only; a model that never saw the rest would score it at random, and the rest is most of what it is asked
    about. Which others are taken depends on `seed` and the example's place alone.
    """
    parts: list[TrainingRows] = []
    for number, example in enumerate(examples):
        request = RankRequest(
            example.query, _LIMIT, example.as_of_s, config.final, config.fit.weights, llm="never"
        )
        found = await survey(request, ports, config, Deadline.after_ms(_DEADLINE_MS, clock), Journey(clock))
        others = np.random.default_rng((seed, number))
        parts.append(_rows(found, example, number, unshown, others))
        progress(number + 1)
    return _joined(parts)


def _joined(parts: Sequence[TrainingRows]) -> TrainingRows:
    nothing = TrainingRows(
        np.zeros((0, len(FEATURES)), np.float32), np.zeros(0, np.bool_), np.zeros(0, np.int32), np.zeros(0, np.str_),
        np.zeros(0, np.bool_),
    )  # fmt: skip
    parts = parts or [nothing]
    return TrainingRows(
        features=np.concatenate([part.features for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        queries=np.concatenate([part.queries for part in parts]),
        companies=np.concatenate([part.companies for part in parts]),
        shown=np.concatenate([part.shown for part in parts]),
    )


def _rows(
    found: Survey, example: Example, number: int, unshown: int, others: np.random.Generator
) -> TrainingRows:
    pool, candidates = found.pool, found.candidates
    shown, labels = _labelled(found, example.bought)
    features = matrix(candidates, pool, found.catalogue.facts(candidates.rows[pool.positions]))
    rest = np.setdiff1d(np.arange(len(pool.positions)), shown)
    count = min(unshown, len(rest)) if len(shown) else 0
    taken = others.choice(rest, count, replace=False)
    at = np.concatenate([shown, np.sort(taken)]).astype(np.int32)
    bought = np.concatenate([labels, np.zeros(len(taken), dtype=np.bool_)])
    cards = found.catalogue.company_cards(candidates.rows[pool.positions[at]].tolist())
    companies = np.array([card.company_id for card in cards], dtype=np.str_)
    queries = np.full(len(at), number, dtype=np.int32)
    return TrainingRows(features[at], bought, queries, companies, np.isin(at, shown))


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
