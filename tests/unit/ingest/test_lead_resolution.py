import pytest

from ingest.importers.email import mailbox_of
from ingest.lead_resolution import LeadRecord, lead_duplicates


def person(lead_id: str, name: str, mailbox: str | None = None, **changes: object) -> LeadRecord:
    plain: dict[str, object] = {
        "tenant": "", "business": "acme", "roles": frozenset(), "simhash": 0, "completeness": 3,
    }  # fmt: skip
    return LeadRecord(lead_id, name=tuple(sorted(name.split())), mailbox=mailbox, **{**plain, **changes})  # type: ignore[arg-type]


def merged(*records: LeadRecord) -> dict[str, tuple[str, str]]:
    return {one.lead_id: (one.representative_id, one.reason) for one in lead_duplicates(records)}


def test_one_mailbox_is_one_person_at_whatever_company() -> None:
    records = person("1", "jane doe", "jane@acme.com"), person("2", "j doe", "jane@acme.com", business="beta")
    assert merged(*records) == {"2": ("1", "same_mailbox")}


def test_a_mailbox_under_two_names_is_nobodys_proof() -> None:
    assert merged(person("1", "jane doe", "desk@acme.com"), person("2", "max muster", "desk@acme.com")) == {}


def test_one_name_at_one_business_is_one_person() -> None:
    assert merged(person("1", "jane doe"), person("2", "doe jane", "jane@acme.com")) == {
        "2": ("1", "same_name")
    }


def test_namesakes_at_two_businesses_are_two_people() -> None:
    assert merged(person("1", "jane doe"), person("2", "jane doe", business="beta")) == {}


def test_namesakes_with_mailboxes_or_roles_of_their_own_are_two_people() -> None:
    assert merged(person("1", "jane doe", "jane@acme.com"), person("2", "jane doe", "jane2@acme.com")) == {}
    roles = frozenset({"cfo"}), frozenset({"driver"})
    assert merged(person("1", "jane doe", roles=roles[0]), person("2", "jane doe", roles=roles[1])) == {}


def test_a_first_name_alone_is_nobody() -> None:
    assert merged(person("1", "jane"), person("2", "jane")) == {}


@pytest.mark.parametrize("other", ["anna schmitt", "anna schmid", "anna schmidtt", "anna shcmidt"])
def test_a_slip_of_the_pen_in_a_like_record_is_the_same_person(other: str) -> None:
    records = person("1", "anna schmidt", simhash=0b1111), person("2", other, simhash=0b0111)
    assert merged(*records) == {"2": ("1", "near_identical")}
    assert merged(records[0], person("2", other, simhash=2**40 - 1)) == {}


@pytest.mark.parametrize("other", ["hans muller", "jan muller", "anna muller schmidt", "anna schulz"])
def test_other_names_are_other_people_however_alike_the_records(other: str) -> None:
    assert merged(person("1", "anna schmidt"), person("2", other)) == {}


def test_the_most_complete_record_speaks_for_the_person_and_the_match_is_named() -> None:
    records = (
        person("1", "jane doe"), person("2", "jane doe", "jane@acme.com", completeness=5),
        person("3", "j doe", "jane@acme.com", business="beta"),
    )  # fmt: skip
    assert merged(*records) == {"1": ("2", "same_name"), "3": ("2", "same_mailbox")}
    assert {one.lead_id: one.matched_id for one in lead_duplicates(records)} == {"1": "2", "3": "2"}


def test_tenants_are_never_joined() -> None:
    assert merged(person("1", "jane doe"), person("2", "jane doe", tenant="them")) == {}


def test_a_mailbox_has_no_plus_and_is_one_persons() -> None:
    assert mailbox_of("Jane+crm@Acme.com") == "jane@acme.com"
    assert mailbox_of("info@acme.com") is None
