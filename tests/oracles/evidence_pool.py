"""Events, features and the pool by whole columns in numpy, on top of `evidence_hits`."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ranking.boosts import EventLists
from ranking.decay import ages_days
from ranking.evidence_columns import Lists
from ranking.evidence_tables import SHARED, EvidenceTables
from ranking.fit import fit_scores
from ranking.hits import Postings, Term, TermPostings, chosen_terms
from ranking.intent import IntentConfig, base_score, combine
from ranking.ports import EvidenceRequest
from ranking.types import SIGNALS_PER_COMPANY, BoolArray, Float32Array, FloatArray, IntArray, PoolEvidence
from tests.oracles.evidence_hits import (
    Admitted,
    Contributions,
    Dated,
    Hits,
    Setting,
    picked,
    run_starts,
    settled_throughout,
    settled_until,
    unite,
    visible_hits,
    weigh,
)  # fmt: skip

Column = np.ndarray
NO_EVENT = -np.inf
NO_SNIPPET = -1
RECENT_DAYS = (30.0, 90.0, 180.0)


def text_relevance(raw: FloatArray, full_raw: float) -> FloatArray:
    return np.minimum(raw / full_raw, 1.0)


def log_worth(relevance: FloatArray, age_days: FloatArray, tau_days: float) -> FloatArray:
    with np.errstate(divide="ignore"):
        return np.log(relevance) - age_days / tau_days


def boost_points(worth: FloatArray, points: float) -> FloatArray:
    found = np.zeros(len(worth))
    some = np.flatnonzero(worth > NO_EVENT)
    found[some] = points * np.exp(worth[some])
    return found


@dataclass(slots=True, eq=False)
class Strongest:
    worth: FloatArray
    rows: IntArray

    @classmethod
    def empty(cls, count: int) -> "Strongest":
        return cls(np.full(count, NO_EVENT), np.full(count, -1, dtype=np.int32))

    def offer(self, positions: IntArray, worth: FloatArray, rows: IntArray) -> None:
        before = self.worth[positions]
        np.maximum.at(self.worth, positions, worth)
        won = np.flatnonzero((worth > before) & (worth == self.worth[positions]))[::-1]
        self.rows[positions[won]] = rows[won]

    def forbid(self, companies: BoolArray) -> None:
        self.worth[companies] = NO_EVENT
        self.rows[companies] = -1


def offer_lists(
    strongest: Strongest,
    lists: EventLists,
    relevance: Mapping[int, float],
    admitted: Admitted,
    *,
    as_of_s: float,
    tau_days: float,
    past: FloatArray | None = None,
) -> None:
    if not relevance:
        return
    keys = np.fromiter(relevance, dtype=np.int64)
    begin, end = (lists.offsets[keys], lists.offsets[keys + 1])
    companies = np.concatenate(
        [lists.companies[first:last] for first, last in zip(begin.tolist(), end.tolist(), strict=True)]
    )
    kept, positions = admitted.select(companies)
    key_of = np.repeat(np.arange(len(keys)), end - begin)[kept]
    shift = begin - np.concatenate(([0], np.cumsum(end - begin)[:-1]))
    entry = np.arange(len(companies))[kept] + shift[key_of]
    log_rel = np.log(np.fromiter(relevance.values(), dtype=np.float64))
    age = ages_days(lists.effective_s[entry], as_of_s)
    worth = log_rel[key_of] - age / tau_days
    if past is not None:
        worth[lists.effective_s[entry] < past[positions]] = NO_EVENT
    strongest.offer(positions, worth, lists.rows[entry])


def strongest_events(hits: Hits, setting: Setting) -> tuple[Strongest, Strongest]:
    count, boosts, snippets = (len(setting.admitted), setting.config.boosts, setting.tables.snippets)
    churn, job = (Strongest.empty(count), Strongest.empty(count))
    roles = _relevance(setting.tables._roles, setting.concepts)
    technologies = _relevance(setting.tables._technologies, setting.concepts)
    past = settled_throughout(setting.until, len(setting.concepts))
    for owner in {SHARED: None, setting.tenant: None}:
        if (parts := setting.dated.events.get(owner)) is None:
            continue
        (events,) = parts
        for strongest, lists, relevance, tau in (
            (job, events.job_roles, roles, boosts.job_tau_days),
            (job, events.job_technologies, technologies, boosts.job_tau_days),
            (churn, events.removals, technologies, boosts.churn_tau_days),
        ):
            offer_lists(
                strongest,
                lists,
                relevance,
                setting.admitted,
                as_of_s=setting.as_of_s,
                tau_days=tau,
                past=past,
            )
    posts = hits.take(np.flatnonzero(setting.dated.posts[hits.rows]))
    tabled = _names_role(setting.tables, posts.rows, roles)
    tabled |= _names_any(snippets.tech_added, posts.rows, technologies)
    _offer_text(job, posts.take(~tabled), setting, boosts.job_tau_days)
    removals = hits.take(np.flatnonzero(setting.dated.removes[hits.rows]))
    tabled = _names_any(snippets.tech_removed, removals.rows, technologies)
    _offer_text(churn, removals.take(~tabled), setting, boosts.churn_tau_days)
    for strongest in (churn, job):
        strongest.forbid(setting.vendors)
    return (churn, job)


def _offer_text(strongest: Strongest, hits: Hits, setting: Setting, tau_days: float) -> None:
    age = ages_days(setting.dated.effective_s[hits.rows], setting.as_of_s)
    relevance = text_relevance(hits.raw, setting.config.boosts.full_raw)
    strongest.offer(hits.positions, log_worth(relevance, age, tau_days), hits.rows)


def _names_role(tables: EvidenceTables, rows: IntArray, roles: dict[int, float]) -> BoolArray:
    wanted = np.zeros(tables.snippets.roles.shape[1], dtype=np.uint64)
    for number in roles:
        wanted[number // 64] |= np.uint64(1 << number % 64)
    return np.asarray((tables.snippets.roles[rows] & wanted).any(axis=1))


def _names_any(lists: Lists, rows: IntArray, wanted: dict[int, float]) -> BoolArray:
    named = np.zeros(len(rows), dtype=np.bool_)
    begin, end = (lists.offsets[rows], lists.offsets[rows + 1])
    filled = np.flatnonzero(end > begin)
    if not len(filled) or not wanted:
        return named
    counts = (end - begin)[filled]
    ends = np.cumsum(counts)
    flat = np.arange(ends[-1]) + np.repeat(begin[filled] - (ends - counts), counts)
    is_wanted = np.isin(lists.values[flat], np.fromiter(wanted, dtype=np.int64))
    named[filled] = np.logical_or.reduceat(is_wanted, ends - counts)
    return named


def evidence_features(
    pool: IntArray, setting: Setting, hits: Hits, scored: Contributions, *, churn: Strongest, job: Strongest
) -> Float32Array:
    member = np.full(len(setting.admitted), -1, dtype=np.int32)
    member[pool] = np.arange(len(pool), dtype=np.int32)
    columns = (
        *_on_topic(member, len(pool), setting, scored),
        *_variety(member, len(pool), setting, scored),
        *_left_out(member, len(pool), setting, hits, scored.settled),
        setting.vendors[pool],
        *_event(pool, setting, job, setting.config.boosts.job_tau_days),
        *_event(pool, setting, churn, setting.config.boosts.churn_tau_days),
        *_company(pool, setting),
    )
    return np.stack(columns, axis=1, dtype=np.float32, casting="unsafe")


def _on_topic(member: IntArray, count: int, setting: Setting, scored: Contributions) -> tuple[Column, ...]:
    owner = member[scored.hits.positions]
    inside = owner >= 0
    owner, age, raw = (owner[inside], scored.age_days[inside], scored.hits.raw[inside])
    undated = np.isnan(setting.tables.snippets.observed[scored.hits.rows[inside]])
    total = np.bincount(owner, minlength=count)
    recent = [np.bincount(owner[age <= days], minlength=count) for days in RECENT_DAYS]
    groups = member[scored.owners]
    kept = groups >= 0
    newest, best, evidence = (np.full(count, np.nan), np.zeros(count), np.zeros(count))
    if len(scored.starts):
        newest[groups[kept]] = np.minimum.reduceat(scored.age_days, scored.starts)[kept]
    best[groups[kept]] = scored.best_raw[kept]
    evidence[groups[kept]] = scored.evidence[kept]
    with np.errstate(invalid="ignore", divide="ignore"):
        undated_share = np.bincount(owner, weights=undated, minlength=count) / total
    best_share = best / setting.idf_sum if setting.idf_sum > 0 else np.zeros(count)
    raw_sum = np.bincount(owner, weights=raw, minlength=count)
    return (total, *recent, newest, undated_share, best, best_share, raw_sum, evidence)


def _variety(member: IntArray, count: int, setting: Setting, scored: Contributions) -> tuple[Column, ...]:
    owner = member[scored.hits.positions]
    inside = owner >= 0
    owner, rows = (owner[inside], scored.hits.rows[inside])
    snippets = setting.tables.snippets
    terms = _united_bits(owner, scored.hits.matched[inside], count)
    share = terms / max(setting.term_count, 1)
    kinds = _united_bits(owner, np.left_shift(1, snippets.kind[rows], dtype=np.uint16), count)
    miners = _distinct(owner, snippets.miner[rows], count)
    sources = _distinct(owner, snippets.source_type[rows], count)
    suspects = setting.dated.doubtful
    in_doubt = owner[:0] if suspects is None else owner[suspects[snippets.miner[rows]]]
    doubtful = np.bincount(in_doubt, minlength=count)
    return (kinds, terms, share, miners, sources, doubtful)


def _left_out(
    member: IntArray, count: int, setting: Setting, hits: Hits, settled: Hits
) -> tuple[Column, ...]:
    owner = member[hits.positions]
    inside = owner >= 0
    owner, rows = (owner[inside], hits.rows[inside])
    snippets, repeats = (setting.tables.snippets, setting.dated.repeats[rows])

    def counted(flags: BoolArray) -> Column:
        return np.bincount(owner[flags], minlength=count)

    past = member[settled.positions]
    return (
        counted(repeats | snippets.flagged[rows]),
        counted(repeats),
        counted(snippets.stuffed[rows]),
        counted(snippets.no_need[rows]),
        np.bincount(past[past >= 0], minlength=count),
        _settled_days(member, count, setting),
        counted(snippets.vendor_talk[rows]),
    )


def _settled_days(member: IntArray, count: int, setting: Setting) -> FloatArray:
    newest = np.full(count, np.nan)
    pool = np.flatnonzero(member >= 0)
    for until in setting.until.values():
        newest[member[pool]] = np.fmax(newest[member[pool]], until[pool])
    newest[np.isinf(newest)] = np.nan
    return ages_days(newest, setting.as_of_s)


def _event(
    pool: IntArray, setting: Setting, strongest: Strongest, tau_days: float
) -> tuple[FloatArray, FloatArray]:
    rows = strongest.rows[pool]
    rel, age = (np.full(len(pool), np.nan), np.full(len(pool), np.nan))
    there = np.flatnonzero(rows >= 0)
    age[there] = ages_days(setting.dated.effective_s[rows[there]], setting.as_of_s)
    rel[there] = np.exp(strongest.worth[pool[there]] + age[there] / tau_days)
    return (rel, age)


def _company(pool: IntArray, setting: Setting) -> tuple[Column, ...]:
    rows = setting.admitted.rows[pool]
    dated = setting.dated
    return (
        dated.snippets[rows],
        ages_days(dated.newest_s[rows], setting.as_of_s),
        dated.postings[rows],
        ages_days(dated.newest_posting_s[rows], setting.as_of_s),
    )


def _united_bits(owner: IntArray, bits: Column, count: int) -> FloatArray:
    distinct = np.zeros(count)
    starts = run_starts(owner)
    if len(starts):
        distinct[owner[starts]] = np.bitwise_count(np.bitwise_or.reduceat(bits, starts))
    return distinct


def _distinct(owner: IntArray, codes: Column, count: int) -> FloatArray:
    if not len(owner):
        return np.zeros(count)
    width = int(codes.max()) + 1
    pairs = np.unique(owner.astype(np.int64) * width + codes)
    return np.bincount(pairs // width, minlength=count).astype(np.float64)


def preliminary_score(fit: FloatArray, intent: FloatArray, final_weights: FloatArray) -> FloatArray:
    weight_fit, weight_intent = (float(weight) for weight in final_weights)
    return weight_fit * fit + weight_intent / 100.0 * intent


def gather(
    request: EvidenceRequest,
    postings: Postings,
    tables: EvidenceTables,
    config: IntentConfig,
    tenant: int = SHARED,
) -> PoolEvidence:
    terms = chosen_terms(request.concepts, request.keywords, postings, config.terms)
    setting = _setting(request, terms, tables, config, tenant)
    hits = visible_hits(unite(with_kindred(terms, postings, config), setting.admitted), setting)
    scored = weigh(hits, setting)
    churn, job = strongest_events(scored.hits, setting)
    return _pool(request, setting, hits, scored, churn=churn, job=job)


def with_kindred(
    terms: list[tuple[Term, TermPostings]], postings: Postings, config: IntentConfig
) -> list[TermPostings]:
    found = []
    for term, own in terms:
        akin = [] if term.is_keyword else list(postings.kindred(term.text))
        rows = np.concatenate([own.rows, *(part.rows for part in akin)])
        raw = [
            own.raw,
            *(part.raw * np.float32(config.kindred_weight) for part in akin if config.kindred_weight),
        ]
        if len(raw) == 1:
            found.append(own)
            continue
        order = np.argsort(rows, kind="stable")
        companies = np.concatenate([own.companies, *(part.companies for part in akin)])
        found.append(TermPostings(rows[order], companies[order], np.concatenate(raw)[order], own.idf))
    return found


def _setting(
    request: EvidenceRequest,
    terms: list[tuple[Term, TermPostings]],
    tables: EvidenceTables,
    config: IntentConfig,
    tenant: int,
) -> Setting:
    admitted = Admitted.unpack(request.rows, tables.company_count)
    concepts = tuple((term.text for term, _ in terms if not term.is_keyword))
    vendors = np.zeros(len(admitted), dtype=np.bool_)
    for concept in concepts:
        vendors[
            admitted.select(
                tables._sellers[tables._concept_index[concept]]
                if concept in tables._concept_index
                else np.zeros(0, np.int32)
            )[1]
        ] = True
    idf_sum = sum((found.idf for _, found in terms))
    dated = Dated(tables, request.as_of_s)
    seen = [dated.events[owner][0].choices for owner in {SHARED: None, tenant: None} if owner in dated.events]
    until = settled_until(seen, [tables._concept_index.get(concept, -1) for concept in concepts], admitted)
    return Setting(
        request.as_of_s,
        admitted,
        vendors,
        concepts,
        idf_sum,
        len(terms),
        tables,
        dated,
        config,
        until,
        tenant,
    )


def _pool(
    request: EvidenceRequest,
    setting: Setting,
    hits: Hits,
    scored: Contributions,
    *,
    churn: Strongest,
    job: Strongest,
) -> PoolEvidence:
    count, boosts = (len(setting.admitted), setting.config.boosts)
    base, best_raw = (np.zeros(count), np.zeros(count, dtype=np.float32))
    base[scored.owners] = base_score(scored.evidence, setting.config.half_evidence)
    best_raw[scored.owners] = scored.best_raw
    churn_points = boost_points(churn.worth, boosts.churn_points)
    job_points = boost_points(job.worth, boosts.job_points)
    intent, _ = combine(base, churn_points, job_points)
    fit = fit_scores(request.levels, request.fit_weights, request.industry)
    preliminary = preliminary_score(fit, intent, request.final_weights)
    preliminary[setting.vendors] = (preliminary_score(fit, 0.0, request.final_weights) - 1.0)[setting.vendors]
    pool = best(preliminary, request.pool_size)
    group = np.full(count, -1, dtype=np.int32)
    group[scored.owners] = np.arange(len(scored.owners), dtype=np.int32)
    shown = np.append(scored.top, np.full((1, SIGNALS_PER_COMPANY), -1), axis=0)[group[pool]]
    return PoolEvidence(
        generation=request.generation,
        positions=pool,
        base=base[pool],
        churn=churn_points[pool],
        churn_snippets=churn.rows[pool],
        job=job_points[pool],
        job_snippets=job.rows[pool],
        best_raw=best_raw[pool],
        snippets=np.append(scored.hits.rows, np.int32(NO_SNIPPET))[shown],
        raw=picked(scored.hits.raw, shown, 0.0).astype(np.float32),
        decay=picked(scored.decay, shown, 0.0).astype(np.float32),
        contribution=picked(scored.contribution, shown, 0.0).astype(np.float32),
        matched=np.append(scored.hits.matched, np.uint32(0))[shown].astype(np.uint8),
        counts=evidence_features(pool, setting, hits, scored, churn=churn, job=job),
        considered=int(np.count_nonzero((best_raw > 0) | (churn.rows >= 0) | (job.rows >= 0))),
    )


def best(score: FloatArray, size: int) -> IntArray:
    return np.sort(np.argsort(-score, kind="stable")[:size]).astype(np.int32)


def _relevance(
    tables: Mapping[str, tuple[tuple[int, float], ...]], concepts: tuple[str, ...]
) -> dict[int, float]:
    found: dict[int, float] = {}
    for concept in concepts:
        for number, rel in tables.get(concept, ()):
            found[number] = max(rel, found.get(number, 0.0))
    return found
