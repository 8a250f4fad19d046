"""The documents say what is there: generated pages are current, and named functions, paths and records exist."""

import importlib
import re
from pathlib import Path

import pytest

from configs import describe
from deployments import api_page

PROJECT = Path(__file__).parents[2]
PAGES = sorted([*(PROJECT / "docs").rglob("*.md"), PROJECT / "README.md", PROJECT / "CONTRIBUTING.md"])
DECISIONS = sorted((PROJECT / "docs" / "decisions").glob("*.md"))
FOLDERS = (
    "ranking", "models", "db", "ingest", "deployments", "configs", "commands", "bench", "tests", "docs",
)  # fmt: skip
PATH = re.compile(rf"(?<![\w./-])(?:{'|'.join(FOLDERS)})/[\w./-]*\w")
LINK = re.compile(r"\]\(([^)#:]+)\)")


def functions() -> list[str]:
    text = (PROJECT / "docs" / "formulas.md").read_text("utf-8")
    return re.findall(r"\| `([\w.]+)` \|$", text, re.MULTILINE)


def test_the_page_of_knobs_is_the_one_the_models_make():
    assert describe.PAGE.read_text("utf-8") == describe.page(), "run `python -m configs.describe`"


def test_the_page_of_the_interface_is_the_one_its_schema_makes():
    assert api_page.PAGE.read_text("utf-8") == api_page.page(), "run `python -m deployments.api_page`"


@pytest.mark.parametrize("name", functions())
def test_each_formula_names_a_function_that_exists(name):
    module, _, function = name.rpartition(".")
    assert callable(getattr(importlib.import_module(module), function))


def test_every_row_of_the_formulas_names_its_function():
    text = (PROJECT / "docs" / "formulas.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(functions()) == len(rows) - 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_and_records_that_a_document_names_exist(page):
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    named = {name for name in PATH.findall(text) if "*" not in name}
    missing = [name for name in sorted(named) if not exists(name)]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_a_document_lead_somewhere(page):
    missing = [link for link in LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.name)
def test_a_decision_has_status_context_decision_consequences_and_alternatives(page):
    headings = re.findall(r"^## (\w+)$", page.read_text("utf-8"), re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences", "Alternatives"]
    assert "\nStatus: " in page.read_text("utf-8")


def test_decisions_are_numbered_without_gaps():
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def exists(name: str) -> bool:
    """A file or folder, or a module without its ending."""
    return (PROJECT / name).exists() or (PROJECT / f"{name}.py").exists()
