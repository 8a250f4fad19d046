"""What is asked for and excluded at once."""

import pytest

from ranking.contradictions import contradictions
from ranking.prompt import parse
from ranking.taxonomy import load_taxonomy


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("CRM for companies in Germany, not in Germany", ["DE (countries)"]),
        ("CRM for companies in Germany but not in Europe", ["DE (countries)"]),
        ("CRM for hospitals, but not hospitals", ["hospitals (industries)"]),
        ("CRM for SMB but no companies below 1000 employees", ["11-200 (employees)"]),
        ("CRM for companies in Europe, not Germany", []),
        ("HR software for healthcare companies in DACH with 50-500 employees, not hospitals", []),
        ("Recruiting software for companies, not recruiting agencies", []),
        ("payroll", []),
        ("", []),
    ],
)
def test_only_what_cancels_itself_is_told(prompt: str, told: list[str]) -> None:
    taxonomy = load_taxonomy()
    found = contradictions(prompt, parse(prompt, taxonomy), taxonomy)
    assert list(found) == [f"{each} is asked for and excluded" for each in told]
