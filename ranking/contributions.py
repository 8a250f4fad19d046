"""How much each hit adds to its company's evidence (F-5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ranking.admitted import Admitted
from ranking.decay import ages_days, time_decay
from ranking.evidence_tables import SHARED, DatedTables, EvidenceTables
from ranking.hits import Hits
from ranking.intent import IntentConfig
from ranking.segments import IndexArray, run_starts, run_top
from ranking.settlement import settled_hits
from ranking.types import SIGNALS_PER_COMPANY, BoolArray, FloatArray, IntArray

_NO_HITS: Final = Hits(
    np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32), np.zeros(0), np.zeros(0, dtype=np.uint32)
)


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """What all steps of one request share.

    Attributes:
        admitted: n companies.
        vendors: bool[n]; sells what the customer sells, so does not need it (F-5).
        concepts: taxonomy codes in use.
        idf_sum: of all terms in use; term_count: their number.
        until: place of a concept in `concepts` -> float64[n] since when each admitted company has settled it.
        tenant: whose private snippets count besides the shared ones.
    """

    as_of_s: float
    admitted: Admitted
    vendors: BoolArray
    concepts: tuple[str, ...]
    idf_sum: float
    term_count: int
    tables: EvidenceTables
    dated: DatedTables
    config: IntentConfig
    until: Mapping[int, FloatArray]
    tenant: int


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """Hits with need_i > 0, weighted, and the best of each company.

    Attributes:
        hits: h hits.
        settled: the hits left out because a later choice met their need.
        age_days, decay, contribution: float64[h]; c_i >= 0.
        owners: int32[g] positions of the companies that have any, ascending.
        starts: intp[g] where their hits begin.
        top: intp[g, 5] indices into `hits`, best contribution first, -1 padded.
        evidence: float64[g] E.
        best_raw: float64[g] max r_i.
    """

    hits: Hits
    settled: Hits
    age_days: FloatArray
    decay: FloatArray
    contribution: FloatArray
    owners: IntArray
    starts: IndexArray
    top: IndexArray
    evidence: FloatArray
    best_raw: FloatArray


def visible_hits(hits: Hits, setting: Setting) -> Hits:
    """Leave out what this tenant may not see and what as_of does not know yet."""
    visible = setting.dated.known[hits.rows]
    if setting.tables.has_private:
        owner = setting.tables.snippets.tenant[hits.rows]
        visible &= (owner == SHARED) | (owner == setting.tenant)
    return hits if visible.all() else hits.take(visible)


def weigh(hits: Hits, setting: Setting) -> Contributions:
    """c_i = r_i x decay_i x source_i of the hits with need, and E of each company's five best (F-5)."""
    config, snippets = setting.config, setting.tables.snippets
    needed = setting.dated.usable[hits.rows] & ~setting.vendors[hits.positions]
    if not needed.all():
        hits = hits.take(needed)
    effective = setting.dated.effective_s[hits.rows]
    settled = _NO_HITS
    if setting.until:
        gone = settled_hits(hits, effective, setting.until, len(setting.concepts), setting.dated.removes)
        settled, hits, effective = hits.take(gone), hits.take(~gone), effective[~gone]
    age = ages_days(effective, setting.as_of_s)
    decay = time_decay(age, config.decay.taus()[snippets.kind[hits.rows]], config.decay.floor)
    contribution = hits.raw * decay
    if config.source_weights:
        weights = setting.tables.source_weights(config.source_weights)
        contribution *= weights[snippets.source_type[hits.rows]]
    if setting.dated.doubtful is not None:
        contribution[setting.dated.doubtful[snippets.miner[hits.rows]]] *= config.doubt_weight
    starts = run_starts(hits.positions)
    top = run_top(contribution, starts, SIGNALS_PER_COMPANY)
    discounts = config.rank_discount ** np.arange(SIGNALS_PER_COMPANY)
    return Contributions(
        hits=hits,
        settled=settled,
        age_days=age,
        decay=decay,
        contribution=contribution,
        owners=hits.positions[starts],
        starts=starts,
        top=top,
        evidence=picked(contribution, top, 0.0) @ discounts,
        best_raw=np.maximum.reduceat(hits.raw, starts) if len(starts) else np.zeros(0),
    )


def picked(values: FloatArray, index: IndexArray, otherwise: float) -> FloatArray:
    """values[index], and `otherwise` where the index is -1."""
    return np.append(values, otherwise)[index]
