"""Which start-ups doubled in head count, and which died, foretold from what was known before: `startup_world`.

Learned on February 2023 to May 2024, judged on May 2024 to April 2026: everything that a model of the second window learns from was
known when that window began. The directory itself is of 2026: of it only the batch is read, which is settled years before, and each
snippet's own date. Industry, place, description and tags may have been rewritten since, and are not read.
Survivorship stays: job posts and launches are those that a crawl of 2026 still found.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.evaluation.cases import HALVES, half_of
from bench.evaluation.lifts import Field, rows
from models.training import Sample, fitted, predict
from ranking.types import BoolArray, Float32Array

FEATURES: Final = (
    "head_count", "batch_age_years", "posts_90d", "posts_365d", "posts_ever", "newest_post_days", "launches_ever", "newest_launch_days",
    "newest_any_days", "signals_365d",
)  # fmt: skip
NOW: Final = date(2026, 4, 7)
_SEASONS: Final = {"Winter": 1, "Spring": 4, "Summer": 6, "Fall": 9}
_STOPS: Final = 5
OUTCOMES: Final = ("doubled", "died")
REFERENCE: Final = "booster"


@dataclass(frozen=True)
class Sighting:
    """What the directory said of a company on one day; head count None where it said nothing."""

    status: str
    employees: int | None


@dataclass(frozen=True)
class Startup:
    """A company through time: sightings by day, the first day of its batch, and its snippets as (day, kind)."""

    company_id: str
    batch: date | None
    sightings: Mapping[date, Sighting]
    snippets: tuple[tuple[date, str], ...]


@dataclass(frozen=True)
class Window:
    """Companies that were active on `start`, float32[n, len(FEATURES)] as of that day, and what they had come to by `end`."""

    start: date
    end: date
    companies: tuple[str, ...]
    features: Float32Array
    labels: Mapping[str, BoolArray]


def read(folder: Path) -> list[Startup]:
    """All companies of the folder's history that the directory still has."""
    sightings: defaultdict[str, dict[date, Sighting]] = defaultdict(dict)
    with (folder / "history.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            employees = int(float(row["employee_count"])) if row["employee_count"] else None
            sightings[row["company_id"]][date.fromisoformat(row["as_of"])] = Sighting(
                row["status"], employees
            )
    snippets: defaultdict[str, list[tuple[date, str]]] = defaultdict(list)
    for row in _lines(folder / "snippets.jsonl"):
        if row.get("observed_at"):
            snippets[row["company_id"]].append((date.fromisoformat(row["observed_at"][:10]), row["kind"]))
    found = []
    for row in _lines(folder / "companies.jsonl"):
        name, told = row["company_id"], row["attributes"]
        if name in sightings:
            seen = {**sightings[name], NOW: Sighting(told["status"], row["employee_count"])}
            found.append(Startup(name, batch_day(told.get("batch")), seen, tuple(sorted(snippets[name]))))
    return sorted(found, key=lambda each: each.company_id)


def batch_day(name: str | None) -> date | None:
    """The first day of a batch such as "Winter 2012"; None for anything else."""
    season, _, year = (name or "").partition(" ")
    return date(int(year), _SEASONS[season], 1) if season in _SEASONS and year.isdigit() else None


def features(startup: Startup, at: date) -> list[float]:
    """`FEATURES` as of one day; nothing dated later is read, and NaN stands for what is not known."""
    known = startup.sightings.get(at)
    dated = [(day, kind) for day, kind in startup.snippets if day <= at]
    posts = [(at - day).days for day, kind in dated if kind == "job_posting"]
    launches = [(at - day).days for day, kind in dated if kind == "launch"]
    everything = [(at - day).days for day, _ in dated]
    batch = startup.batch if startup.batch is not None and startup.batch <= at else None
    return [
        _nan(known.employees if known else None), _nan((at - batch).days / 365.25 if batch else None),
        _within(posts, 90), _within(posts, 365), float(len(posts)), _least(posts), float(len(launches)), _least(launches),
        _least(everything), _within(everything, 365),
    ]  # fmt: skip


def window(startups: Iterable[Startup], start: date, end: date) -> Window:
    """Everybody active with a known head count on `start` and seen again on `end`."""
    kept = [
        each for each in startups
        if (before := each.sightings.get(start)) is not None and before.status == "Active" and before.employees
        and end in each.sightings
    ]  # fmt: skip
    return Window(
        start, end, tuple(each.company_id for each in kept),
        np.array([features(each, start) for each in kept], dtype=np.float32).reshape(len(kept), len(FEATURES)),
        {
            "doubled": np.array([_doubled(each, start, end) for each in kept], dtype=np.bool_),
            "died": np.array([each.sightings[end].status == "Inactive" for each in kept], dtype=np.bool_),
        },
    )  # fmt: skip


def judge(startups: Sequence[Startup], seed: int) -> dict[str, object]:
    """Lift over trivial orders of the later window, for each outcome and half of the companies."""
    days = sorted({day for each in startups for day in each.sightings})
    learned, judged = window(startups, days[0], days[1]), window(startups, days[1], days[2])
    half = np.array([half_of(name) for name in judged.companies])
    found: dict[str, object] = {
        "learned": f"{learned.start} to {learned.end}, {len(learned.companies)} companies",
        "judged": f"{judged.start} to {judged.end}, {len(judged.companies)} companies",
    }
    for outcome in OUTCOMES:
        scores = {REFERENCE: _boosted(learned, judged, outcome, seed), **_baselines(judged)}
        labels = judged.labels[outcome]
        found[outcome] = {
            name: {
                "candidates": int((half == name).sum()), "positive": int(labels[half == name].sum()),
                "rankings": rows(
                    Field(labels[half == name], {each: score[half == name] for each, score in scores.items()}), REFERENCE, seed
                ),
            }
            for name in HALVES
        }  # fmt: skip
    return found


def _boosted(learned: Window, judged: Window, outcome: str, seed: int) -> np.ndarray:
    """float64[n] chances, by the booster's training on four fifths of the earlier window, stopped on the rest."""
    stop = np.array([int(_digits(name)) % _STOPS == 0 for name in learned.companies])
    labels = learned.labels[outcome]
    booster = fitted(
        Sample(learned.features[~stop], labels[~stop]),
        Sample(learned.features[stop], labels[stop]),
        "binary",
        seed,
        FEATURES,
    )
    return predict(booster, judged.features)


def _digits(name: str) -> str:
    return "".join(each for each in name if each.isdigit()) or "0"


def _baselines(judged: Window) -> dict[str, np.ndarray]:
    columns = {
        name: np.nan_to_num(judged.features[:, place].astype(np.float64), nan=1e9)
        for place, name in enumerate(FEATURES)
    }
    return {
        "random": np.zeros(len(judged.companies)),
        "newest signal first": -columns["newest_any_days"],
        "most signals": columns["signals_365d"],
        "smallest first": -columns["head_count"],
        "youngest first": -columns["batch_age_years"],
    }


def _doubled(startup: Startup, start: date, end: date) -> bool:
    before, after = startup.sightings[start].employees, startup.sightings[end].employees
    return bool(before and after and after >= 2 * before and startup.sightings[end].status != "Inactive")


def _nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _within(ages: Sequence[int], days: int) -> float:
    return float(sum(1 for age in ages if age <= days))


def _least(ages: Sequence[int]) -> float:
    return float(min(ages)) if ages else float("nan")


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="\n") as file:
        return [json.loads(line) for line in file.read().split("\n") if line.strip()]
