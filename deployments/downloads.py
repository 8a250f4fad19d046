"""A ranked list as a table for a spreadsheet: CSV and XLSX."""

import csv
import io
import re
from collections.abc import Iterable

from openpyxl import Workbook

from ranking.answer import RankedLead

COLUMNS = (
    "rank", "company", "domain", "industry", "employees", "country", "city", "contact", "title", "email", "score", "fit",
    "intent", "intent_source", "step", "why", "signal_1", "signal_1_date", "signal_1_url", "signal_2", "signal_2_date",
    "signal_2_url", "signal_3", "signal_3_date", "signal_3_url", "lead_id", "company_id",
)  # fmt: skip
_SIGNALS = 3
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_CELL_CHARACTERS = 32_767
Cell = str | int | float | None


def rows(leads: Iterable[RankedLead]) -> list[list[Cell]]:
    """One row per lead in the order of `COLUMNS`."""
    return [_row(lead) for lead in leads]


def as_csv(leads: Iterable[RankedLead]) -> bytes:
    """UTF-8 with a byte order mark, so that spreadsheets read umlauts; cells that would be formulas are quoted."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    writer.writerows([_text(cell) for cell in row] for row in rows(leads))
    return buffer.getvalue().encode("utf-8-sig")


def as_xlsx(leads: Iterable[RankedLead]) -> bytes:
    """An Excel workbook with one sheet."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Leads")
    sheet.append(COLUMNS)
    for row in rows(leads):
        sheet.append([_fitting(_text(cell)) for cell in row])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _row(lead: RankedLead) -> list[Cell]:
    contact = lead["contact"]
    row: list[Cell] = [
        lead["rank"], lead["company_name"], lead["domain"], lead["industry"], lead["employee_count"], lead["country"], lead["city"],
        contact["name"], contact["title"], contact["email"], lead["score"], lead["fit_score"], lead["intent_score"], lead["intent_source"],
        lead["step"], lead["why"],
    ]  # fmt: skip
    shown = [
        (signal["text"], signal["observed_at"], signal["source_url"]) for signal in lead["signals"][:_SIGNALS]
    ]
    for text, observed_at, url in [*shown, *[(None, None, None)] * (_SIGNALS - len(shown))]:
        row += [text, observed_at, url]
    return [*row, lead["lead_id"], lead["company_id"]]


def _text(cell: Cell) -> Cell:
    """Evidence is written by strangers: a cell that begins like a formula is made text, and what XML forbids is left out."""
    if not isinstance(cell, str):
        return cell
    printable = _UNPRINTABLE.sub("", cell)
    return f"'{printable}" if printable.startswith(_FORMULA) else printable


def _fitting(cell: Cell) -> Cell:
    return cell[:_CELL_CHARACTERS] if isinstance(cell, str) else cell
