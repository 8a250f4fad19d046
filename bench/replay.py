"""Whom to ask, replayed: the pipeline on prompts of known truth, with the stand-in's judgement at hand and no call made.

A point of a curve is one least gain from which companies are asked about: how many that are per query, and Precision@25 with
their judgements in.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.cascade_quality import Case, K
from configs.llm import LlmArgs
from deployments.inprocess import InProcess
from deployments.llm.evidence import exhibits, question_of
from deployments.standin.judging import Judge
from deployments.standin.reading import SeenCompany, SeenPrompt
from deployments.standin.world import HiddenWorld
from models.judge_scale import JudgeScale
from ranking.answer import Cost
from ranking.asking import AskingConfig, choose
from ranking.deadline import Deadline
from ranking.doubt import Advice, Doubts, Judgement, worth_asking
from ranking.journey import RankRequest
from ranking.money import NanoUsd
from ranking.pipeline import rank_leads
from ranking.prompt import parse
from ranking.taxonomy import Taxonomy
from ranking.types import FloatArray, IntArray

LEAST_GAINS = (float("inf"), 0.05, 0.03, 0.02, 0.01, 0.005, 0.002, 0.0002, 0.0)
CONFIGURED = LEAST_GAINS.index(0.0002)
_RESAMPLES = 2_000
_EQUAL = 0.0025
"""A Precision@25 that is lower by no more, one company in sixteen lists, counts as the same."""


@dataclass(frozen=True)
class Setting:
    """A booster, what is assumed of its error, and the map of judgements to base intent (None: as they are)."""

    booster: Path
    asking: AskingConfig
    judge: JudgeScale | None


@dataclass(frozen=True)
class Replayed:
    """float64[prompts, LEAST_GAINS] each: hits among the first 25 over 25, and companies asked about; `doubts` per prompt."""

    products: tuple[str, ...]
    precision: FloatArray
    asked: FloatArray
    doubts: FloatArray

    def curve(self) -> dict[str, list[float]]:
        """Means over prompts, one per least gain."""
        return {
            "asked": np.round(self.asked.mean(axis=0), 2).tolist(),
            "precision_at_25": np.round(self.precision.mean(axis=0), 4).tolist(),
        }

    def lines(self) -> list[str]:
        """The curve as text."""
        head = f"in doubt per query {self.doubts.mean():.1f}"
        points = zip(LEAST_GAINS, *self.curve().values(), strict=True)
        return [head, *(f"{least:<8g} {asked:7.2f} {precision:.4f}" for least, asked, precision in points)]


class _Replay:
    """An adviser with every judgement at hand; what a setting and a least gain would ask about is answered at once."""

    def __init__(self, setting: Setting, judge: Judge, noise: float) -> None:
        self._setting = setting
        self._judge = judge
        self._noise = noise
        self._known: dict[tuple[str, int], float] = {}
        self.least_gain = 0.0
        self.asked = 0
        self.doubts = 0

    async def advise(self, doubts: Doubts, deadline: Deadline) -> Advice:  # noqa: ARG002 - the port says so
        value = worth_asking(doubts, Judgement.nothing(), self._setting.asking)
        self.doubts = len(doubts)
        chosen: IntArray = np.zeros(0, dtype=np.int32)
        if np.isfinite(self.least_gain):
            cost = np.ones(len(doubts), dtype=np.int64)
            most = LlmArgs().advising.most_asked
            chosen = choose(value, value > 0.0, cost, most, NanoUsd(len(doubts)), self.least_gain)
        self.asked = len(chosen)
        scores = self._scores(doubts, chosen)
        if self._setting.judge is not None:
            scores = self._setting.judge.apply(scores)
        return Advice(Judgement(chosen, scores), lambda _: Cost())

    def _scores(self, doubts: Doubts, at: IntArray) -> FloatArray:
        key = doubts.product.category
        new = np.array(
            [each for each in at.tolist() if (key, int(doubts.rows[each])) not in self._known], dtype=np.int32
        )
        if len(new):
            shown = exhibits(doubts, new, "replay", LlmArgs().calls.texts)
            companies = tuple(
                SeenCompany(
                    str(number), {"Domain": each.candidate.domain or "", "Name": each.candidate.name},
                    [text.text for text in each.candidate.evidence],
                )
                for number, each in enumerate(shown)
            )  # fmt: skip
            words = question_of(doubts.product, shown).product
            told = self._judge.scores(SeenPrompt(words, companies), self._noise, "none")
            for number, each in enumerate(new.tolist()):
                self._known[key, int(doubts.rows[each])] = float(told[str(number)])
        return np.array([self._known[key, int(doubts.rows[each])] for each in at.tolist()], dtype=np.float64)


def replay(
    held_out: Sequence[Case], system: InProcess, taxonomy: Taxonomy, as_of_s: float, setting: Setting,
    hidden: HiddenWorld, noise: float, seed: int,
) -> Replayed:  # fmt: skip
    """Every prompt at every least gain."""
    adviser = _Replay(setting, Judge(hidden, seed), noise)
    ports = replace(system.ports(), adviser=adviser)
    shape = (len(held_out), len(LEAST_GAINS))
    precision, asked, doubts = np.zeros(shape), np.zeros(shape), np.zeros(len(held_out))
    final, fit = system.config.final, system.config.fit.weights
    for row, case in enumerate(held_out):
        request = RankRequest(parse(case.prompt, taxonomy), K, as_of_s, final, fit, llm="wait")
        for column, adviser.least_gain in enumerate(LEAST_GAINS):
            adviser.asked = adviser.doubts = 0
            deadline = Deadline.after_ms(60_000, time.monotonic)
            ranked = asyncio.run(rank_leads(request, ports, system.config, deadline))
            precision[row, column] = sum(lead["company_id"] in case.buyers for lead in ranked.leads) / K
            asked[row, column] = adviser.asked
        doubts[row] = adviser.doubts
    return Replayed(tuple(case.product for case in held_out), precision, asked, doubts)


def unnecessary(before: Replayed, after: Replayed, seed: int) -> dict[str, Any]:
    """Share of the calls of `before` as configured that `after` does without at the same mean Precision@25, with a 95 % interval.

    The interval is over products. A share below 0 means that `after` asks more for the same; null that it does not get there.
    """
    names = np.array(sorted(set(before.products)))
    of = {name: np.flatnonzero(np.array(before.products) == name) for name in names.tolist()}
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(_RESAMPLES):
        rows = np.concatenate([of[name] for name in random.choice(names, len(names)).tolist()])
        drawn.append(_share(before, after, rows))
    found = _share(before, after, np.arange(len(before.products)))
    known = np.array([each for each in drawn if each is not None])
    low, high = np.quantile(known, (0.025, 0.975)).tolist() if len(known) else (None, None)
    return {
        "share": {"mean": found, "low": low, "high": high},
        "resamples_not_there": 1.0 - len(known) / _RESAMPLES,
    }


def _share(before: Replayed, after: Replayed, rows: np.ndarray) -> float | None:
    asked = before.asked[rows, CONFIGURED].mean()
    wanted = before.precision[rows, CONFIGURED].mean() - _EQUAL
    needed = _needed(after.asked[rows].mean(axis=0), after.precision[rows].mean(axis=0), wanted)
    return None if needed is None or not asked else float(1.0 - needed / asked)


def _needed(asked: FloatArray, precision: FloatArray, wanted: float) -> float | None:
    """Fewest companies per query at which the curve reaches a precision, linear between its points."""
    if precision[0] >= wanted:
        return 0.0
    for at in range(1, len(asked)):
        if precision[at] >= wanted:
            rise = precision[at] - precision[at - 1]
            part = (wanted - precision[at - 1]) / rise if rise > 0 else 1.0
            return float(asked[at - 1] + part * (asked[at] - asked[at - 1]))
    return None
