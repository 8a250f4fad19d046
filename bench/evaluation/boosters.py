"""Boosters that were trained otherwise, on products and companies that none of them learned from: `bench/records/quality-boosters.json`.

    python -m bench.evaluation.boosters --outcomes FILE --data FOLDER --judge WORLD FOLDER [--judge WORLD FOLDER ...]

All learn from the same outcomes, by the settings of `models.training`. Each orders the pool alone; what an "offset" booster learns is
added to the log odds that BM25's base with the events has by itself. Only the tuning half is looked at here.
"""

import argparse
import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import lightgbm
import numpy as np

from bench import record
from bench.evaluation.cases import Case, world_cases
from bench.evaluation.judging import Truth
from bench.evaluation.legs import EVERYBODY, K, asked, patience
from bench.evaluation.measures import ndcg_at, precision_at
from bench.evaluation.resampling import Resampler
from bench.evaluation.run import world_sha256
from commands.first_snapshot import snapshots_of
from commands.training import read_outcomes
from configs.schema import DEFAULT_BOOSTER
from deployments.inprocess import InProcess, open_in_process
from models.booster import BoosterModel
from models.outcome_rows import examples
from models.training import TrainingRows, contribution, direction, tree_settings
from models.training_set import collect
from ranking.config import RankingConfig
from ranking.feature_matrix import matrix
from ranking.features import FEATURES
from ranking.journey import Journey
from ranking.pipeline import survey
from ranking.prompt import parse
from ranking.taxonomy import Taxonomy, load_taxonomy
from ranking.types import BoolArray, Float32Array, FloatArray

NAME: Final = "quality-boosters"
REFERENCE: Final = "bm25 + events"
_LEXICAL: Final = [FEATURES.index(name) for name in ("base", "churn", "job")]
_FOLDS: Final = 5
_STEPS: Final = 60


@dataclass(frozen=True)
class Pool:
    """One prompt's reachable pool: float32[m, features], whether each bought, how many bought in all, and F-3's fit."""

    group: str
    features: Float32Array
    bought: BoolArray
    wanted: int
    fit: FloatArray


@dataclass(frozen=True)
class Trained:
    """A model; `slope` is what a point of BM25's base or events adds to its log odds, 0 when it learned without an offset."""

    model: lightgbm.Booster
    slope: float

    def score(self, features: Float32Array) -> FloatArray:
        """Log odds, float64[m]."""
        told = np.asarray(self.model.predict(features, raw_score=True), dtype=np.float64)
        return told + self.slope * lexical(features)


def lexical(features: Float32Array) -> FloatArray:
    """float64[m]: BM25's base and the points of events."""
    return np.asarray(features[:, _LEXICAL].sum(axis=1), dtype=np.float64)


def trained(rows: TrainingRows, unshown: float, seed: int, *, offset: bool) -> Trained:
    """A model in which a company that no list showed counts `unshown` as one that did not buy."""
    weights = np.where(rows.shown, 1.0, unshown)
    kept, stop = weights > 0.0, rows.queries % _FOLDS == 0
    intercept, slope = log_odds(lexical(rows.features), rows.labels, weights) if offset else (0.0, 0.0)
    start = intercept + slope * lexical(rows.features) if offset else None
    settings = {
        **tree_settings(), "objective": "binary", "seed": seed,
        "monotone_constraints": [direction(each) for each in FEATURES],
        "feature_contri": [contribution(each) for each in FEATURES],
    }  # fmt: skip

    def part(chosen: BoolArray, like: lightgbm.Dataset | None = None) -> lightgbm.Dataset:
        return lightgbm.Dataset(
            rows.features[chosen], rows.labels[chosen], weight=weights[chosen], reference=like,
            init_score=None if start is None else start[chosen], feature_name=list(FEATURES),
        )  # fmt: skip

    fit = part(kept & ~stop)
    model = lightgbm.train(
        settings,
        fit,
        400,
        valid_sets=[part(kept & stop, fit)],
        callbacks=[lightgbm.early_stopping(30, verbose=False)],
    )
    return Trained(model, slope)


def log_odds(points: FloatArray, labels: BoolArray, weights: FloatArray) -> tuple[float, float]:
    """Intercept and slope of a logistic regression on one quantity, by damped Newton steps."""
    bought = labels.astype(np.float64)
    found = np.array([np.log((weights @ bought) / (weights @ (1.0 - bought))), 0.0])
    columns = np.stack([np.ones(len(points)), points])
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-(found @ columns)))
        curvature = (columns * (weights * chance * (1.0 - chance))) @ columns.T
        found = found + 0.5 * np.linalg.solve(curvature, columns @ (weights * (bought - chance)))
    return float(found[0]), float(found[1])


async def pool_of(system: InProcess, case: Case, world: str) -> Pool:
    """What the models are asked about for one prompt."""
    everybody = system.ports()
    found = await survey(asked(case, EVERYBODY), everybody, EVERYBODY, patience(), Journey(time.monotonic))
    rows = found.candidates.rows[found.pool.positions]
    features = matrix(found.candidates, found.pool, found.catalogue.facts(rows))
    truth, reachable = Truth(case, system), found.ranking.contacts.leads >= 0
    bought = np.isin(rows, list(truth.rows()))
    return Pool(
        f"{world} {case.group}",
        features[reachable],
        bought[reachable],
        truth.wanted,
        found.ranking.fit[reachable],
    )


def judged(pools: Sequence[Pool], scores: Mapping[str, Sequence[FloatArray]], seed: int) -> dict[str, Any]:
    """Per ranking: both measures, and the gain over BM25 with events."""
    draws = Resampler([each.group for each in pools], seed)
    values = {
        name: np.array([_graded(pool, score) for pool, score in zip(pools, told, strict=True)])
        for name, told in scores.items()
    }
    found: dict[str, Any] = {}
    for name, measured in values.items():
        row: dict[str, Any] = {}
        for place, measure in enumerate(("precision_at_25", "ndcg_at_10")):
            row[measure] = draws.mean(measured[:, place]).rounded()
            if name != REFERENCE:
                gain, better = draws.better(measured[:, place], values[REFERENCE][:, place])
                row[f"{measure}_gain"] = {**gain.rounded(), "better": round(better, 3)}
        found[name] = row
    return found


def _graded(pool: Pool, score: FloatArray) -> tuple[float, float]:
    hits = pool.bought[np.lexsort((-pool.fit, -score))[:K]]
    return precision_at(hits, K), ndcg_at(hits, pool.wanted, 10)


def main() -> None:
    """Train, judge, write the record."""
    arguments = _arguments()
    taxonomy, default = load_taxonomy(), BoosterModel(DEFAULT_BOOSTER)
    rows = _rows(arguments.outcomes, arguments.data, taxonomy)
    pools = [
        pool for world, data in arguments.judge for pool in _pools(Path(world), Path(data), taxonomy, default)
    ]
    models = {
        f"{'offset' if offset else 'plain'}, who was not shown counts {weight:g}": trained(
            rows, weight, arguments.seed, offset=offset
        )
        for offset in (False, True)
        for weight in (1.0, 0.3, 0.0)
    }
    scores = {
        REFERENCE: [lexical(each.features) for each in pools], "the default booster": [default.score(each.features) for each in pools],
        **{name: [model.score(each.features) for each in pools] for name, model in models.items()},
    }  # fmt: skip
    worlds = [world_sha256(Path(world)) for world, _ in arguments.judge]
    path = record.write(
        NAME,
        {
            **record.heading("quality_boosters", {}, {}), "offered": len(pools), "completed": len(pools), "errors": {}, "absent": [],
            "real": {
                "boosters": {
                    "worlds": ", ".join(each[:12] for each in worlds), "prompts": len(pools), "learned": f"{len(rows.labels)} rows",
                    "tuning": judged(pools, scores, arguments.seed),
                }
            },
        }, arguments.out,
    )  # fmt: skip
    print(path)


def _rows(outcomes: Path, data: Path, taxonomy: Taxonomy) -> TrainingRows:
    system = open_in_process(snapshots_of(data), taxonomy, RankingConfig())
    shown = examples(read_outcomes(outcomes), lambda prompt: parse(prompt, taxonomy))
    return asyncio.run(collect(shown, system.ports(), RankingConfig(), time.monotonic))


def _pools(world: Path, data: Path, taxonomy: Taxonomy, booster: BoosterModel) -> list[Pool]:
    system = open_in_process(snapshots_of(data), taxonomy, EVERYBODY, booster)
    told = [each for each in world_cases(world, taxonomy) if each.half == "tuning" and not each.learned]
    digest = world_sha256(world)[:12]

    async def run() -> list[Pool]:
        return [await pool_of(system, case, digest) for case in told]

    return asyncio.run(run())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--outcomes", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--judge", nargs=2, action="append", required=True, metavar=("WORLD", "DATA"))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, default=record.RECORDS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
