"""What customers did with their lists, read from the database for `leads train` and `leads evaluate`."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter
from rich.console import Console
from rich.progress import Progress

from commands.database import database_of
from commands.failure import USAGE, CommandError
from commands.first_snapshot import snapshots_of
from commands.target import Target
from db.pool import open_pool
from db.submitters.statements import statements
from deployments.inprocess import open_in_process
from models.feedback_log import AnsweredQuery, FeedbackEvent, FeedbackList, Reward, feedback_lists
from models.feedback_training import as_examples, examination_of, train_on_feedback, with_places
from models.training import TrainedBooster
from models.training_set import collect
from ranking.config import RankingConfig
from ranking.examination import Examination, Unidentified
from ranking.prompt import parse
from ranking.taxonomy import Taxonomy, load_taxonomy
from ranking.types import Float32Array, FloatArray, Query

RewardOption = Annotated[
    Reward, typer.Option(help="What counts: any reaction from a click on, or a purchase.")
]
PowerOption = Annotated[
    float | None,
    typer.Option(
        "--place-power",
        min=0.0,
        max=3.0,
        help="Take the chance that place k is looked at as 1 / k^POWER instead of finding it in the log.",
        show_default=False,
    ),
]
_QUERY: TypeAdapter[Query] = TypeAdapter(Query)


def read_feedback(target: Target, taxonomy: Taxonomy) -> list[FeedbackList]:
    """Lists of which anything was told, of tenants that share their outcomes."""
    return asyncio.run(_read(target, taxonomy))


def chances(lists: Sequence[FeedbackList], reward: Reward, power: float | None) -> Examination:
    """How likely places are looked at: as given, else from the lists.

    Raises:
        CommandError: the lists do not tell.
    """
    if power is not None:
        return Examination.of_power(power)
    try:
        return examination_of(lists, reward)
    except Unidentified as err:
        raise CommandError(f"{err}, with --place-power", USAGE) from err


def trained_on_feedback(
    target: Target,
    reward: Reward,
    power: float | None,
    seed: int,
    serving: Callable[[Float32Array], FloatArray],
    console: Console,
) -> tuple[TrainedBooster, str]:
    """A booster of clicks or purchases, and the digest of what it was made from.

    Raises:
        CommandError: too little was told.
        ValueError: as `models.feedback_training.train_on_feedback`.
    """
    taxonomy, config = load_taxonomy(), RankingConfig()
    lists = read_feedback(target, taxonomy)
    examination = chances(lists, reward, power)
    world = open_in_process(snapshots_of(target.folder()), taxonomy, config)
    with Progress(console=console, transient=True) as bars:
        task = bars.add_task("features", total=len(lists))
        rows = asyncio.run(
            collect(
                as_examples(lists, reward), world.ports(), config, time.monotonic,
                lambda done: bars.update(task, completed=done), unshown=0,
            )
        )  # fmt: skip
    told = with_places(rows, lists)
    console.print(
        f"{len(lists)} lists, {len(told.places)} places of which {int(told.rows.labels.sum())} have a {reward}; place 10 is looked at "
        f"{examination.chances[5]:.2f} times as often as the first", highlight=False,
    )  # fmt: skip
    return train_on_feedback(told, examination, seed, serving), told.digest()


async def _read(target: Target, taxonomy: Taxonomy) -> list[FeedbackList]:
    with database_of(target) as dsn:
        pool = await open_pool(dsn)
        try:
            queries = await pool.fetch(statements()["queries_with_feedback"])
            events = await pool.fetch(statements()["feedback_events"])
        finally:
            await pool.close()
    return feedback_lists(
        map(answered, queries),
        [FeedbackEvent(**dict(record)) for record in events],
        lambda prompt: parse(prompt, taxonomy),
    )


def answered(record: Any) -> AnsweredQuery:
    """A row of the statement `queries_with_feedback`."""
    return AnsweredQuery(
        record["query_id"],
        record["prompt"],
        _QUERY.validate_python(json.loads(record["parsed"])),
        record["as_of"],
        record["generation"],
        tuple(record["company_ids"]),
        tuple(json.loads(record["picked_by"] or "[]")),
    )
