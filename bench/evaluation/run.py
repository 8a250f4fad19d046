"""One evaluation from open files to its record."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import record
from bench.evaluation import tables
from bench.evaluation.cases import HALVES, Case
from bench.evaluation.judging import Judged, judge
from bench.evaluation.variants import REFERENCE, SERVED, Variant, all_variants
from deployments.inprocess import InProcess

SCENARIO = "quality"
SLICED = (SERVED, REFERENCE, "newest signal first", "most signals")


@dataclass(frozen=True)
class Ground:
    """What is evaluated: a pipeline with its data folder, and where the truth is from (`truth` in words, `world_sha256` or "")."""

    system: InProcess
    data: Path
    truth: str
    world_sha256: str
    taxonomy: str
    booster: str


def evaluate(
    ground: Ground,
    cases: Sequence[Case],
    seed: int,
    variants: Sequence[Variant] = (),
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[dict[str, Any], list[Judged]]:
    """The record of all variants on all cases, and what was judged."""
    variants = variants or all_variants()
    judged = judge(ground.system, cases, variants, progress)
    answers = len(judged) * len(variants)
    return {
        **record.heading(SCENARIO, record.data_of(ground.data), {}),
        "offered": answers, "completed": answers, "errors": {}, "truth": ground.truth, "world_sha256": ground.world_sha256,
        "halves": {half: _size(judged, half) for half in HALVES}, "reference": REFERENCE, "seed": seed,
        "booster": ground.booster, "taxonomy": ground.taxonomy,
        "variants": tables.rows(judged, variants, seed),
        "slices": tables.slices(judged, [name for name in SLICED if name in {each.name for each in variants}], seed),
        "languages": tables.languages(judged, seed),
        "reach": tables.reach(judged, seed), "ladder": tables.ladder(judged, seed), "routes": tables.routes(judged, seed),
        "traits": tables.traits(judged, seed),
        "calibration": tables.calibration(judged, seed),
    }, judged  # fmt: skip


def world_sha256(world: Path) -> str:
    """The digest that a synthetic world was written with."""
    found: str = json.loads((world / "manifest.json").read_text("utf-8"))["sha256"]
    return found


def _size(judged: Sequence[Judged], half: str) -> dict[str, int]:
    members = [each.case for each in judged if each.case.half == half]
    return {
        "prompts": len(members), "products": len({each.group for each in members}),
        "learned": len({each.group for each in members if each.learned}),
    }  # fmt: skip
