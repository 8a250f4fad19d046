import pytest

from db.statements import load, parse


def test_each_name_leads_to_its_statement_with_its_comment() -> None:
    source = "-- head\n\n-- name: one\n-- Says one.\nSELECT 1\n\n-- name: two_more\nSELECT 2\n"
    assert dict(parse(source)) == {"one": "-- Says one.\nSELECT 1", "two_more": "SELECT 2"}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("-- name: One\nSELECT 1", "'One' is not lower_snake"),
        ("-- name: one\nSELECT 1\n-- name: one\nSELECT 2", "'one' is defined twice"),
        ("-- name: one\n-- only words\n-- name: two\nSELECT 2", "'one' is empty"),
    ],
)
def test_a_file_that_would_mislead_is_refused(source: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse(source)


def test_the_shipped_statements_load() -> None:
    assert "merge_companies" in load()
