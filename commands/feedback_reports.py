"""`leads evaluate --interleaving` and `--counterfactual`: what customers' clicks say of a second ranking."""

import asyncio
import time
from pathlib import Path

import numpy as np
import yaml
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress

from commands.failure import FAILURE, USAGE, CommandError
from commands.feedback import chances, read_feedback
from commands.first_snapshot import snapshots_of
from commands.target import Target
from deployments.inprocess import InProcess, open_in_process
from models.booster import BoosterModel
from models.feedback_log import FeedbackList, Reward
from models.feedback_training import found_again
from ranking.config import RankingConfig
from ranking.counterfactual import Estimate, Interval, LoggedList, Refused, Support, Terms, compare
from ranking.deadline import Deadline
from ranking.duels import Duel, Score, Undecided, judge
from ranking.examination import EDGES, Examination
from ranking.journey import Journey, RankRequest
from ranking.pipeline import survey
from ranking.taxonomy import load_taxonomy

_DEADLINE_MS = 60_000.0


def report_interleaving(target: Target, reward: Reward, console: Console) -> None:
    """Who wins the lists that two rankings have shared.

    Raises:
        CommandError: too few are decided to say so.
    """
    lists = [each for each in read_feedback(target, load_taxonomy()) if each.picked_by]
    verdict = judge(
        Duel(
            tuple(
                side
                for side, came in zip(each.picked_by, each.rewarded(reward).tolist(), strict=True)
                if came
            )
        )
        for each in lists
    )
    _say(console, _counted(verdict.score, reward))
    if isinstance(verdict, Undecided):
        raise CommandError(f"no verdict: {verdict.reason}", FAILURE)
    _say(
        console,
        f"the challenger wins {_told(verdict.share, '.1%')} of decided lists, sign test p {verdict.p:.4f}",
    )
    if verdict.share.low > 0.5:
        _say(console, "the challenger is better")
    elif verdict.share.high < 0.5:
        _say(console, "the standing ranking is better")
    else:
        _say(console, "neither is shown to be better")


def report_counterfactual(
    target: Target,
    reward: Reward,
    power: float | None,
    booster: Path,
    numbers: Path | None,
    terms: Terms,
    seed: int,
    console: Console,
) -> None:
    """What a ranking that was not served would have got.

    Args:
        booster: its artefact; `numbers` its configuration as in `user_config`, None for the defaults.

    Raises:
        CommandError: the logs do not tell.
    """
    taxonomy, config = load_taxonomy(), read_numbers(numbers)
    lists = read_feedback(target, taxonomy)
    examination = chances(lists, reward, power)
    system = open_in_process(snapshots_of(target.folder()), taxonomy, config, BoosterModel(booster))
    with Progress(console=console, transient=True) as bars:
        task = bars.add_task("lists", total=len(lists))
        logged = []
        for each in lists:
            logged.append(asyncio.run(_ranked(each, reward, system, terms.k)))
            bars.advance(task)
    again = found_again(lists, reward) if power is None else None
    found = compare(logged, examination, terms, np.random.default_rng(seed), again)
    _say(console, _looked_at(examination))
    _say(console, _supported(found.support, len(lists), reward, terms))
    if isinstance(found, Refused):
        raise CommandError(f"no estimate: {found.reason}", FAILURE)
    _estimated(found, reward, terms, console)


def read_numbers(path: Path | None) -> RankingConfig:
    """The ranking's numbers out of a YAML file.

    Raises:
        CommandError: it cannot be read, or is no such file.
    """
    if path is None:
        return RankingConfig()
    try:
        return RankingConfig.model_validate(yaml.safe_load(path.read_text(encoding="utf8")) or {})
    except (OSError, yaml.YAMLError, ValidationError) as err:
        raise CommandError(f"{path}: not the ranking's numbers ({err})".replace("\n", " "), USAGE) from err


async def _ranked(each: FeedbackList, reward: Reward, system: InProcess, k: int) -> LoggedList:
    """The list beside what the system ranks for it as of its time."""
    config = system.config
    request = RankRequest(each.query, k, each.as_of_s, config.final, config.fit.weights, llm="never")
    deadline = Deadline.after_ms(_DEADLINE_MS, time.monotonic)
    found = await survey(request, system.ports(), config, deadline, Journey(time.monotonic))
    rows = found.candidates.source_rows[found.pool.positions[found.ranking.best]]
    cards = found.catalogue.company_cards(rows.tolist())
    other = [card.company_id for card in cards]
    return LoggedList(each.prompt, each.companies, each.places, each.rewarded(reward), other)


def _counted(score: Score, reward: Reward) -> str:
    standing, challenger = score.rewards
    return (
        f"{score.lists} shared lists: {score.challenger} won by the challenger, {score.standing} by the standing ranking, "
        f"{score.lists - score.decided} ties; {reward}s on picks of the challenger {challenger}, of the standing ranking {standing}"
    )


def _looked_at(examination: Examination) -> str:
    told = ", ".join(
        f"{first}: {chance:.2f}" for first, chance in zip(EDGES, examination.chances.tolist(), strict=True)
    )
    source = f"from {examination.clicks} rewards" if examination.clicks else "as given"
    return f"chance that a place is looked at, from place on ({source}): {told}"


def _supported(support: Support, lists: int, reward: Reward, terms: Terms) -> str:
    return (
        f"{lists} lists of {support.units} prompts, {support.rewards} {reward}s that count as {support.effective:.1f}; the lists showed "
        f"{support.coverage:.0%} of the other ranking's first {terms.k}; {support.floored:.1%} of rewards stood at places looked at less "
        f"than {terms.floor:g} and count as at that"
    )


def _estimated(found: Estimate, reward: Reward, terms: Terms, console: Console) -> None:
    what = f"of what is worth a {reward}, looked at in the first {terms.k}"
    _say(console, f"as shown    {_told(found.shown, '.1%')} {what}")
    _say(console, f"the other   {_told(found.other, '.1%')}")
    _say(
        console,
        f"gain        {_told(found.gain, '+.1%')}, positive in {found.better:.0%} of resamples of prompts",
    )


def _told(interval: Interval, form: str) -> str:
    return f"{interval.value:{form}} ({interval.low:{form}} to {interval.high:{form}})"


def _say(console: Console, sentence: str) -> None:
    console.print(sentence, highlight=False, soft_wrap=True)
