"""The list again, for a spreadsheet, computed from the logged query."""

import csv
import io

import pytest
from openpyxl import load_workbook

from tests.fixtures.served_app import ServedApp

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_every_form_holds_the_same_list(served: ServedApp) -> None:
    answer = await served.query(limit=30)
    ids = [lead["lead_id"] for lead in answer["leads"]]
    base = f"/query/{answer['query_id']}"
    text = await served.client.get(f"{base}.csv")
    sheet = await served.client.get(f"{base}.xlsx")
    plain = await served.client.get(f"{base}.json")
    table = list(csv.DictReader(io.StringIO(text.content.decode("utf-8-sig"), newline="")))
    header, *cells = load_workbook(io.BytesIO(sheet.content)).active.iter_rows(values_only=True)
    assert [row["lead_id"] for row in table] == ids
    assert [dict(zip(header, row, strict=True))["lead_id"] for row in cells] == ids
    assert plain.json()["leads"] == answer["leads"]
    assert plain.json()["query_id"] == answer["query_id"]
    assert [float(row["score"]) for row in table] == [lead["score"] for lead in answer["leads"]]


async def test_files_have_a_name_and_a_type(served: ServedApp) -> None:
    answer = await served.query(limit=2)
    types = {"csv": "text/csv; charset=utf-8", "xlsx": "spreadsheetml.sheet", "json": "application/json"}
    for extension, media_type in types.items():
        response = await served.client.get(f"/query/{answer['query_id']}.{extension}")
        assert response.status_code == 200
        assert media_type in response.headers["content-type"]
        name = f"leads-{answer['query_id']}.{extension}"
        assert response.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert response.headers["x-same-snapshot"] == "true"


async def test_options_of_the_query_hold_for_its_download(served: ServedApp) -> None:
    wide = await served.query(limit=60)
    chosen = [lead["company_id"] for lead in wide["leads"][::5]]
    weights = {"final": {"fit": 1.0, "intent": 0.0}}
    answer = await served.query(candidates=chosen, options={"weights": weights, "min_score": 0.2})
    again = (await served.client.get(f"/query/{answer['query_id']}.json")).json()
    assert again["leads"] == answer["leads"]
