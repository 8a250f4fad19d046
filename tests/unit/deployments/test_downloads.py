"""Lists for spreadsheets: evidence is written by strangers, and must stay text."""

import csv
import io

import pytest
from openpyxl import load_workbook

from deployments.downloads import COLUMNS, as_csv, as_xlsx, rows
from ranking.answer import Contact, RankedLead, Signal

LEAD = RankedLead(
    rank=1, lead_id="l1", company_id="c1", company_name="Müller & Söhne GmbH", domain="mueller.de", industry="banking",
    employee_count=250, country="DE", city="Köln", score=0.75,
    contact=Contact(name="Jörg Weiß", title="CTO", seniority="cxo", email="j@mueller.de", note=None),
    fit_score=1.0, intent_score=37.5, confidence=0.5, intent_source="bm25", step="strict", unverified=(),
    signals=(
        Signal(
            miner_id="m1", snippet_id="s1", kind="news", text="Sucht ein CRM", source_url="https://x.de",
            observed_at="2026-01-02", age_days=3.0, decay=0.9, points=0.1, matched_terms=("CRM",),
        ),
    ),
    waterfall=[], why="Weil.", merged=(),
)  # fmt: skip
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x")


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read_xlsx(content: bytes) -> list[dict[str, object]]:
    header, *body = load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in body]


def test_umlauts_and_numbers_arrive() -> None:
    text, sheet = read_csv(as_csv([LEAD]))[0], read_xlsx(as_xlsx([LEAD]))[0]
    assert tuple(text) == tuple(sheet) == COLUMNS
    assert text["company"] == sheet["company"] == "Müller & Söhne GmbH"
    assert (text["score"], sheet["score"], sheet["employees"]) == ("0.75", 0.75, 250)
    assert (text["signal_1"], text["signal_2"], sheet["signal_2"]) == ("Sucht ein CRM", "", None)


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_is_made_text(formula: str) -> None:
    lead = LEAD | {"company_name": formula, "signals": (LEAD["signals"][0] | {"text": formula},)}
    for cells in (read_csv(as_csv([lead]))[0], read_xlsx(as_xlsx([lead]))[0]):
        assert str(cells["company"]).startswith("'")
        assert str(cells["signal_1"]).startswith("'")


@pytest.mark.parametrize("odd", ["a\0b", "a\x01b", "a\x1fb", "a\x7fb", "a\ud800b", "a\ufffeb", "a\uffffb"])
def test_what_no_spreadsheet_takes_is_left_out(odd: str) -> None:
    lead = LEAD | {"company_name": odd}
    assert read_csv(as_csv([lead]))[0]["company"] == read_xlsx(as_xlsx([lead]))[0]["company"] == "ab"


def test_a_formula_hidden_behind_a_control_character_is_made_text() -> None:
    assert read_csv(as_csv([LEAD | {"company_name": "\0=1+1"}]))[0]["company"] == "'=1+1"


def test_lines_and_quotes_stay_one_cell() -> None:
    text = 'first "line"\nsecond, line'
    lead = LEAD | {"why": text}
    assert read_csv(as_csv([lead]))[0]["why"] == read_xlsx(as_xlsx([lead]))[0]["why"] == text


def test_a_text_longer_than_a_cell_is_cut() -> None:
    lead = LEAD | {"why": "x" * 40_000}
    assert len(str(read_xlsx(as_xlsx([lead]))[0]["why"])) == 32_767


def test_negative_numbers_stay_numbers() -> None:
    lead = LEAD | {"intent_score": -1.5}
    assert read_xlsx(as_xlsx([lead]))[0]["intent"] == -1.5


def test_an_empty_list_has_its_header() -> None:
    assert rows([]) == []
    assert as_csv([]).decode("utf-8-sig").strip() == ",".join(COLUMNS)
    assert read_xlsx(as_xlsx([])) == []
