"""Every ranking on every prompt: what each would have shown, and how good it would have been."""

import asyncio
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.evaluation.cases import Case
from bench.evaluation.ladder import Rung, rungs_of
from bench.evaluation.legs import Admission, K, Legs, admission_of, asked, legs_of, patience
from bench.evaluation.measures import discounts, ndcg_at, precision_at
from bench.evaluation.variants import RANDOM, SERVED, Variant
from deployments.inprocess import InProcess
from ranking.answer import RankedLead
from ranking.pipeline import rank_leads
from ranking.types import BoolArray, IntArray

MEASURES = ("precision_at_25", "ndcg_at_10", "ndcg_at_25")


@dataclass(frozen=True)
class Grade:
    """One ranking's answer to one prompt; `leads` counts what was returned."""

    precision_at_25: float
    ndcg_at_10: float
    ndcg_at_25: float
    leads: int


@dataclass(frozen=True)
class Shown:
    """One lead that was served, by company row, and whether it bought."""

    company: int
    bought: bool
    score: float
    confidence: float
    route: str
    traits: tuple[str, ...]


@dataclass(frozen=True)
class Reach:
    """How many of a prompt's buyers each stage keeps: all there are, admitted strictly, admitted at all, in the pool."""

    buyers: int
    strict: int
    admitted: int
    pool: int
    candidates: int


@dataclass(frozen=True)
class Judged:
    """One prompt under all variants, by name; `shown` is what would be served, `rungs` what each step would admit."""

    case: Case
    grades: dict[str, Grade]
    shown: tuple[Shown, ...]
    reach: Reach
    rungs: Mapping[str, Rung]


class Truth:
    """Who bought, by company row; a buyer whose records were not merged counts once."""

    def __init__(self, case: Case, system: InProcess) -> None:
        self.wanted = len(case.buyers)
        self._buyer_of: dict[int, int] = {}
        for number, ids in enumerate(case.buyers):
            for identity in ids:
                if (row := system.catalogue.company_row(identity)) is not None:
                    self._buyer_of[row] = number

    def rows(self) -> frozenset[int]:
        """Of all records of buyers."""
        return frozenset(self._buyer_of)

    def hits(self, rows: Sequence[int]) -> BoolArray:
        """bool[len(rows)]: a buyer, and not one that stands higher already."""
        seen: set[int] = set()
        found = np.zeros(len(rows), dtype=np.bool_)
        for place, row in enumerate(rows):
            buyer = self._buyer_of.get(row)
            if buyer is not None and buyer not in seen:
                seen.add(buyer)
                found[place] = True
        return found

    def kept(self, rows: IntArray) -> int:
        """How many buyers are among the rows."""
        return len({self._buyer_of[row] for row in rows.tolist() if row in self._buyer_of})


def judge(
    system: InProcess,
    cases: Sequence[Case],
    variants: Sequence[Variant],
    progress: Callable[[int], None] = lambda _: None,
) -> list[Judged]:
    """Every case under every variant, in order. `variants` has what is served."""

    async def run() -> list[Judged]:
        found = []
        for number, case in enumerate(cases, start=1):
            found.append(await _judged(system, case, variants))
            progress(number)
        return found

    return asyncio.run(run())


async def _judged(system: InProcess, case: Case, variants: Sequence[Variant]) -> Judged:
    truth = Truth(case, system)
    legs, admission = await legs_of(system, case), await admission_of(system, case)
    grades: dict[str, Grade] = {}
    shown: tuple[Shown, ...] = ()
    for variant in variants:
        if variant.name == RANDOM:
            grades[variant.name] = _expected(truth, admission)
            continue
        rows, leads = await _rows(system, case, variant, legs, admission)
        hits = truth.hits(rows)
        grades[variant.name] = _grade(hits, truth.wanted)
        if variant.name == SERVED:
            shown = tuple(
                _shown(row, lead, bool(hit)) for row, lead, hit in zip(rows, leads, hits, strict=True)
            )
    reach = Reach(
        truth.wanted, truth.kept(admission.rows[admission.steps == 0]), truth.kept(admission.rows),
        truth.kept(legs.rows), len(admission.rows),
    )  # fmt: skip
    rungs = await rungs_of(system, case, truth.rows()) if case.only is None else {}
    return Judged(case, grades, shown, reach, rungs)


async def _rows(
    system: InProcess, case: Case, variant: Variant, legs: Legs, admission: Admission
) -> tuple[list[int], tuple[RankedLead, ...]]:
    """The first K company rows under one variant, and the leads where the pipeline made any."""
    if variant.fuse is not None:
        return legs.best(variant.fuse(legs)).tolist(), ()
    if variant.order is not None:
        toss = np.random.default_rng(zlib.crc32(case.group.encode())).random(len(admission.rows))
        return admission.rows[np.lexsort((toss, -variant.order(admission)))[:K]].tolist(), ()
    changed = replace(system, config=variant.config, booster=system.booster if variant.booster else None)
    ranked = await rank_leads(asked(case, variant.config), changed.ports(), variant.config, patience())
    rows = [system.catalogue.company_row(lead["company_id"]) for lead in ranked.leads]
    return [-1 if row is None else row for row in rows], ranked.leads


def _grade(hits: BoolArray, wanted: int) -> Grade:
    return Grade(precision_at(hits, K), ndcg_at(hits, wanted, 10), ndcg_at(hits, wanted, K), len(hits))


def _expected(truth: Truth, admission: Admission) -> Grade:
    """What any order comes to on average."""
    count = len(admission.rows)
    rate = truth.kept(admission.rows) / count if count else 0.0

    def ndcg(k: int) -> float:
        best = float(discounts(min(k, truth.wanted)).sum())
        return rate * float(discounts(min(k, count)).sum()) / best if best else 0.0

    return Grade(rate * min(K, count) / K, ndcg(10), ndcg(K), min(K, count))


def _shown(row: int, lead: RankedLead, bought: bool) -> Shown:
    return Shown(row, bought, lead["score"], lead["confidence"], lead["intent_source"], tuple(_traits(lead)))


def _traits(lead: RankedLead) -> list[str]:
    """What might make a lead doubtful, each side of it."""
    unknown = [f"unknown {name}" for name in lead["unverified"]]
    dated = any(signal["observed_at"] for signal in lead["signals"])
    evidence = "dated evidence" if dated else "undated evidence only" if lead["signals"] else "no evidence"
    return [
        *(unknown or ["all targets known"]), evidence,
        "no matching contact" if lead["contact"]["note"] else "matching contact", f"step {lead['step']}",
    ]  # fmt: skip
