"""From snippet scores to intent: decay, the five best of each company, boosts, and the booster's features (F-5, F-6, F-10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg
import numpy as np
from numpy.typing import NDArray

from bench.peers.usual.corpus import Corpus
from ranking.boosts import BoostConfig
from ranking.taxonomy import Taxonomy
from ranking.types import Query

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_DAY_S = 86_400.0
_TAU_DAYS, _FLOOR, _HALF_EVIDENCE, _SHOWN = 90.0, 0.1, 8.0, 5
_BOOSTS = BoostConfig()


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Hits of m companies, ordered by company and then by contribution, and what they come to.

    Attributes:
        owner: int64[h] place of the company; snippet: int64[h] number of the snippet; place: int64[h] among the company's.
        raw, decay, contribution, age_days: float64[h].
        total: float64[m] E; best_raw: float64[m].
    """

    owner: Ints
    snippet: Ints
    place: Ints
    raw: Floats
    decay: Floats
    contribution: Floats
    age_days: Floats
    total: Floats
    best_raw: Floats

    @property
    def base(self) -> Floats:
        """float64[m] 100 x (1 - 2^(-E / 8))."""
        return 100.0 * (1.0 - np.exp2(-self.total / _HALF_EVIDENCE))

    def shown(self, company: int) -> slice:
        """The best hits of one company."""
        first, last = np.searchsorted(self.owner, (company, company + 1)).tolist()
        return slice(first, min(last, first + _SHOWN))


def weigh(corpus: Corpus, companies: Ints, scores: NDArray[np.float32], as_of_s: float) -> Evidence:
    """The evidence of `companies`, int64[m] numbers in the corpus, from the scores of all snippets."""
    starts, counts = corpus.starts[companies], corpus.starts[companies + 1] - corpus.starts[companies]
    owner = np.repeat(np.arange(len(companies)), counts)
    snippet = np.arange(len(owner)) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
    hit = (scores[snippet] > 0.0) & (corpus.happened_s[snippet] <= as_of_s + _DAY_S)
    owner, snippet = owner[hit], snippet[hit]
    age_days = np.maximum(0.0, (as_of_s - corpus.happened_s[snippet]) / _DAY_S)
    raw = scores[snippet].astype(np.float64)
    decay = np.maximum(_FLOOR, np.exp(-age_days / _TAU_DAYS))
    order = np.lexsort((snippet, -raw * decay, owner))
    owner, snippet, raw, decay, age_days = (each[order] for each in (owner, snippet, raw, decay, age_days))
    place = np.arange(len(owner)) - np.searchsorted(owner, owner)
    counted = np.where(place < _SHOWN, raw * decay * 0.5**place, 0.0)
    best_raw = np.zeros(len(companies))
    np.maximum.at(best_raw, owner, raw)
    total = np.bincount(owner, weights=counted, minlength=len(companies))
    return Evidence(owner, snippet, place, raw, decay, raw * decay, age_days, total, best_raw)


@dataclass(frozen=True, slots=True, eq=False)
class Boosts:
    """Points of the best removal and the best posting, and their relevance and age: float64[m] each, NaN without one."""

    churn: Floats
    job: Floats
    churn_rel: Floats
    churn_days: Floats
    job_rel: Floats
    job_days: Floats


def relevance(query: Query, taxonomy: Taxonomy) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Technologies and roles that tell of a need for the product, with their relevance."""
    technologies: dict[str, float] = {}
    roles: dict[str, float] = {}
    for code in query.product.concepts:
        concept = taxonomy.concept(code)
        for into, found in ((technologies, concept.technologies), (roles, concept.roles)):
            for name, value in found.items():
                into[name] = max(value, into.get(name, 0.0))
    return technologies, roles


def boost(
    events: Sequence[asyncpg.Record],
    places: Mapping[str, int],
    technologies: Mapping[str, float],
    roles: Mapping[str, float],
    as_of_s: float,
) -> Boosts:
    """What events (rows of `events`) add to the companies, whose places in the pool are given."""
    found = Boosts(*np.zeros((2, len(places))), *np.full((4, len(places)), np.nan))
    for event in events:
        at = places[event["company_id"]]
        days = max(0.0, (as_of_s - event["happened_at"].timestamp()) / _DAY_S)
        dropped = max((technologies.get(each, 0.0) for each in event["technologies_removed"]), default=0.0)
        points = _BOOSTS.churn_points * dropped * float(np.exp(-days / _BOOSTS.churn_tau_days))
        if points > found.churn[at]:
            found.churn[at], found.churn_rel[at], found.churn_days[at] = points, dropped, days
        if event["kind"] == "job_posting":
            wanted = [roles.get(each, 0.0) for each in event["role_codes"]]
            wanted += [technologies.get(each, 0.0) for each in event["technologies_added"]]
            hired = max(wanted, default=0.0)
            points = _BOOSTS.job_points * hired * float(np.exp(-days / _BOOSTS.job_tau_days))
            if points > found.job[at]:
                found.job[at], found.job_rel[at], found.job_days[at] = points, hired, days
    return found


def features(evidence: Evidence, corpus: Corpus, companies: Ints, words: int) -> dict[str, Floats]:
    """The booster's features that this stack knows from its evidence, float64[m] by name; the others stay unknown."""
    count = len(companies)
    owner = evidence.owner
    first, second = (np.zeros(count) for _ in range(2))
    first_decay, newest = np.zeros(count), np.full(count, np.nan)
    for into, place in ((first, 0), (second, 1)):
        into[owner[evidence.place == place]] = evidence.contribution[evidence.place == place]
    first_decay[owner[evidence.place == 0]] = evidence.decay[evidence.place == 0]
    np.fmin.at(newest, owner, evidence.age_days)
    kinds = np.zeros(count, dtype=np.int64)
    np.bitwise_or.at(kinds, owner, 1 << corpus.kind[evidence.snippet].astype(np.int64))
    miners = np.unique(owner * (int(corpus.miner.max(initial=0)) + 1) + corpus.miner[evidence.snippet])
    total = np.bincount(owner, minlength=count).astype(np.float64)
    recent = {
        f"on_topic_{days}d": np.bincount(owner[evidence.age_days <= days], minlength=count).astype(np.float64)
        for days in (30, 90, 180)
    }
    with np.errstate(invalid="ignore"):
        undated = np.bincount(owner, weights=corpus.undated[evidence.snippet], minlength=count) / total
    return {
        "base": evidence.base, "best_raw": evidence.best_raw, "first_contribution": first, "second_contribution": second,
        "first_decay": first_decay, "on_topic": total, **recent, "on_topic_newest_days": newest,
        "on_topic_undated_share": undated, "raw_best": evidence.best_raw,
        "raw_sum": np.bincount(owner, weights=evidence.raw, minlength=count), "evidence_sum": evidence.total,
        "kinds": np.bitwise_count(kinds).astype(np.float64),
        "terms_matched": np.where(total > 0.0, float(words > 0), 0.0),
        "miners": np.bincount(miners // (int(corpus.miner.max(initial=0)) + 1), minlength=count).astype(np.float64),
        "snippets": (corpus.starts[companies + 1] - corpus.starts[companies]).astype(np.float64),
    }  # fmt: skip
