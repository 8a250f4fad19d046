"""What those buy whom each step of the relaxation would admit, with and without evidence: what an unknown value is worth."""

from collections import Counter
from dataclasses import dataclass

from bench.evaluation.cases import Case
from bench.evaluation.legs import patience, topical
from deployments.inprocess import InProcess
from ranking.fit import HALF
from ranking.ports import RetrievalRequest

_EVERYBODY = 10_000_000


@dataclass(frozen=True)
class Rung:
    """Companies that one step admits: how many, and how many of them bought."""

    companies: int
    buyers: int


async def rungs_of(system: InProcess, case: Case, buyers: frozenset[int]) -> dict[str, Rung]:
    """By step, the unknown step by what is unknown, each without and with a snippet that names the product; nothing stops the ladder.

    Args:
        buyers: company rows of who bought.
    """
    candidates = await system.retrieve(RetrievalRequest(case.query.filters(), _EVERYBODY), patience())
    evidence = topical(system, case, candidates)[0] > 0.0
    names = [report.step for report in candidates.relaxation]
    levels = candidates.levels
    include = case.query.include
    targeted = (
        ("industry", 0, include.industries), ("size", 3, include.employees),
        ("place", 6, include.countries or include.regions or include.cities),
    )  # fmt: skip
    seen: Counter[str] = Counter()
    bought: Counter[str] = Counter()
    for place, (row, step) in enumerate(
        zip(candidates.rows.tolist(), candidates.steps.tolist(), strict=True)
    ):
        name: str = names[step]
        if name == "unknown":
            missing = [what for what, shift, goal in targeted if goal and levels[place] >> shift & 7 == HALF]
            name = f"unknown {' and '.join(missing) or 'other'}"
        key = f"{name}, {'evidence' if evidence[place] else 'no evidence'}"
        seen[key] += 1
        bought[key] += row in buyers
    return {key: Rung(count, bought[key]) for key, count in seen.items()}
