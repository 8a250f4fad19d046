from pathlib import Path

import pytest

from ingest.importers.mapping import column_map, guess_kind
from ingest.importers.report import Tally, rejects_file
from ingest.importers.rows import Reject, UnusableFile

FILE = Path("rows.csv")


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        (("company_id", "name", "domain"), "companies"),
        (("lead_id", "company_id", "title"), "leads"),
        (("domain", "text", "kind"), "snippets"),
        (("prompt", "lead_id", "label"), "outcomes"),
    ],
)
def test_the_columns_tell_the_kind(columns: tuple[str, ...], kind: str) -> None:
    assert guess_kind(FILE, columns, {}) == kind


def test_mapped_fields_count_and_the_columns_they_come_from_do_not() -> None:
    assert guess_kind(FILE, ("website", "title"), {"company_id": "website", "name": "title"}) == "companies"
    with pytest.raises(UnusableFile, match="fit no kind"):
        guess_kind(FILE, ("company_id", "name"), {"domain": "company_id"})


def test_the_file_name_decides_between_several_kinds() -> None:
    columns = ("company_id", "name", "text")
    assert guess_kind(Path("all_companies.csv"), columns, {}) == "companies"
    assert guess_kind(Path("snippets.csv"), columns, {}) == "snippets"
    with pytest.raises(
        UnusableFile, match=r"fit companies and snippets \(found: company_id, name, text\); give --kind"
    ):
        guess_kind(FILE, columns, {})


def test_columns_that_fit_nothing_are_named() -> None:
    with pytest.raises(UnusableFile, match=r"found: a, b\); give --kind, and --map FIELD=COLUMN"):
        guess_kind(FILE, ("a", "b"), {})


def test_fields_come_from_columns_of_their_name_or_the_mapped_ones() -> None:
    columns = ("company_id", "name", "firm", "location", "extra")
    found = column_map(
        FILE, "companies", columns, {"name": "firm", "city": "location.city", "region": "location"}
    )
    assert found.ignored == ("name", "extra")
    row = {"company_id": "1", "name": "old", "firm": "Acme", "location": {"city": "Bonn"}, "extra": 1}
    picked = {"company_id": "1", "name": "Acme", "city": "Bonn", "region": {"city": "Bonn"}}
    assert found.pick(row) == picked
    assert found.pick({"firm": "Acme", "location": None}) == {"name": "Acme"}


def test_a_column_with_a_dot_in_its_name_is_itself() -> None:
    found = column_map(FILE, "companies", ("a.b",), {"name": "a.b"})
    assert found.pick({"a.b": "Acme"}) == {"name": "Acme"}


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ({"colour": "a"}, "companies have no field colour; fields are company_id"),
        ({"name": "b"}, "there is no column 'b'; found a"),
        ({"name": "b.c"}, "there is no column 'b.c'"),
    ],
)
def test_a_mapping_that_cannot_hold_is_refused(mapping: dict[str, str], reason: str) -> None:
    with pytest.raises(UnusableFile, match=reason):
        column_map(FILE, "companies", ("a",), mapping)


def test_the_report_writes_rejects_in_the_order_of_lines_and_counts_their_reasons(tmp_path: Path) -> None:
    tally = Tally(tmp_path / "a.csv", "companies", rows=4, stored=1, unchanged=1)
    tally.rejects += [Reject(9, "name", "is bad: 'y'"), Reject(2, "name", "is bad: 'x'")]
    report = tally.finish()
    assert (report.rows, report.stored, report.unchanged, report.rejected) == (1 + 1 + 2, 1, 1, 2)
    assert report.reasons == {("name", "is bad"): 2}
    assert report.rejects_path == tmp_path / "a.csv.rejects.jsonl"
    assert report.rejects_path.read_text() == (
        '{"line":2,"field":"name","reason":"is bad: \'x\'"}\n{"line":9,"field":"name","reason":"is bad: \'y\'"}\n'
    )


def test_rejects_of_an_earlier_import_go(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rejects_file(path).write_text("old")
    assert Tally(path, "companies").finish().rejects_path is None
    assert not rejects_file(path).exists()


def test_rows_that_are_not_accounted_for_stop_the_report(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="2 rows, 1 accounted for"):
        Tally(tmp_path / "a.csv", "companies", rows=2, stored=1).finish()
