from itertools import combinations

import numpy as np
import pytest

from ingest.clusters import clusters
from ingest.resolution import (
    CompanyRecord,
    Match,
    compared_pairs,
    duplicates,
    find_matches,
    near_pairs,
    representative,
)
from ranking.simhash import distance


def record(company_id: str, name_key: str = "", **changes: object) -> CompanyRecord:
    plain: dict[str, object] = {
        "tenant": "", "former_name_keys": (), "domain_key": None, "country_code": None, "city_code": None,
        "simhash": None, "is_active": True, "completeness": 3,
    }  # fmt: skip
    return CompanyRecord(company_id, name_key=name_key or f"name {company_id}", **{**plain, **changes})  # type: ignore[arg-type]


def merged(records: list[CompanyRecord], containment: float = 1.0) -> dict[str, tuple[str, str]]:
    contained = dict.fromkeys(compared_pairs(records), containment)
    found = duplicates(records, find_matches(records, contained))
    return {one.company_id: (one.representative_id, one.reason) for one in found}


def test_records_of_one_domain_are_one_company() -> None:
    records = [record(str(number), domain_key="acme.com") for number in range(3)]
    assert merged(records) == {"1": ("0", "same_domain"), "2": ("0", "same_domain")}


@pytest.mark.parametrize("domain", ["linkedin.com", "github.io", "ycombinator.com"])
def test_a_shared_site_joins_nobody(domain: str) -> None:
    assert merged([record("1", domain_key=domain), record("2", domain_key=domain)]) == {}


def test_the_same_name_alone_joins_nobody() -> None:
    place = {"country_code": "US", "city_code": "san_francisco"}
    assert merged([record("1", "quest", **place), record("2", "quest", **place)]) == {}


def test_a_former_name_joins_in_the_same_place() -> None:
    place = {"country_code": "DE", "city_code": "berlin"}
    records = [record("1", "new", former_name_keys=("old",), **place), record("2", "old", **place)]
    assert merged(records) == {"2": ("1", "former_name")}
    assert merged([records[0], record("2", "old", country_code="DE", city_code="bonn")]) == {}
    assert merged([record("1", "new", former_name_keys=("old",)), record("2", "old")]) == {}


def test_two_domains_outweigh_a_former_name_and_a_place_but_not_like_descriptions() -> None:
    place = {"country_code": "US", "city_code": "san_francisco"}
    records = [
        record("1", "new", former_name_keys=("old",), domain_key="new.com", simhash=0, **place),
        record("2", "old", domain_key="old.com", simhash=-1, **place),
    ]
    assert compared_pairs(records) == [(0, 1)]
    assert merged(records, containment=0.49) == {}
    assert merged(records, containment=0.5) == {"2": ("1", "former_name")}


def test_a_former_name_that_is_still_the_name_says_nothing() -> None:
    place = {"country_code": "DE", "city_code": "berlin"}
    assert (
        merged([record("1", "quest", former_name_keys=("quest",), **place), record("2", "quest", **place)])
        == {}
    )


def test_near_identical_records_of_one_opening_join_when_their_shingles_agree() -> None:
    records = [record("1", "acme labs", simhash=0), record("2", "acme", simhash=0b10101)]
    assert merged(records, containment=0.5) == {"2": ("1", "near_identical")}
    assert merged(records, containment=0.49) == {}
    assert merged([records[0], record("2", "other", simhash=0)]) == {}
    assert merged([records[0], record("2", "acme", simhash=0b1111)]) == {}


def branch(company_id: str, name: str, city: str, **changes: object) -> CompanyRecord:
    return record(company_id, name, country_code="GB", city_code=city, simhash=7, **changes)


def test_branches_with_the_text_of_their_chain_are_not_one_business() -> None:
    branches = [branch("1", "anytime gym leeds", "leeds"), branch("2", "anytime gym york", "york")]
    assert merged(branches) == {}
    assert merged([branch("1", "anytime gym", "leeds"), branch("2", "anytime gym", "york")]) == {}
    assert merged([branch("1", "anytime gym", "leeds"), branch("2", "anytime gym", "leeds")]) == {
        "2": ("1", "near_identical")
    }


def test_branches_under_the_domain_of_their_chain_join_only_records_of_the_same_branch() -> None:
    chain = [
        branch("0", "anytime gym", "london", domain_key="anytime.com"),
        branch("1", "anytime gym leeds", "leeds", domain_key="anytime.com"),
        branch("2", "anytime gym york", "york", domain_key="anytime.com"),
        branch("3", "anytime gym york", "york", domain_key="anytime.com"),
    ]
    assert {one: into for one, (into, _) in merged(chain).items()} == {"3": "2"}


def test_an_office_elsewhere_under_the_same_domain_is_the_same_business() -> None:
    offices = [
        record("1", "acme", domain_key="acme.com", country_code="US", city_code="boston"),
        record("2", "acme germany", domain_key="acme.com", country_code="DE", city_code="munich"),
    ]
    assert merged(offices) == {"2": ("1", "same_domain")}


def test_near_pairs_agree_with_an_exact_scan() -> None:
    rng = np.random.default_rng(3)
    prints = [int(value) for value in rng.integers(-(2**63), 2**63 - 1, 40)]
    for value in prints[:30]:
        flipped = value
        for bit in rng.choice(63, rng.integers(1, 6), replace=False):
            flipped ^= 1 << int(bit)
        prints.append(flipped)
    records = [record(str(number), "acme", simhash=value) for number, value in enumerate(prints)]
    exact = [
        pair
        for pair in combinations(range(len(prints)), 2)
        if distance(prints[pair[0]], prints[pair[1]]) <= 3
    ]
    assert len(exact) > 10
    assert near_pairs(records) == exact


def test_boilerplate_shared_by_very_many_is_not_compared() -> None:
    assert near_pairs([record(str(number), "acme", simhash=7) for number in range(201)]) == []
    assert near_pairs([record("1")]) == []


def test_tenants_are_never_joined() -> None:
    records = [
        record("1", "a", domain_key="acme.com", simhash=1, former_name_keys=("b",)),
        record("2", "b", domain_key="acme.com", simhash=1, tenant="t"),
    ]
    assert merged(records) == {}


def test_the_representative_is_active_then_complete_then_of_lowest_id() -> None:
    records = [
        record("a", is_active=False, completeness=9), record("c", completeness=5), record("b", completeness=5),
        record("d", completeness=4),
    ]  # fmt: skip
    assert representative(records, range(4)) == 2
    assert representative(records, [0, 3]) == 3


def test_clusters_are_transitive() -> None:
    matches = [Match(3, 4, "same_domain", ""), Match(0, 1, "same_domain", ""), Match(1, 4, "same_domain", "")]
    assert clusters(6, matches) == [[0, 1, 3, 4]]


def test_the_evidence_of_a_merge_names_the_record_that_ties_it_in() -> None:
    records = [record("1", completeness=9), record("2"), record("3")]
    matches = [Match(1, 2, "same_domain", "x.com"), Match(0, 1, "near_identical", "like", 2, 0.8)]
    tied = {
        one.company_id: (one.matched_id, one.reason, one.distance) for one in duplicates(records, matches)
    }
    assert tied == {"2": ("1", "near_identical", 2), "3": ("2", "same_domain", None)}
