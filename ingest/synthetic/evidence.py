"""What leaks of the hidden state: evidence that needs cause, talk that means nothing, and what bad suppliers add."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ingest.synthetic.companies import Companies
from ingest.synthetic.events import (
    PRODUCTLESS,
    Events,
    class_of,
    join,
    make_events,
    stripped,
    trap_of,
)
from ingest.synthetic.needs import CAUSES, Needs
from ingest.synthetic.segments import Segment, inside
from ingest.synthetic.spec import HISTORY_DAYS, UNDATED, WorldSpec, stream
from ingest.synthetic.vocabulary import Vocabulary

IntArray = NDArray[np.int64]

_VENDOR_CLASSES = ("vendor_page", "vendor_social", "vendor_job", "vendor_launch", "vendor_news")
_VENDOR_WEIGHTS = (0.34, 0.26, 0.14, 0.12, 0.14)
_BACKGROUND = ("bg_job", "bg_news", "bg_launch", "bg_social", "bg_review", "bg_tech", "bg_funding", "bg_web")
_BACKGROUND_WEIGHTS = (0.28, 0.18, 0.06, 0.14, 0.10, 0.08, 0.04, 0.12)


def _mixed(rng: np.random.Generator, names: tuple[str, ...], weights: tuple[float, ...], m: int) -> IntArray:
    cuts = np.cumsum(np.asarray(weights) / sum(weights))
    drawn = np.minimum(np.searchsorted(cuts, rng.random(m)), len(names) - 1)
    return np.asarray([class_of(name) for name in names], dtype=np.int64)[drawn]


def _ages(rng: np.random.Generator, mean: float, m: int) -> IntArray:
    """Days before as_of, exponential, within the history."""
    return np.minimum(rng.exponential(mean, m), HISTORY_DAYS - 1).astype(np.int64)


def need_events(spec: WorldSpec, vocabulary: Vocabulary, needs: Needs) -> Events:
    """Snippets that episodes cause, by their cause or otherwise; those of decided needs are marked stale."""
    knobs = spec.difficulty
    rng = stream(spec.seed, f"evidence:{vocabulary.products[needs.product].key}")
    counts = rng.poisson(knobs.emission * (0.35 + 1.3 * needs.intensity))
    episode = np.repeat(np.arange(len(counts)), counts)
    m = len(episode)
    length = (needs.end - needs.onset)[episode]
    lag = rng.exponential(8.0, m)
    day = (needs.onset[episode] + np.floor(length * rng.beta(1.0, 2.0, m) + lag)).astype(np.int64)
    seen = (day <= 0) & (day <= needs.end[episode]) & (day > -HISTORY_DAYS)
    seen &= rng.random(m) < np.exp(np.minimum(day, 0) / knobs.crawl_days)
    direct = rng.random(m)
    classes = np.asarray([class_of(name) for name in CAUSES])[needs.cause[episode]]
    aside = _mixed(rng, ("hire", "pain", "search", "growth", "exec"), (0.42, 0.2, 0.22, 0.08, 0.08), m)
    kind = np.where(direct < 0.55, classes, aside)
    kind = np.where(direct > 0.97 - 0.12 * needs.intensity[episode], class_of("search"), kind)
    trap = np.where(needs.end[episode] <= 0, trap_of("stale"), 0)
    return make_events(rng, needs.company[episode], needs.product, kind, day, trap).take(np.flatnonzero(seen))


def resolution_events(spec: WorldSpec, vocabulary: Vocabulary, needs: Needs) -> Events:
    """News of a need that ended with some supplier: a technology added, a contract signed."""
    rng = stream(spec.seed, f"resolution:{vocabulary.products[needs.product].key}")
    m = len(needs.company)
    day = needs.end + rng.integers(0, 25, m)
    shown = (
        (needs.bought | needs.resolved)
        & (day <= 0)
        & (rng.random(m) < 0.7 * np.exp(np.minimum(day, 0) / 300.0))
    )
    kind = _mixed(rng, ("resolved_tech", "resolved_news"), (0.6, 0.4), m)
    events = make_events(rng, needs.company, needs.product, kind, day, trap_of("resolved"))
    return events.take(np.flatnonzero(shown & (day > -HISTORY_DAYS)))


def idle_events(
    spec: WorldSpec, vocabulary: Vocabulary, companies: Companies, segment: Segment, needs: Needs
) -> Events:
    """Talk without need: happy users, conference talks, replacement hires, sellers, and empty career pages."""
    knobs, row = spec.difficulty, vocabulary.products[segment.product]
    rng = stream(spec.seed, f"idle:{row.key}")
    n = len(companies)
    rate = np.where(inside(segment, companies, vocabulary), knobs.mention_rate, 0.08 * knobs.mention_rate)
    needy = np.zeros(n, dtype=bool)
    needy[needs.company[needs.active_at(0)]] = True
    company = np.flatnonzero((rng.random(n) < rate) & ~needy & (companies.sells != segment.product))
    company = np.repeat(company, 1 + rng.poisson(0.6, len(company)))
    m = len(company)
    kind = _mixed(rng, ("mention", "mention_job"), (0.72, 0.28), m)
    talk = make_events(rng, company, segment.product, kind, -_ages(rng, 110.0, m), trap_of("keyword_mention"))
    sellers = np.flatnonzero((companies.sells == segment.product) & companies.canonical())
    sellers = np.repeat(sellers, 1 + rng.poisson(knobs.vendor_posts - 1.0, len(sellers)))
    kind = _mixed(rng, _VENDOR_CLASSES, _VENDOR_WEIGHTS, len(sellers))
    days = -_ages(rng, 80.0, len(sellers))
    sales = make_events(rng, sellers, segment.product, kind, days, trap_of("vendor_talk"))
    empty = np.flatnonzero(rng.random(n) < 0.0006 + 0.0012 * inside(segment, companies, vocabulary))
    days = -_ages(rng, 60.0, len(empty))
    return join(
        (
            talk,
            sales,
            make_events(rng, empty, segment.product, class_of("zero"), days, trap_of("zero_positions")),
        )
    )


def spam_events(
    spec: WorldSpec, vocabulary: Vocabulary, companies: Companies, segments: tuple[Segment, ...]
) -> Events:
    """Padded keyword lists and invented needs that bad suppliers file, mostly under companies worth selling to."""
    rng = stream(spec.seed, "spam")
    total = int(spec.snippets * spec.difficulty.spam_share)
    parts = []
    for segment in segments:
        m = rng.poisson(total / len(segments))
        rows = np.flatnonzero(inside(segment, companies, vocabulary))
        anywhere = rng.integers(0, len(companies), m)
        aimed = rows[rng.integers(0, len(rows), m)] if len(rows) else anywhere
        company = np.where(rng.random(m) < 0.6, aimed, anywhere)
        kind = np.where(rng.random(m) < 0.75, class_of("spam"), class_of("search"))
        day = np.where(rng.random(m) < 0.3, UNDATED, -_ages(rng, 30.0, m))
        trap = np.where(kind == class_of("spam"), trap_of("padded_spam"), trap_of("invented_need"))
        events = make_events(rng, company, segment.product, kind, day, trap, honest=False)
        parts.append(replace(events, written=np.where(day == UNDATED, 0, day)))
    return join(parts)


def _copies(spec: WorldSpec, events: Events) -> Events:
    """Reposts of earlier evidence: later date, other supplier, light edits; and old needs whose date was stripped."""
    rng = stream(spec.seed, "copies")
    m = int(spec.snippets * spec.difficulty.repost_share)
    dated = np.flatnonzero((events.day != UNDATED) & (events.day < -3))
    if len(dated) == 0:
        return events.take(dated)
    source = dated[rng.integers(0, len(dated), m)]
    later = np.minimum(0, events.day[source] + rng.integers(1, 60, m))
    reposts = replace(
        events.take(source), day=later, copy_of=source, trap=np.full(m, trap_of("near_duplicate"))
    )
    reposts = replace(reposts, honest=rng.random(m) < 0.6)
    old = np.flatnonzero((events.trap == trap_of("stale")) & (events.day < -120))
    old = old[rng.random(len(old)) < 0.12]
    bare = events.take(old)
    bare = replace(bare, day=stripped(bare), copy_of=old, trap=np.full(len(old), trap_of("date_stripped")))
    return join((reposts, replace(bare, honest=np.zeros(len(old), dtype=bool))))


def _thin(rng: np.random.Generator, events: Events, limit: int) -> Events:
    if len(events) <= limit:
        return events
    return events.take(np.sort(rng.permutation(len(events))[:limit]))


def _background(spec: WorldSpec, companies: Companies, m: int) -> Events:
    """Everyday snippets; rich companies show funding and launches more often than poor ones."""
    rng = stream(spec.seed, "background")
    company = rng.integers(0, len(companies), m)
    kind = _mixed(rng, _BACKGROUND, _BACKGROUND_WEIGHTS, m)
    rich = companies.budget[company] + rng.standard_normal(m) > 1.6
    kind = np.where(rich & (rng.random(m) < 0.45), class_of("bg_funding"), kind)
    poor = companies.budget[company] < -0.3
    kind = np.where((kind == class_of("bg_funding")) & poor, class_of("bg_news"), kind)
    return make_events(rng, company, PRODUCTLESS, kind, -_ages(rng, 140.0, m))


def _blur(spec: WorldSpec, companies: Companies, events: Events) -> Events:
    """Dates that are missing or lie ahead, evidence filed under the duplicate record, inactive companies marked."""
    rng = stream(spec.seed, "blur")
    m = len(events)
    plain = (events.trap == 0) & (events.day != UNDATED)
    lost, ahead, clock = rng.random(m) < 0.03, rng.random(m) < 0.003, rng.random(m) < 0.002
    day = np.where(plain & lost, UNDATED, events.day)
    day = np.where(plain & ahead & ~lost, rng.integers(3, 300, m), day)
    day = np.where(plain & clock & ~ahead & ~lost, 1, day)
    trap = np.where(plain & lost, trap_of("undated"), events.trap)
    trap = np.where(plain & ahead & ~lost, trap_of("future_date"), trap)
    trap = np.where((trap == 0) & ~companies.active[events.company], trap_of("inactive_company"), trap)
    alias = np.full(len(companies), -1, dtype=np.int64)
    doubles = np.flatnonzero(companies.same_as >= 0)
    alias[companies.same_as[doubles]] = doubles
    other = alias[events.company]
    moved = (other >= 0) & (rng.random(m) < 0.5)
    return replace(events, day=day, trap=trap, company=np.where(moved, other, events.company))


def make_evidence(
    spec: WorldSpec,
    vocabulary: Vocabulary,
    companies: Companies,
    segments: tuple[Segment, ...],
    needs: tuple[Needs, ...],
) -> Events:
    """Exactly `spec.snippets` events, in random order; `copy_of` points into the result."""
    parts = []
    for segment, need in zip(segments, needs, strict=True):
        parts.append(need_events(spec, vocabulary, need))
        parts.append(resolution_events(spec, vocabulary, need))
        parts.append(idle_events(spec, vocabulary, companies, segment, need))
    parts.append(spam_events(spec, vocabulary, companies, segments))
    caused = join(parts)
    room = int(spec.snippets * (1.0 - spec.difficulty.background_share - 1.3 * spec.difficulty.repost_share))
    caused = _thin(stream(spec.seed, "thinning"), caused, room)
    copies = _copies(spec, caused)
    copies = copies.take(np.arange(min(len(copies), spec.snippets - len(caused))))
    background = _background(spec, companies, spec.snippets - len(caused) - len(copies))
    events = join((caused, copies, background))
    order = stream(spec.seed, "order").permutation(len(events))
    place = np.empty(len(order) + 1, dtype=np.int64)
    place[order], place[-1] = np.arange(len(order)), -1
    events = events.take(order)
    return _blur(spec, companies, replace(events, copy_of=place[events.copy_of]))
