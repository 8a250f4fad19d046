"""What holds for every query: relaxation only grows and ends, a NOT never adds anybody, fit does not depend on order."""

from collections.abc import Sequence
from dataclasses import fields, replace
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from db.snapshot.engine import SnapshotRetrieval
from ranking.fit import FitWeights, fit_scores
from ranking.ports import RetrievalRequest
from ranking.relaxation import CompanyFilter, Exclusion, Rung, exclusion, ladder
from ranking.text import company_name_key, domain_key
from ranking.types import Candidates, EmployeeRange, Exclusions, Query
from tests.fixtures.company_world import TAXONOMY, Company, Lead, random_world
from tests.fixtures.random_queries import random_exclusions, random_query

EVERYBODY = 10**9
WORLD = random_world(Random(5), 220)
RETRIEVAL = SnapshotRetrieval(WORLD.snapshot(), TAXONOMY, WORLD.suppressions)
SUPPRESSED = {(each.kind, each.value) for each in WORLD.suppressions if each.tenant is None}
LEADS = {
    company.id: [
        lead
        for lead in WORLD.leads
        if lead.company == company.id and lead.tenant is None and ("lead", lead.id) not in SUPPRESSED
    ]
    for company in WORLD.companies
}
IDS = sorted(each.id for each in WORLD.companies)

queries = st.integers(0, 2**32).map(lambda seed: replace(random_query(Random(seed)), exemplars=()))
exclusions = st.integers(0, 2**32).map(lambda seed: random_exclusions(Random(seed), 0.3))


def admitted(query: Query, stop_at: int = EVERYBODY, engine: SnapshotRetrieval = RETRIEVAL) -> Candidates:
    return engine.retrieve(RetrievalRequest(query, stop_at))


def united(one: Exclusions, other: Exclusions) -> Exclusions:
    names = [field.name for field in fields(Exclusions)]
    return Exclusions(**{name: getattr(one, name) + getattr(other, name) for name in names})


@given(queries, exclusions)
@settings(max_examples=150, deadline=None)
def test_adding_a_not_never_adds_anybody(query: Query, more: Exclusions) -> None:
    narrowed = replace(query, exclude=united(query.exclude, more))
    for stop_at in (0, EVERYBODY):
        before, after = admitted(query, stop_at), admitted(narrowed, stop_at)
        assert set(after.rows.tolist()) <= set(before.rows.tolist())


@given(queries, st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=150, deadline=None)
def test_relaxation_only_grows_and_keeps_the_step_of_each(query: Query, one: int, other: int) -> None:
    early, late = admitted(query, min(one, other)), admitted(query, max(one, other))
    steps = dict(zip(late.rows.tolist(), late.steps.tolist(), strict=True))
    assert all(
        steps[row] == step for row, step in zip(early.rows.tolist(), early.steps.tolist(), strict=True)
    )


@given(queries, st.integers(0, 80))
@settings(max_examples=150, deadline=None)
def test_the_ladder_stops_with_the_first_step_that_has_enough(query: Query, stop_at: int) -> None:
    found = admitted(query, stop_at)
    added = [report.added for report in found.relaxation]
    assert sum(added) == len(found.rows)
    assert [report.step for report in found.relaxation] == [
        rung.name for rung in ladder(query, TAXONOMY)[: len(added)]
    ]
    assert sum(added[:-1]) < max(stop_at, 1)
    assert sum(added) >= stop_at or len(added) == len(ladder(query, TAXONOMY))
    assert np.bincount(found.steps, minlength=len(added)).tolist() == added


@given(queries, st.integers(0, 80))
@settings(max_examples=200, deadline=None)
def test_the_engine_admits_whom_a_plain_reading_of_the_filters_admits(query: Query, stop_at: int) -> None:
    found = admitted(query, stop_at)
    rungs = ladder(query, TAXONOMY)[: len(found.relaxation)]
    expected = set[str]()
    for rung in rungs:
        expected |= plain_reading(rung, exclusion(query.exclude, TAXONOMY))
    assert {IDS[row] for row in found.rows.tolist()} == expected


@given(queries, st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_a_cache_that_holds_nothing_changes_nothing(query: Query, stop_at: int) -> None:
    forgetful = SnapshotRetrieval(WORLD.snapshot(), TAXONOMY, WORLD.suppressions, cache_bytes=0)
    kept, forgotten = admitted(query, stop_at), admitted(query, stop_at, forgetful)
    assert kept.rows.tolist() == forgotten.rows.tolist()
    assert kept.levels.tolist() == forgotten.levels.tolist()


@given(st.lists(queries, max_size=5))
@settings(max_examples=40, deadline=None)
def test_a_list_is_answered_like_one_by_one(several: list[Query]) -> None:
    together = RETRIEVAL.retrieve_all([RetrievalRequest(query, 40) for query in several])
    alone = [admitted(query, 40) for query in several]
    assert [each.rows.tolist() for each in together] == [each.rows.tolist() for each in alone]


@given(
    st.lists(st.tuples(*[st.integers(0, 4)] * 3, st.booleans()), min_size=1, max_size=50),
    st.tuples(st.integers(0, 100), st.integers(0, 100)),
    st.randoms(use_true_random=False),
)
def test_fit_is_between_0_and_1_and_does_not_depend_on_order(
    rows: list[tuple[int, int, int, bool]], shares: tuple[int, int], random: Random
) -> None:
    low, high = sorted(shares)
    weights = FitWeights(industry=low / 100, size=(high - low) / 100, region=(100 - high) / 100).array()
    levels = np.array([a | b << 3 | c << 6 | d << 9 for a, b, c, d in rows], dtype=np.uint16)
    order = list(range(len(rows)))
    random.shuffle(order)
    scores = fit_scores(levels, weights)
    assert scores.min() >= 0.0
    assert scores.max() <= 1.0
    assert fit_scores(levels[order], weights).tolist() == scores[order].tolist()


def plain_reading(rung: Rung, excluded: Exclusion) -> set[str]:
    """Cluster ids that a rung admits, one record and one lead at a time, as somebody of no tenant sees it."""
    shown = [each for each in WORLD.companies if each.tenant is None]
    barred = {each.cluster_id for each in shown if is_barred(each, excluded)}
    return {
        each.cluster_id
        for each in shown
        if each.active and each.cluster_id not in barred and passes(each, rung, excluded)
    }


def is_barred(company: Company, excluded: Exclusion) -> bool:
    domain = domain_key(company.domain) if company.domain else None
    names = {company.name_key, *map(company_name_key, company.former_names)}
    return (
        ("company", company.id) in SUPPRESSED
        or ("domain", domain) in SUPPRESSED
        or company.id in excluded.company_ids
        or bool(names & excluded.company_keys)
        or domain in excluded.company_domains
        or any(set(words) <= set(company.tokens) for words in excluded.keywords)
        or company.industry in excluded.industries
        or within(company.employees, excluded.employees)
        or (
            excluded.places is not None
            and excluded.places.contains(company.country, company.region, company.city)
        )
        or bool(set(company.technologies) & excluded.technologies)
        or company.stage in excluded.stages
    )


def within(count: int | None, ranges: Sequence[EmployeeRange]) -> bool:
    return count is not None and any(
        (each.minimum or 0) <= count <= (count if each.maximum is None else each.maximum) for each in ranges
    )


def passes(company: Company, rung: Rung, excluded: Exclusion) -> bool:
    asked, lenient = rung.filter, rung.admit_unknown
    place = company.country, company.region, company.city
    return (
        (
            asked.industries is None
            or company.industry in asked.industries
            or (lenient and not company.industry)
        )
        and (
            asked.employees is None
            or within(company.employees, asked.employees)
            or (lenient and company.employees is None)
        )
        and (
            asked.places is None
            or asked.places.contains(*place)
            or (lenient and asked.places.undecided(*place))
        )
        and (
            asked.technologies is None
            or bool(set(company.technologies) & asked.technologies)
            or (lenient and not company.technologies)
        )
        and (asked.stages is None or company.stage in asked.stages or (lenient and not company.stage))
        and any(reachable(lead, asked, excluded, lenient) for lead in LEADS[company.id])
    )


def reachable(lead: Lead, asked: CompanyFilter, excluded: Exclusion, lenient: bool) -> bool:
    has_role = asked.roles is None or bool(set(lead.roles) & asked.roles) or (lenient and not lead.roles)
    has_rank = (
        asked.seniorities is None
        or lead.seniority in asked.seniorities
        or (lenient and lead.seniority is None)
    )
    barred = bool(set(lead.roles) & excluded.roles) or lead.seniority in excluded.seniorities
    return has_role and has_rank and not barred
