"""How much each hit adds to its company's evidence (F-5)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranking.admitted import Admitted
from ranking.decay import time_decay
from ranking.evidence_tables import EvidenceTables, Topic
from ranking.evidence_views import DatedTables
from ranking.hits import TermPostings
from ranking.intent import IntentConfig
from ranking.kernels.admission import postings_of
from ranking.kernels.hits import aged, sifted, united
from ranking.kernels.weighing import weighed
from ranking.types import SIGNALS_PER_COMPANY, BoolArray, ByteArray, FloatArray, IntArray

BitArray = NDArray[np.uint32]


# Made several times per query; a frozen dataclass takes five times as long to fill.
@dataclass(slots=True, eq=False)
class Setting:
    """What all steps of one request share.

    Attributes:
        admitted: n companies.
        topic: what the tables say about the query's concepts.
        vendors: bool[n]; sells what the customer sells, so does not need it (F-5).
        until: float64[concepts, n] since when each admitted company has settled each concept, -inf for never.
        idf_sum: of all terms in use; term_count: their number.
        tenant: whose private snippets count besides the shared ones.
    """

    as_of_s: float
    admitted: Admitted
    topic: Topic
    vendors: BoolArray
    until: FloatArray
    idf_sum: float
    term_count: int
    tables: EvidenceTables
    dated: DatedTables
    config: IntentConfig
    tenant: int


@dataclass(slots=True, eq=False)
class Hits:
    """Snippets of admitted companies in which at least one term occurs.

    Attributes:
        rows: int32[h] snippet rows, ascending within a company.
        positions: int32[h], ascending; of the company among the admitted.
        raw: float64[h] r_i, the sum over the query's terms (F-5).
        matched: uint32[h]; bit j for term j.
    """

    rows: IntArray
    positions: IntArray
    raw: FloatArray
    matched: BitArray


@dataclass(slots=True, eq=False)
class Contributions:
    """Hits with need_i > 0, weighted, and the best of each company.

    Attributes:
        fate: uint8[all hits] what became of each, see `ranking.kernels.hits`.
        hits: the h that count.
        age_days, decay, contribution: float64[h]; c_i >= 0.
        owners: int32[g] positions of the companies that have any, ascending.
        starts: int32[g + 1] where their hits begin, and h.
        top: int32[g, 5] indices into `hits`, best contribution first, -1 padded; `best`: their contributions, 0 padded.
        best_raw: float64[g] max r_i.
        evidence: float64[g] E.
    """

    fate: ByteArray
    hits: Hits
    age_days: FloatArray
    decay: FloatArray
    contribution: FloatArray
    owners: IntArray
    starts: IntArray
    top: IntArray
    best: FloatArray
    best_raw: FloatArray
    evidence: FloatArray


def unite(terms: list[TermPostings], admitted: Admitted) -> Hits:
    """Unite at most 32 terms' postings over admitted companies; a snippet's raw scores add up."""
    if not terms:
        none = np.zeros(0, dtype=np.int32)
        return Hits(none, none, np.zeros(0), np.zeros(0, dtype=np.uint32))
    rows, positions, raw = _admitted(terms[0], admitted)
    matched = np.ones(len(rows), dtype=np.uint32)
    for number, term in enumerate(terms[1:], start=1):
        rows, positions, raw, matched = united(
            rows, positions, raw, matched, *_admitted(term, admitted), number
        )
    return Hits(rows, positions, raw, matched)


def _admitted(term: TermPostings, admitted: Admitted) -> tuple[IntArray, IntArray, FloatArray]:
    """Rows, positions and raw scores of one term's hits, those of later snippets among them."""
    bits, before = admitted.bits, admitted.before
    rows, positions, raw = postings_of(bits, before, term.companies, term.rows, term.raw)
    for part in term.later:
        more = postings_of(bits, before, part.companies, part.rows, part.raw)
        if len(more[0]):
            rows, positions, raw, _ = united(
                rows, positions, raw, np.zeros(len(rows), dtype=np.uint32), *more, 0
            )
    return rows, positions, raw


def weigh(hits: Hits, setting: Setting) -> Contributions:
    """c_i = r_i x decay_i x source_i of the hits with need, and E of each company's five best (F-5)."""
    config, tables, dated = setting.config, setting.tables, setting.dated
    columns = tables.columns
    fate, rows, positions, raw, matched = sifted(
        hits.rows, hits.positions, hits.raw, hits.matched,
        dated.flags, columns.owners, setting.tenant, setting.vendors, dated.effective_s, setting.until,
    )  # fmt: skip
    kept = Hits(rows, positions, raw, matched)
    age, tau = aged(kept.rows, dated.effective_s, setting.as_of_s, columns.kind, config.decay.taus())
    decay = time_decay(age, tau, config.decay.floor)
    contribution, owners, starts, top, best, best_raw = weighed(
        kept.rows, kept.positions, kept.raw, decay,
        columns.source_type, tables.source_weights(config.source_weights),
        columns.miner, dated.doubtful, config.doubt_weight,
    )  # fmt: skip
    discounts = config.rank_discount ** np.arange(SIGNALS_PER_COMPANY)
    return Contributions(
        fate, kept, age, decay, contribution, owners, starts, top, best, best_raw, best @ discounts
    )
