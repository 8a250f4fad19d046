import math
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from ingest.importers import fields
from ingest.importers.dates import moment, slashed_order
from ingest.importers.email import business_address
from ingest.importers.rows import FieldProblem

NOW = datetime(2026, 4, 7, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(" a ", "a"), ("  ", None), (None, None), (math.nan, None), (12, "12"), (12.0, "12"), (1.5, "1.5")],
)
def test_text_is_trimmed_and_numbers_are_written_out(value: object, expected: str | None) -> None:
    assert fields.text("f", value) == expected


@pytest.mark.parametrize("value", [True, ["a"], {"a": 1}])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(FieldProblem, match="must be text"):
        fields.text("f", value)


def test_text_has_a_limit() -> None:
    assert fields.text("f", "abc", limit=3) == "abc"
    with pytest.raises(FieldProblem, match="longer than 2 characters"):
        fields.text("f", "abc", limit=2)


@pytest.mark.parametrize("value", ["Unknown", "n/a", " - ", "Unspecified"])
def test_placeholders_are_empty_cells(value: str) -> None:
    assert fields.category("f", value) is None


def test_na_is_namibia_and_no_placeholder() -> None:
    assert fields.category("country", "NA") == "NA"


def test_a_required_field_must_not_be_empty() -> None:
    with pytest.raises(FieldProblem, match="is required") as caught:
        fields.required("name", " ")
    assert caught.value.field == "name"


@pytest.mark.parametrize(
    ("value", "count", "wording"),
    [
        (58, 58, None), ("58.0", 58, None), ("1,250", 1250, None), ("1.250", 1250, None), ("~120 employees", 120, None),
        ("51-200", (51 + 200) // 2, "51-200"), ("1,001 - 5,000", (1001 + 5000) // 2, "1,001 - 5,000"),
        ("11 to 50 people", (11 + 50) // 2, "11 to 50 people"),
        ("1,000+", 1000 + 1, "1,000+"), ("10,001+", 10_001, "10,001+"), ("over 300", 300, "over 300"),
        (0, None, None), ("0", None, None), ("medium", None, "medium"), ("", None, None), ("unknown", None, None),
    ],
)  # fmt: skip
def test_head_counts_in_many_wordings(value: object, count: int | None, wording: str | None) -> None:
    assert fields.employee_count("employee_count", value) == (count, wording)


@pytest.mark.parametrize(
    ("value", "reason"),
    [("-5", "is negative"), (10_000_001, "is more than 10000000"), ("200-51", "runs backwards")],
)
def test_impossible_head_counts_are_refused(value: object, reason: str) -> None:
    with pytest.raises(FieldProblem, match=reason):
        fields.employee_count("employee_count", value)


@pytest.mark.parametrize(
    ("value", "expected"), [("1999", 1999), (1999.0, 1999), ("", None), (True, 1), ("1e3", 1000)]
)
def test_whole_numbers(value: object, expected: int | None) -> None:
    assert fields.whole_number("f", value, 0, 2027) == expected


@pytest.mark.parametrize("value", ["x", "1.5", 2028, -1, "NaN", "Infinity"])
def test_numbers_that_are_not_whole_or_out_of_bounds_are_refused(value: object) -> None:
    with pytest.raises(FieldProblem, match="must be a whole number"):
        fields.whole_number("f", value, 0, 2027)


@pytest.mark.parametrize(
    ("value", "expected"), [(True, True), ("Yes", True), ("inactive", False), (0, False), ("", True)]
)
def test_flags(value: object, expected: bool) -> None:
    assert fields.flag("is_active", value, default=True) is expected


def test_a_flag_that_is_neither_is_refused() -> None:
    with pytest.raises(FieldProblem, match="must be true or false: 'maybe'"):
        fields.flag("is_active", "maybe", default=True)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a; b;;a", ("a", "b")), ("a|b", ("a", "b")), ('["a", 1]', ("a", "1")), (["a", None, "a"], ("a",)),
        ("Acme, Inc.", ("Acme, Inc.",)), ("", ()), (None, ()), (7, ("7",)),
    ],
)  # fmt: skip
def test_lists_in_many_wordings(value: object, expected: tuple[str, ...]) -> None:
    assert fields.items("tags", value) == expected


def test_broken_and_endless_lists_are_refused() -> None:
    with pytest.raises(FieldProblem, match="starts like a JSON array"):
        fields.items("tags", "[a")
    with pytest.raises(FieldProblem, match="more than 1000 items"):
        fields.items("tags", [str(number) for number in range(1001)])


@pytest.mark.parametrize(
    ("value", "expected"), [('{"a":1}', {"a": 1}), ({1: 2}, {"1": 2}), ("", {}), (None, {})]
)
def test_objects(value: object, expected: dict[str, object]) -> None:
    assert fields.attributes("attributes", value) == expected


@pytest.mark.parametrize("value", ["{", "[1]", 5])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(FieldProblem, match="must be a"):
        fields.attributes("attributes", value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T10:00:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T10:00:00Z", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T10:00:00+02:00", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        (1_714_605_534, datetime.fromtimestamp(1_714_605_534, UTC)),
        ("1714605534", datetime.fromtimestamp(1_714_605_534, UTC)),
        (1_714_605_534_000, datetime.fromtimestamp(1_714_605_534, UTC)),
        ("1/28/2026", datetime(2026, 1, 28, tzinfo=UTC)),
        ("28/1/2026", datetime(2026, 1, 28, tzinfo=UTC)),
        ("3/3/2026", datetime(2026, 3, 3, tzinfo=UTC)),
        (date(2026, 1, 31), datetime(2026, 1, 31, tzinfo=UTC)),
        (datetime(2026, 1, 31, 10, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 1, 31, 8, tzinfo=UTC)),
        (datetime(2026, 1, 31, 10), datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("", None),
    ],
)  # fmt: skip
def test_dates_in_many_wordings(value: object, expected: datetime | None) -> None:
    assert moment("observed_at", value, NOW) == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("1/2/2026", "can be read as month/day or day/month: '1/2/2026'"), ("13/13/2026", "is no date"),
        ("yesterday", "is no ISO 8601 date"), ("99999999999", "no plausible number"), ("2026-13-01", "is no ISO 8601"),
        ("0001-01-01T00:00:00+05:00", "is no ISO 8601 date"),
    ],
)  # fmt: skip
def test_dates_that_cannot_be_read_are_refused(value: str, reason: str) -> None:
    with pytest.raises(FieldProblem, match=reason):
        moment("observed_at", value, NOW)


def test_a_date_up_to_a_day_ahead_is_now_and_beyond_is_refused() -> None:
    assert moment("observed_at", NOW + timedelta(hours=24), NOW) == NOW
    with pytest.raises(FieldProblem, match="more than 24 hours in the future"):
        moment("observed_at", NOW + timedelta(hours=24, seconds=1), NOW)


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (["1/28/2026", "1/2/2026", "", None, "x"], "MDY"), (["28/1/2026", "1/2/2026"], "DMY"),
        (["1/2/2026"], None), (["1/28/2026", "28/1/2026"], None),
    ],
)  # fmt: skip
def test_a_column_tells_how_it_writes_its_dates(dates: list[object], order: str | None) -> None:
    assert slashed_order(dates) == order


@pytest.mark.parametrize(("order", "month"), [("MDY", 1), ("DMY", 2)])
def test_the_column_decides_an_ambiguous_date(order: str, month: int) -> None:
    assert moment("observed_at", "1/2/2026", NOW, order) == datetime(2026, month, 3 - month, tzinfo=UTC)


def test_business_addresses_are_kept_in_lower_case() -> None:
    assert business_address("Jo.Doe@Acme.CO.uk") == ("jo.doe@acme.co.uk", None)


@pytest.mark.parametrize("address", ["a@gmail.com", "a@yahoo.co.uk", "a@GMX.net", "a@web.de", "a@hotmail.fr"])
def test_private_addresses_are_dropped_with_a_reason(address: str) -> None:
    assert business_address(address) == (
        None,
        "e-mail address dropped: a private provider's, not a business address",
    )


@pytest.mark.parametrize("address", ["***@acme.com", "a@", "a b@acme.com", "a@acme"])
def test_what_is_no_address_is_dropped_with_a_reason(address: str) -> None:
    assert business_address(address) == (None, "e-mail address dropped: not an address")
