"""The rankings that are compared: trivial ones, each leg alone, fusions of legs, and configurations of the product's own.

A configuration runs through the pipeline that answers queries. A fusion orders the pool by what the pipeline says of it: only the last
step is another. A baseline orders everybody who is admitted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np

from bench.evaluation.legs import Admission, Legs
from ranking.config import V1_1, RankingConfig
from ranking.types import FloatArray

Kind = Literal["baseline", "leg", "fusion", "configuration"]
Fuse = Callable[[Legs], FloatArray]
Order = Callable[[Admission], FloatArray]
REFERENCE: Final = "v1.1"
SERVED: Final = "default"
RANDOM: Final = "random"
RRF_K: Final = 60.0
_SPREAD: Final = 3.0
_ALL: Final = {"intent": {"bm25_threshold": 1000.0, "booster_threshold": 1000.0}}
_NO_BOOSTS: Final = {"churn_points": 0.0, "job_points": 0.0}


@dataclass(frozen=True)
class Variant:
    """One ranking.

    Attributes:
        kind: baseline, leg, fusion or configuration.
        what: one clause for the table.
        config: of the pipeline; `booster` says whether one is loaded.
        fuse: scores of the pool in place of the pipeline's own; order: scores of everybody admitted, for baselines.
    """

    name: str
    kind: Kind
    what: str
    config: RankingConfig = field(default_factory=RankingConfig)
    booster: bool = True
    fuse: Fuse | None = None
    order: Order | None = None


def configured(changes: Mapping[str, Any]) -> RankingConfig:
    """The default configuration with some knobs set otherwise."""
    return RankingConfig.model_validate(changes)


def reciprocal_ranks(*legs: FloatArray, k: float = RRF_K) -> FloatArray:
    """Sum over legs of 1 / (k + place), places from 1, equal values sharing the mean of theirs, float64[m].

    Source: G. Cormack, C. Clarke, S. Buettcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods",
    SIGIR 2009.
    """
    fused = np.zeros(len(legs[0]))
    for leg in legs:
        fused += 1.0 / (k + places(leg))
    return fused


def places(leg: FloatArray) -> FloatArray:
    """float64[m]: 1 for the highest; equal values share the mean of their places."""
    _, inverse, counts = np.unique(-leg, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2.0)[inverse], dtype=np.float64)


def standardised(leg: FloatArray) -> FloatArray:
    """A leg on one spread: 0 three standard deviations below its mean among these, 1 as far above, more beyond; 0.5 when all are equal.

    Source: "distribution-based score fusion", M. Mazzeschi (2023).
    """
    spread = float(leg.std())
    if spread == 0.0:
        return np.full(len(leg), 0.5)
    return np.asarray(0.5 + (leg - leg.mean()) / (2.0 * _SPREAD * spread), dtype=np.float64)


def weighted(fit: float, intent: Fuse) -> Fuse:
    """F-7's sum with another intent, which is in [0, 100]."""
    return lambda legs: fit * legs.fit + (1.0 - fit) * np.minimum(100.0, intent(legs)) / 100.0


def baselines() -> tuple[Variant, ...]:
    """What anybody could do without us."""
    return (
        Variant(RANDOM, "baseline", "everybody admitted in any order; the expected value"),
        Variant("newest signal first", "baseline", "by the newest snippet that names the product", order=lambda each: -each.newest_days),
        Variant("most signals", "baseline", "by how many snippets name the product", order=lambda each: each.topical),
    )  # fmt: skip


def legs() -> tuple[Variant, ...]:
    """Each leg alone; ties by fit."""
    return (
        Variant("fit alone", "leg", "F-3, no intent", configured({"final": {"fit": 1.0, "intent": 0.0}})),
        Variant("bm25 alone", "leg", "F-5's base, no boosts, no fit", fuse=lambda each: each.lexical),
        Variant("booster alone", "leg", "LightGBM for the whole pool, no boosts, no fit", fuse=lambda each: each.boosted),
        Variant("events alone", "leg", "F-6's churn and job points", fuse=lambda each: each.events),
        Variant("intent alone", "leg", "cascade and boosts, no fit", configured({"final": {"fit": 0.0, "intent": 1.0}})),
    )  # fmt: skip


def fusions() -> tuple[Variant, ...]:
    """Other ways to bring the legs together, on the pool of what is served."""
    mean = weighted(0.6, lambda each: 0.5 * (each.lexical + each.boosted) + each.events)
    return (
        Variant("rrf bm25 + booster", "fusion", "reciprocal ranks, k 60",
                fuse=lambda each: reciprocal_ranks(each.lexical, each.boosted)),
        Variant("rrf fit + bm25 + booster", "fusion", "reciprocal ranks, k 60",
                fuse=lambda each: reciprocal_ranks(each.fit, each.lexical, each.boosted)),
        Variant("rrf fit + bm25 + booster + events", "fusion", "reciprocal ranks, k 60",
                fuse=lambda each: reciprocal_ranks(each.fit, each.lexical, each.boosted, each.events)),
        Variant("dbsf fit + bm25 + booster", "fusion", "sum of legs on one spread",
                fuse=lambda each: standardised(each.fit) + standardised(each.lexical) + standardised(each.boosted)),
        Variant("dbsf bm25 + booster", "fusion", "sum of legs on one spread",
                fuse=lambda each: standardised(each.lexical) + standardised(each.boosted)),
        Variant("mean of bm25 and booster", "fusion", "in F-7's sum, for the whole pool", fuse=mean),
        Variant("higher of bm25 and booster", "fusion", "in F-7's sum, for the whole pool",
                fuse=weighted(0.6, lambda each: np.maximum(each.lexical, each.boosted) + each.events)),
        Variant("fit x intent", "fusion", "product instead of sum; mean of bm25 and booster",
                fuse=lambda each: each.fit * (0.5 * (each.lexical + each.boosted) + each.events)),
    )  # fmt: skip


def configurations() -> tuple[Variant, ...]:
    """What is served, the reference, and single changes of either."""
    named: Mapping[str, tuple[str, Mapping[str, Any]]] = {
        "booster for all": ("threshold 1000: BM25 decides nobody", _ALL),
        "booster below 2": ("BM25's base stands from 2 points", {"intent": {"booster_threshold": 2.0}}),
        "booster below 8": ("BM25's base stands from 8 points", {"intent": {"booster_threshold": 8.0}}),
        "no kindred texts": ("only texts that name the product", {"intent": {"kindred_weight": 0.0}}),
        "kindred texts x .25": ("their weight", {"intent": {"kindred_weight": 0.25}}),
        "kindred texts x 1": ("their weight", {"intent": {"kindred_weight": 1.0}}),
        "renormalise": ("weights of untargeted dimensions shared out", {"fit": {"untargeted": "renormalise"}}),
        "fit .4 intent .6": ("F-7's weights", {"final": {"fit": 0.4, "intent": 0.6}}),
        "no boosts": ("F-6 left out", {"intent": {"boosts": _NO_BOOSTS}}),
        "half evidence 4": ("evidence saturates earlier", {"intent": {"half_evidence": 4.0}}),
        "half evidence 16": ("evidence saturates later", {"intent": {"half_evidence": 16.0}}),
        "rank discount .5": ("more evidence counts less", {"intent": {"rank_discount": 0.5}}),
        "doubt .5": ("suppliers in doubt count half", {"intent": {"doubt_weight": 0.5}}),
        "tau 45 days": ("evidence fades faster", {"intent": {"decay": {"tau_days": 45.0}}}),
        "tau 90 days": ("evidence fades slower", {"intent": {"decay": {"tau_days": 90.0}}}),
    }  # fmt: skip
    stands = V1_1.intent.model_copy(update={"booster_threshold": 0.0})
    kindred = stands.model_copy(update={"kindred_weight": 0.5})
    return (
        Variant(SERVED, "configuration", "the defaults: what is served"),
        Variant(REFERENCE, "configuration", "F-3 to F-7 with the numbers of the requirements", V1_1),
        Variant("v1.1 without booster", "configuration", "BM25 wherever it has evidence, else nothing", V1_1, booster=False),
        Variant("v1.1, bm25 stands", "configuration", "the booster only without evidence", RankingConfig(intent=stands)),
        Variant("v1.1, bm25 stands, kindred texts", "configuration", "and texts without its name", RankingConfig(intent=kindred)),
        Variant("without booster", "configuration", "the defaults, nothing where there is no evidence", booster=False),
        *(
            Variant(name, "configuration", f"the defaults; {what}", configured(changes))
            for name, (what, changes) in named.items()
        ),
    )  # fmt: skip


def all_variants() -> tuple[Variant, ...]:
    """All of them, baselines first."""
    return (*baselines(), *legs(), *fusions(), *configurations())
