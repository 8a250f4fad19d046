"""One lead per company: highest fit, then role match, then seniority, then id (F-3)."""

from collections.abc import Sequence

import numpy as np

from db.snapshot.tables import Csr
from ranking.codebook import Codebook
from ranking.collapse import (
    MATCH,
    NO_LEAD,
    NO_MATCH,
    UNKNOWN_MATCH,
    Contacts,
    Directory,
    Wishes,
    collapse,
    seniority_ranks,
)
from ranking.types import Exclusions, Targets
from tests.fixtures.company_world import TAXONOMY, Company, Lead, lead_columns

BOOK = Codebook.of(TAXONOMY)
ENGINEER = ("engineering",)
DEVOPS = ("engineering", "devops")
SELLER = ("sales",)


def chosen(
    *leads: Lead,
    records: Sequence[Sequence[tuple[str, float]]] = ((("acme", 1.0),),),
    include: Targets = Targets(),  # noqa: B008
    exclude: Exclusions = Exclusions(),  # noqa: B008
    only: Sequence[str] | None = None,
    hidden: Sequence[str] = (),
) -> tuple[Contacts, list[str]]:
    """Collapse candidates made of (company, fit) records; also the lead ids by row."""
    names = sorted({name for candidate in records for name, _ in candidate})
    columns = lead_columns([Company(name) for name in names], leads, ())
    ids = columns.ids.all()
    sources = [_best(candidate, names) for candidate in records]
    members = [sorted(names.index(name) for name, _ in candidate) for candidate in records]
    chief = [candidate[0] for candidate in members]
    contacts = collapse(
        np.array(chief, dtype=np.int32),
        np.array(sources, dtype=np.int32),
        Directory(_lists(chief, members, len(names)), columns, _ranks(ids), seniority_ranks(TAXONOMY, BOOK)),
        Wishes(TAXONOMY, BOOK).of(include, exclude),
        np.isin(ids, hidden) | (False if only is None else ~np.isin(ids, only)),
    )
    return contacts, ids


def _best(candidate: Sequence[tuple[str, float]], names: Sequence[str]) -> int:
    """The row of the record of best fit; -1, which is none of them, where two are equal."""
    best = max(fit for _, fit in candidate)
    first = [names.index(name) for name, fit in candidate if fit == best]
    return first[0] if len(first) == 1 else -1


def _lists(rows: Sequence[int], lists: Sequence[Sequence[int]], count: int) -> Csr:
    of_row = dict(zip(rows, lists, strict=True))
    sizes = [len(of_row.get(row, ())) for row in range(count)]
    values = [value for row in sorted(of_row) for value in of_row[row]]
    return Csr(np.concatenate(([0], np.cumsum(sizes))).astype(np.int64), np.array(values, dtype=np.int32))


def _ranks(ids: Sequence[str]) -> np.ndarray:
    return np.argsort(np.argsort([each.encode() for each in ids])).astype(np.int32)


def winner(*leads: Lead, **more: object) -> str | None:
    contacts, ids = chosen(*leads, **more)
    row = int(contacts.lead_rows[0])
    return None if row == NO_LEAD else ids[row]


def test_the_role_asked_for_goes_before_seniority() -> None:
    boss = Lead("boss", "acme", SELLER, "cxo")
    engineer = Lead("engineer", "acme", ENGINEER, "manager")
    assert winner(boss, engineer, include=Targets(roles=("engineering",))) == "engineer"
    assert winner(boss, engineer) == "boss"


def test_a_specific_role_counts_for_its_department() -> None:
    assert (
        winner(Lead("a", "acme", SELLER), Lead("b", "acme", DEVOPS), include=Targets(roles=ENGINEER)) == "b"
    )
    assert (
        winner(Lead("a", "acme", ENGINEER), Lead("b", "acme", DEVOPS), include=Targets(roles=("devops",)))
        == "b"
    )


def test_the_seniority_asked_for_goes_before_a_higher_one() -> None:
    leads = Lead("chief", "acme", ENGINEER, "cxo"), Lead("head", "acme", ENGINEER, "head")
    assert winner(*leads, include=Targets(roles=ENGINEER, seniorities=("head",))) == "head"
    assert winner(*leads, include=Targets(roles=ENGINEER)) == "chief"


def test_an_unknown_seniority_comes_last_but_before_the_company_itself() -> None:
    someone = Lead("z", "acme")
    itself = Lead("acme", "acme", company_level=True)
    assert winner(itself, someone) == "z"
    assert winner(itself, someone, Lead("y", "acme", (), "entry")) == "y"


def test_equal_leads_go_by_id() -> None:
    assert winner(Lead("b", "acme"), Lead("a", "acme")) == "a"


def test_the_record_of_best_fit_goes_first_whoever_works_there() -> None:
    leads = Lead("vp", "one", ENGINEER, "vp"), Lead("clerk", "two", SELLER, "entry")
    records = [[("one", 0.7), ("two", 1.0)]]
    assert winner(*leads, records=records, include=Targets(roles=ENGINEER)) == "clerk"
    assert winner(*leads, records=[[("one", 1.0), ("two", 1.0)]], include=Targets(roles=ENGINEER)) == "vp"


def test_equal_leads_of_merged_records_go_by_id_not_by_row() -> None:
    leads = Lead("b", "one", (), "vp"), Lead("a", "two", (), "vp"), Lead("0", "two", (), "entry")
    contacts, ids = chosen(*leads, records=[[("one", 1.0), ("two", 1.0)]])
    assert ids[int(contacts.lead_rows[0])] == "a"
    assert sorted(ids[row] for row in contacts.replaced(np.array([0], dtype=np.int32))[0]) == ["0", "b"]


def test_the_chosen_lead_names_those_it_replaces() -> None:
    leads = Lead("a", "acme", (), "cxo"), Lead("b", "acme"), Lead("c", "acme"), Lead("d", "beta")
    contacts, ids = chosen(*leads, records=[[("acme", 1.0)], [("beta", 1.0)]])
    assert [ids[row] for row in contacts.lead_rows.tolist()] == ["a", "d"]
    assert [ids[row] for row in contacts.replaced(np.array([0], dtype=np.int32))[0]] == ["b", "c"]
    assert contacts.replaced(np.array([1], dtype=np.int32))[0] == []


def test_a_company_without_the_role_answers_with_its_best_lead_marked() -> None:
    contacts, ids = chosen(
        Lead("boss", "acme", SELLER, "owner"), Lead("clerk", "acme", SELLER), include=Targets(roles=ENGINEER)
    )
    assert ids[int(contacts.lead_rows[0])] == "boss"
    assert contacts.match.tolist() == [NO_MATCH]


def test_a_lead_whose_role_is_not_known_may_match() -> None:
    contacts, _ = chosen(
        Lead("someone", "acme"), Lead("seller", "acme", SELLER), include=Targets(roles=ENGINEER)
    )
    assert contacts.match.tolist() == [UNKNOWN_MATCH]


def test_where_no_role_is_asked_for_every_lead_matches() -> None:
    contacts, _ = chosen(Lead("someone", "acme"))
    assert contacts.match.tolist() == [MATCH]


def test_excluded_roles_and_seniorities_take_leads_away() -> None:
    leads = Lead("chief", "acme", ENGINEER, "cxo"), Lead("clerk", "acme", SELLER, "entry")
    assert winner(*leads, exclude=Exclusions(seniorities=("cxo",))) == "clerk"
    assert winner(*leads, exclude=Exclusions(roles=ENGINEER)) == "clerk"
    assert winner(*leads, exclude=Exclusions(roles=(*ENGINEER, *SELLER))) is None


def test_an_exclusion_lets_the_unknown_pass() -> None:
    assert (
        winner(Lead("someone", "acme"), exclude=Exclusions(roles=ENGINEER, seniorities=("cxo",))) == "someone"
    )


def test_taken_away_leads_are_not_among_the_replaced() -> None:
    contacts, ids = chosen(
        Lead("a", "acme"),
        Lead("b", "acme", SELLER),
        Lead("c", "acme"),
        hidden=["c"],
        exclude=Exclusions(roles=SELLER),
    )
    assert ids[int(contacts.lead_rows[0])] == "a"
    assert contacts.replaced(np.array([0], dtype=np.int32))[0] == []


def test_only_the_leads_of_the_list_count() -> None:
    leads = Lead("boss", "acme", (), "owner"), Lead("clerk", "acme")
    assert winner(*leads, only=["clerk"]) == "clerk"
    assert winner(*leads, only=[]) is None


def test_nobody_left_is_said() -> None:
    contacts, _ = chosen(Lead("a", "beta"), records=[[("acme", 1.0)], [("beta", 1.0)]])
    assert contacts.lead_rows.tolist() == [NO_LEAD, 0]
    assert contacts.match.tolist() == [NO_MATCH, MATCH]


def test_no_candidates_no_contacts() -> None:
    contacts, _ = chosen(records=[])
    assert contacts.lead_rows.tolist() == []
