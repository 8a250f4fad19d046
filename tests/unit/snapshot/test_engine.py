"""Retrieval on a snapshot's columns, case by case (F-2, F-2b, F-3)."""

from random import Random
from time import thread_time
from typing import Any

import numpy as np
import pytest

from db.snapshot.engine import SnapshotRetrieval
from db.suppressions import Suppression
from ranking.errors import InvalidQuery, UnknownGeneration
from ranking.fit import unpack_levels, unverified
from ranking.ports import RetrievalRequest
from ranking.types import Candidates, EmployeeRange, Exclusions, ExemplarChoice, Generation, Query, Targets
from tests.fixtures.company_world import TAXONOMY, Company, Lead, World, random_world

HOSPITAL = Company(
    "hospital", "Charité", industry="hospitals", country="DE", employees=100, technologies=("salesforce",)
)
CLINIC = Company("clinic", "Clinic", industry="hospitals", country="DE", employees=100)
BANK = Company("bank", "Bank", industry="banking", country="FR", employees=9000, technologies=("hubspot",))
MYSTERY = Company("mystery", "Mystery")


def retrieve(world: World, query: Query, stop_at: int = 200, **more: Any) -> Candidates:
    return SnapshotRetrieval(world.snapshot(), TAXONOMY, world.suppressions).retrieve(
        RetrievalRequest(query, stop_at, **more)
    )


def ids(world: World, rows: Any) -> list[str]:
    ordered = sorted(each.id for each in world.companies)
    return [ordered[row] for row in rows.tolist()]


def names(world: World, query: Query, stop_at: int = 0, **more: Any) -> list[str]:
    return ids(world, retrieve(world, query, stop_at, **more).rows)


def reasons(world: World, query: Query, *candidates: str, **more: Any) -> dict[str, str]:
    found = retrieve(world, query, candidate_ids=candidates, **more)
    return {each.id: each.reason for each in found.dropped}


def test_steps_say_how_each_company_came_in() -> None:
    world = World.of(HOSPITAL, CLINIC, MYSTERY, BANK)
    targets = Targets(industries=("hospitals",), technologies=("salesforce",))
    found = retrieve(world, Query(include=targets))
    steps = [found.relaxation[step].step for step in found.steps.tolist()]
    assert dict(zip(ids(world, found.rows), steps, strict=True)) == {
        "hospital": "strict", "clinic": "unknown", "mystery": "unknown", "bank": "industry_dropped",
    }  # fmt: skip
    assert [report.added for report in found.relaxation] == [1, 2, 0, 0, 1]


def test_levels_and_marks_follow_what_is_known() -> None:
    world = World.of(HOSPITAL, MYSTERY, BANK)
    targets = Targets(industries=("hospitals",), employees=(EmployeeRange(51, 200),), countries=("DE",))
    found = retrieve(world, Query(include=targets))
    assert ids(world, found.rows) == ["bank", "hospital", "mystery"]
    industry, size, region = unpack_levels(found.levels)
    assert industry.tolist() == [0.0, 1.0, 0.5]
    assert size.tolist() == [0.0, 1.0, 0.5]
    assert region.tolist() == [0.0, 1.0, 0.5]
    assert unverified(found.levels).tolist() == [False, False, True]


def test_an_unknown_value_passes_a_not_and_is_marked() -> None:
    found = retrieve(World.of(HOSPITAL, MYSTERY), Query(exclude=Exclusions(industries=("hospitals",))))
    assert unverified(found.levels).tolist() == [True]


def test_one_and_the_same_lead_must_have_role_and_seniority() -> None:
    leads = [
        Lead("a", "clinic", ("engineering",), "manager"),
        Lead("b", "clinic", ("sales",), "cxo"),
        Lead("c", "hospital", ("engineering",), "cxo"),
    ]
    asked = Query(include=Targets(roles=("engineering",), seniorities=("cxo",)))
    assert names(World.of(HOSPITAL, CLINIC, leads=leads), asked) == ["hospital"]


def test_an_excluded_role_takes_a_company_only_when_no_other_lead_is_left() -> None:
    leads = [
        Lead("a", "clinic", ("sales",)),
        Lead("b", "hospital", ("sales",)),
        Lead("c", "hospital", ("engineering",)),
    ]
    assert names(World.of(HOSPITAL, CLINIC, leads=leads), Query(exclude=Exclusions(roles=("sales",)))) == [
        "hospital"
    ]


def test_a_company_without_any_lead_is_not_admitted() -> None:
    assert names(World([CLINIC, HOSPITAL], [Lead("a", "clinic")]), Query()) == ["clinic"]


@pytest.mark.parametrize(
    "company",
    ["hospital", "Charite GmbH", "charité", "www.charite.de", "Old Charité Inc", "https://charite.de/en"],
)
def test_a_company_is_excluded_by_id_name_former_name_or_domain(company: str) -> None:
    known = Company("hospital", "Charité", "charite.de", former_names=("Old Charité",))
    assert names(World.of(known, BANK), Query(exclude=Exclusions(companies=(company,)))) == ["bank"]


def test_an_excluded_keyword_needs_all_its_words() -> None:
    world = World.of(
        Company("a", description="staffing for mechanical trades"),
        Company("b", description="an agency of staffing"),
        Company("c", description="agency"),
    )
    assert names(world, Query(exclude=Exclusions(keywords=("Staffing Agency",)))) == ["a", "c"]


def test_inactive_companies_are_never_admitted() -> None:
    assert names(World.of(Company("a", active=False), Company("b")), Query()) == ["b"]


def test_duplicates_are_one_candidate_with_the_record_of_best_fit_and_the_earliest_step() -> None:
    world = World.of(
        Company("a", industry="banking"),
        Company("b", industry="hospitals", cluster="a"),
        Company("c", cluster="a"),
    )
    found = retrieve(world, Query(include=Targets(industries=("hospitals",))))
    assert ids(world, found.rows) == ["a"]
    assert ids(world, found.source_rows) == ["b"]
    assert found.relaxation[int(found.steps[0])].step == "strict"
    assert unpack_levels(found.levels)[0].tolist() == [1.0]


def test_an_excluded_record_takes_its_duplicates_along() -> None:
    world = World.of(Company("a", cluster="b"), Company("b", industry="hospitals"), Company("c"))
    assert names(world, Query(exclude=Exclusions(industries=("hospitals",)))) == ["c"]


def test_an_inactive_duplicate_does_not_take_the_business_along() -> None:
    world = World.of(Company("a", active=False), Company("b", cluster="a"))
    found = retrieve(world, Query())
    assert (ids(world, found.rows), ids(world, found.source_rows)) == (["a"], ["b"])


def test_a_tenant_sees_its_own_records_and_the_shared_ones() -> None:
    world = World.of(Company("mine", tenant="blue"), Company("shared"), tenants=("blue", "green"))
    assert names(world, Query(), tenant="blue") == ["mine", "shared"]
    assert names(world, Query(), tenant="green") == ["shared"]
    assert names(world, Query()) == ["shared"]


def test_suppressed_companies_domains_and_leads_are_never_shown() -> None:
    world = World.of(
        Company("a"), Company("b", domain="b.com"), Company("c"), Company("d"),
        leads=[Lead("c1", "c"), Lead("d1", "d"), Lead("d2", "d")],
        suppressions=[
            Suppression(None, "company", "a"),
            Suppression(None, "domain", "b.com"),
            Suppression(None, "lead", "c1"),
            Suppression(None, "lead", "d1"),
        ],
    )  # fmt: skip
    assert names(world, Query()) == ["d"]


def test_a_tenants_suppressions_are_its_own() -> None:
    world = World.of(
        Company("a"), Company("b"), suppressions=[Suppression("blue", "company", "a")], tenants=("blue",)
    )
    assert names(world, Query(), tenant="blue") == ["b"]
    assert names(world, Query()) == ["a", "b"]


def test_suppressions_can_be_replaced() -> None:
    world = World.of(
        Company("a"), Company("b"), leads=[Lead("a1", "a", ("sales",)), Lead("b1", "b", ("sales",))]
    )
    engine = SnapshotRetrieval(world.snapshot(), TAXONOMY)
    request = RetrievalRequest(Query(include=Targets(roles=("sales",))), 200)
    assert len(engine.retrieve(request).rows) == 2
    engine.suppress([Suppression(None, "lead", "a1")])
    assert ids(world, engine.retrieve(request).rows) == ["b"]
    engine.suppress([])
    assert len(engine.retrieve(request).rows) == 2


def test_many_tenants_do_not_pile_up() -> None:
    tenants = tuple(f"t{number}" for number in range(300))
    world = World.of(Company("a"), *(Company(f"of {name}", tenant=name) for name in tenants), tenants=tenants)
    engine = SnapshotRetrieval(world.snapshot(), TAXONOMY)
    for name in (*tenants, tenants[0]):
        assert len(engine.retrieve(RetrievalRequest(Query(), 1, tenant=name)).rows) == 2


def directed(company_id: str, *direction: float, **more: Any) -> Company:
    return Company(company_id, direction=direction, **more)


LIKE = (
    directed("stripe", 1, 0, name="Stripe", domain="stripe.com"),
    directed("adyen", 0, 1, name="Adyen", former_names=("Bibit",)),
    directed("near", 1, 1),
    directed("right", 1, 0.2),
    directed("far", -1, -1),
    Company("blank"),
)


def test_exemplars_alone_admit_the_nearest_and_not_themselves() -> None:
    world = World.of(*LIKE)
    found = retrieve(world, Query(exemplars=("stripe.com", "Adyen")), stop_at=2)
    assert ids(world, found.rows) == ["near", "right"]
    assert [(report.step, report.added) for report in found.relaxation] == [("exemplar", 2)]
    assert found.similarity is not None
    assert found.similarity.tolist() == pytest.approx([1.0, (1 + 0.2) / np.sqrt(2 * (1 + 0.2**2))])
    assert found.exemplars == (ExemplarChoice("stripe.com", "stripe"), ExemplarChoice("Adyen", "adyen"))


def test_with_filters_the_filters_admit_and_likeness_is_told() -> None:
    world = World.of(*LIKE, Company("other", country="DE"))
    found = retrieve(world, Query(include=Targets(countries=("DE",)), exemplars=("Bibit",)), stop_at=0)
    assert ids(world, found.rows) == ["other"]
    assert found.similarity is not None
    assert np.isnan(found.similarity).tolist() == [True]


def test_a_role_asked_for_beside_exemplars_holds_for_the_neighbours() -> None:
    leads = [Lead("n", "near", ("sales",)), Lead("r", "right", ("engineering",))]
    query = Query(include=Targets(roles=("engineering",)), exemplars=("Stripe",))
    assert names(World.of(*LIKE, leads=leads), query, stop_at=3) == ["adyen", "far", "right"]


def test_unresolved_names_are_listed_and_their_text_vector_is_used() -> None:
    world = World.of(*LIKE)
    vector = np.zeros(384, dtype=np.float32)
    vector[:2] = -1
    found = retrieve(world, Query(exemplars=("Nobody",)), stop_at=1, exemplar_vector=vector)
    assert found.unresolved_exemplars == ("Nobody",)
    assert ids(world, found.rows) == ["far"]


def test_unresolved_names_without_a_vector_leave_the_filters_to_admit() -> None:
    found = retrieve(World.of(*LIKE), Query(exemplars=("Nobody",)))
    assert found.similarity is None
    assert found.relaxation[0].step == "strict"


def test_an_ambiguous_name_prefers_the_active_and_the_larger_and_reports_the_others() -> None:
    world = World.of(
        Company("a", "Acme", employees=10),
        Company("b", "Acme Inc", employees=500),
        Company("c", "ACME", employees=9000, active=False),
        Company("d", "Acme", cluster="b"),
        Company("e", "Zeta", former_names=("Acme",), employees=99999),
    )
    found = retrieve(world, Query(exemplars=("acme",)))
    assert found.exemplars == (ExemplarChoice("acme", "b", ("a", "c")),)
    assert ids(world, found.rows) == ["a", "e"]


def test_an_exemplar_without_a_vector_borrows_that_of_its_duplicate() -> None:
    world = World.of(Company("a", "Acme"), directed("b", 1, cluster="a"), directed("c", 1))
    found = retrieve(world, Query(exemplars=("Acme",)))
    assert ids(world, found.rows) == ["c"]
    assert found.relaxation[0].step == "exemplar"


def test_a_business_is_as_similar_as_its_most_similar_record() -> None:
    world = World.of(
        directed("stripe", 1, 0, name="Stripe"), directed("a", 0, 1), directed("b", 1, 0, cluster="a"),
        Company("c", cluster="a"),
    )  # fmt: skip
    for include in (Targets(), Targets(stages=("seed",))):
        found = retrieve(world, Query(include=include, exemplars=("Stripe",)))
        assert ids(world, found.rows) == ["a"]
        assert found.similarity is not None
        assert found.similarity.tolist() == pytest.approx([1.0])


LISTED = World.of(
    HOSPITAL, CLINIC, BANK, MYSTERY,
    Company("closed", "Closed", active=False, industry="hospitals"),
    Company("barred", "Barred", industry="hospitals"),
    Company("private", "Private", tenant="blue"),
    Company("led", "Led", industry="hospitals"),
    leads=[
        Lead("engineer", "led", ("engineering",), "manager"), Lead("seller", "led", ("sales",), "cxo"),
        Lead("gone", "led"),
    ],
    suppressions=[Suppression(None, "company", "barred"), Suppression(None, "lead", "gone")],
    tenants=("blue",),
)  # fmt: skip


def test_a_list_is_not_relaxed_and_refusals_name_the_filter() -> None:
    query = Query(include=Targets(industries=("hospitals",), countries=("DE",), technologies=("salesforce",)))
    listed = ("hospital", "bank", "clinic", "mystery", "nobody", "closed", "barred", "private")
    found = retrieve(LISTED, query, candidate_ids=listed)
    assert ids(LISTED, found.rows) == ["clinic", "hospital", "mystery"]
    assert [(report.step, report.added) for report in found.relaxation] == [("candidates", 3)]
    assert unverified(found.levels).tolist() == [True, False, True]
    assert [(each.id, each.reason) for each in found.dropped] == [
        ("bank", "include.industries"),
        ("nobody", "unknown_id"),
        ("closed", "inactive"),
        ("barred", "do_not_contact"),
        ("private", "unknown_id"),
    ]


@pytest.mark.parametrize(
    ("include", "reason"),
    [
        ({"industries": ("hospitals",)}, "include.industries"),
        ({"employees": (EmployeeRange(1, 50),)}, "include.employees"),
        ({"countries": ("DE",)}, "include.location"),
        ({"technologies": ("salesforce",)}, "include.technologies"),
    ],
)
def test_a_target_that_is_missed_is_named(include: dict[str, Any], reason: str) -> None:
    assert reasons(LISTED, Query(include=Targets(**include)), "bank") == {"bank": reason}


@pytest.mark.parametrize(
    ("exclude", "reason"),
    [
        ({"companies": ("Bank",)}, "exclude.companies"),
        ({"keywords": ("bank",)}, "exclude.keywords"),
        ({"industries": ("banking",)}, "exclude.industries"),
        ({"employees": (EmployeeRange(5001, None),)}, "exclude.employees"),
        ({"countries": ("FR",)}, "exclude.location"),
        ({"technologies": ("hubspot",)}, "exclude.technologies"),
    ],
)
def test_an_exclusion_that_holds_is_named(exclude: dict[str, Any], reason: str) -> None:
    assert reasons(LISTED, Query(exclude=Exclusions(**exclude)), "bank") == {"bank": reason}


def test_refusals_of_leads_name_role_or_seniority() -> None:
    devops = Query(include=Targets(roles=("devops",), seniorities=("cxo",)))
    assert reasons(LISTED, devops, "seller", "engineer") == {
        "seller": "include.roles",
        "engineer": "include.roles",
    }
    chief = Query(include=Targets(roles=("engineering",), seniorities=("cxo",)))
    assert reasons(LISTED, chief, "engineer") == {"engineer": "include.seniorities"}
    assert reasons(LISTED, Query(exclude=Exclusions(roles=("sales",))), "seller") == {
        "seller": "exclude.roles"
    }
    barred = Query(exclude=Exclusions(seniorities=("cxo",)))
    assert reasons(LISTED, barred, "seller") == {"seller": "exclude.seniorities"}
    assert reasons(LISTED, Query(), "gone") == {"gone": "do_not_contact"}


def test_a_listed_lead_counts_alone_and_a_listed_company_with_all_its_leads() -> None:
    asked = Query(include=Targets(roles=("engineering",)))
    assert reasons(LISTED, asked, "seller") == {"seller": "include.roles"}
    assert reasons(LISTED, asked, "seller", "engineer") == {}
    assert reasons(LISTED, asked, "led") == {}


def test_a_listed_exemplar_is_refused_as_such() -> None:
    assert reasons(LISTED, Query(exemplars=("Bank",)), "bank", "clinic") == {"bank": "exemplar"}


def test_a_listed_company_without_leads_has_nobody_to_contact() -> None:
    assert reasons(World([CLINIC, BANK], [Lead("x", "bank")]), Query(), "clinic") == {"clinic": "no_contact"}


def test_a_private_lead_is_unknown_to_others() -> None:
    world = World.of(
        CLINIC, leads=[Lead("x", "clinic"), Lead("y", "clinic", tenant="blue")], tenants=("blue",)
    )
    assert reasons(world, Query(), "y") == {"y": "unknown_id"}
    assert reasons(world, Query(), "y", tenant="blue") == {}


def test_another_generation_is_asked_for_elsewhere() -> None:
    engine = SnapshotRetrieval(World.of(BANK).snapshot(), TAXONOMY)
    assert len(engine.retrieve(RetrievalRequest(Query(), 1, generation=Generation("made"))).rows) == 1
    with pytest.raises(UnknownGeneration):
        engine.retrieve(RetrievalRequest(Query(), 1, generation=Generation("older")))


def test_a_bad_request_does_not_touch_its_neighbours() -> None:
    engine = SnapshotRetrieval(World.of(BANK).snapshot(), TAXONOMY)
    good = RetrievalRequest(Query(), 1)
    bad = RetrievalRequest(Query(include=Targets(industries=("nonsense",))), 1)
    first, second, third = engine.retrieve_all([good, bad, good])
    assert isinstance(first, Candidates)
    assert isinstance(second, InvalidQuery)
    assert isinstance(third, Candidates)


def test_an_empty_snapshot_admits_nobody() -> None:
    found = retrieve(World([]), Query(include=Targets(countries=("DE",)), exemplars=("Acme",)))
    assert found.rows.tolist() == []
    assert sum(report.added for report in found.relaxation) == 0


def test_an_ordinary_query_costs_far_less_than_its_share_of_the_budget() -> None:
    world = random_world(Random(3), 3000)
    engine = SnapshotRetrieval(world.snapshot(), TAXONOMY)
    request = RetrievalRequest(
        Query(
            include=Targets(
                industries=("healthcare",), countries=("DE",), employees=(EmployeeRange(51, 500),)
            ),
            exclude=Exclusions(keywords=("paving",)),
        ),
        200,
    )
    fastest = float("inf")
    for _ in range(50):
        started = thread_time()
        engine.retrieve(request)
        fastest = min(fastest, thread_time() - started)
    assert fastest < 0.003
