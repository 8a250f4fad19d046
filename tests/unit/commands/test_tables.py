"""An answer as a person reads it in a terminal."""

from typing import Any

from rich.console import Console

from commands.tables import receipt_table, show_answer


def lead(**changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "rank": 1, "company_name": "Müller [GmbH]", "industry": "banking", "employee_count": 1240, "city": "Köln", "country": "DE",
        "step": "strict", "contact": {"name": "A. B.", "title": "CFO", "email": None, "note": None}, "score": 0.75,
        "fit_score": 0.9, "intent_score": 52.0, "intent_source": "bm25",
        "signals": [{"observed_at": "2026-04-01", "points": 0.12, "text": "We need\n payroll", "matched_terms": ["payroll"]}],
        "waterfall": [{"part": "fit.industry", "value": 1.0, "weight": 0.24, "points": 0.24}],
    }  # fmt: skip
    return fields | changes


def answer(leads: list[dict[str, Any]], **metadata: Any) -> dict[str, Any]:
    account: dict[str, Any] = {
        "available": 1234, "pool": 200, "relaxation": [{"step": "strict", "added": 1234}], "routes": {"bm25": 12, "gbdt": 0},
        "degradations": [{"stage": "llm", "reason": "no_key"}], "shortfall": None, "unresolved_exemplars": [],
        "timings_ms": {"total": 12.34}, "cost": {"total_usd": 0.0, "per_lead_usd": 0.0}, "versions": {"snapshot": "g"},
    }  # fmt: skip
    parsed = {
        "product": {"category": "payroll", "concepts": ["payroll"]},
        "include": {"employees": [{"minimum": 50, "maximum": 500}, {"minimum": 1000, "maximum": None}]},
        "exclude": {"industries": ["hospitals"]}, "exemplars": ["Doctolib"], "limit": 5, "language": "en", "confidence": 0.91,
        "spans": [{"field": "exclude.industries", "text": "not hospitals"}],
    }  # fmt: skip
    return {"parsed": parsed, "leads": leads, "metadata": account | metadata}


def shown(told: dict[str, Any], *, explain: bool = False) -> str:
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115 - only the record is read
    show_answer(console, "payroll for banks", told, explain=explain)
    console.file.close()
    return console.export_text()


def test_everything_a_person_asks_about_is_on_the_screen() -> None:
    text = shown(answer([lead()]))
    for part in (
        "payroll for banks", "50-500, 1,000+", "hospitals", "“not hospitals”", "Doctolib", "0.91", "Müller [GmbH]", "1,240 people",
        "Köln, DE", "CFO", "0.750", "intent 52 (bm25)", "2026-04-01 +0.120 We need payroll", "1,234 companies: strict +1234",
        "12 bm25", "llm (no_key)", "total 12.3", "$0.0000 per lead",
    ):  # fmt: skip
        assert part in text, part
    assert "fit.industry" not in text


def test_explain_shows_the_waterfall() -> None:
    assert "1.00 × 0.24" in shown(answer([lead()]), explain=True)


def test_what_is_missing_is_said() -> None:
    bare = lead(
        industry=None, employee_count=None, city=None, country=None, signals=[], step="role",
        contact={"name": None, "title": None, "email": None, "note": "no matching contact"},
    )  # fmt: skip
    text = shown(
        answer(
            [bare],
            shortfall={"reason": "only 1 company passes"},
            unresolved_exemplars=["Nobody"],
            degradations=[],
            relaxation=[],
        )
    )
    for part in (
        "industry unknown", "size unknown", "place unknown", "no dated evidence on record", "no matching contact", "role",
        "only 1 company passes", "Nobody", "nothing",
    ):  # fmt: skip
        assert part in text, part


def test_an_undated_signal_without_points_of_its_own_is_told_as_such() -> None:
    signal = {"observed_at": None, "points": None, "text": "x", "matched_terms": []}
    assert "undated" in shown(answer([lead(signals=[signal])]))


def test_the_receipt_says_what_was_asked_what_it_cost_and_whom_the_model_judged() -> None:
    cost = {
        "total_usd": 0.0012, "per_lead_usd": 0.0006, "llm_calls": 2, "llm_ratio": 0.1, "tokens_in": 5120, "tokens_out": 240,
        "pending_usd": 0.0003,
    }  # fmt: skip
    leads = [lead(intent_source="llm", intent_score=81.0), lead(company_name="Other")]
    console = Console(width=200)
    with console.capture() as captured:
        console.print(receipt_table(leads, {"pool": 200, "routes": {"llm": 20}, "cost": cost}))
    text = captured.get()
    for part in (
        "20 companies of a pool of 200", "2: 5,120 tokens in, 240 out", "$0.001200, $0.000600 per lead", "at most $0.000300",
        "20 of the pool, 1 of the leads", "Müller [GmbH] (81)",
    ):  # fmt: skip
        assert part in text, part
    assert "Other" not in text
