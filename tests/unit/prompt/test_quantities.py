"""Head counts and K (F-1)."""

import pytest

from ranking.prompt import parse
from ranking.taxonomy.loading import load_taxonomy
from ranking.types import EmployeeRange


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("companies with 50-500 people", EmployeeRange(50, 500)),
        ("companies with 50 – 500 people", EmployeeRange(50, 500)),
        ("companies with 500-50 people", EmployeeRange(50, 500)),
        ("companies with 50 to 500 employees", EmployeeRange(50, 500)),
        ("companies with between 50 and 500 employees", EmployeeRange(50, 500)),
        ("companies with over 1,000 employees", EmployeeRange(1000 + 1, None)),
        ("companies with at least 1,000 employees", EmployeeRange(1000, None)),
        ("companies with fewer than 50 employees", EmployeeRange(None, 50 - 1)),
        ("companies with up to 250 employees", EmployeeRange(None, 250)),
        ("companies with no more than 250 employees", EmployeeRange(None, 250)),
        ("companies with 1.000+ employees", EmployeeRange(1000, None)),
        ("companies with 10k+ employees", EmployeeRange(10_000, None)),
        ("companies with 1-5k employees", EmployeeRange(1000, 5000)),
        ("companies with 1.5-2k employees", EmployeeRange(1000, 2000)),
        ("companies with about 100 employees", EmployeeRange(100 // 2, 2 * 100)),
        ("companies with 1 employee", EmployeeRange(1, 2)),
        ("companies with 120 full-time employees", EmployeeRange(60, 240)),
        ("company size 50-200", EmployeeRange(50, 200)),
        ("headcount: 200+", EmployeeRange(200, None)),
        ("Firmen mit mehr als hundert Mitarbeitern", EmployeeRange(101, None)),
        ("Unternehmen mit 1.000 bis 5.000 Mitarbeitern", EmployeeRange(1000, 5000)),
        ("entreprises de 1 000 à 5 000 salariés", EmployeeRange(1000, 5000)),
        ("empresas de hasta 250 empleados", EmployeeRange(None, 250)),
        ("empresas com pelo menos 10 funcionários", EmployeeRange(10, None)),
        ("aziende fino a 50 dipendenti", EmployeeRange(None, 50)),
        ("bedrijven vanaf 10 medewerkers", EmployeeRange(10, None)),
    ],
)
def test_head_counts(prompt: str, expected: EmployeeRange):
    assert parse(prompt, load_taxonomy()).include.employees == (expected,)


@pytest.mark.parametrize(
    "prompt",
    [
        "banks with revenue over $10M",
        "banks founded between 2015 and 2020",
        "banks older than 10 years",
        "banks with over 20 branches",
        "Fortune 500 banks",
        "banks open 24/7",
        "banks with 5% growth",
        "banks within 50 miles",
        "banks with 3.5 stars",
        "banks with 99999999999 people",
    ],
)
def test_numbers_that_count_something_else_are_no_head_counts(prompt: str):
    query = parse(prompt, load_taxonomy())

    assert query.include.employees == ()
    assert query.limit is None


@pytest.mark.parametrize(
    ("prompt", "limit"),
    [
        ("top 50 banks", 50),
        ("top 10", 10),
        ("give me 40 leads", 40),
        ("20 Firmen in Berlin", 20),
        ("die 50 besten Hotels", 50),
        ("30 fintech startups in Berlin", 30),
        ("10-20 leads", 20),
        ("max 15 contacts at banks", 15),
        ("2000 companies", 2000),
        ("2001 companies", None),
        ("0 companies", None),
        ("banks with 20 customers", None),
        ("100+ companies", None),
    ],
)
def test_limits(prompt: str, limit: int | None):
    assert parse(prompt, load_taxonomy()).limit == limit


def test_two_bounds_of_one_wish_are_one_range():
    query = parse("more than 50 but less than 500 employees", load_taxonomy())

    assert query.include.employees == (EmployeeRange(51, 499),)


def test_two_ranges_stay_two():
    query = parse("10-50 employees or 200-500 employees", load_taxonomy())

    assert query.include.employees == (EmployeeRange(10, 50), EmployeeRange(200, 500))


def test_contradictory_bounds_stay_apart():
    query = parse("more than 500 but less than 50 employees", load_taxonomy())

    assert query.include.employees == (EmployeeRange(501, None), EmployeeRange(None, 49))
