"""Which jobs a listing offers, and why it offers none."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.importers.canonical import Canonicaliser
from ingest.importers.rows import RawRow
from ingest.sources.listings import listing
from ingest.sources.openings import Opening, read_openings
from ranking.taxonomy import load_taxonomy

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CANONICAL = Canonicaliser(load_taxonomy())


def read(**row: Any) -> tuple[str, ...] | str:
    found = read_openings(listing(RawRow(1, row), NOW), CANONICAL)
    return found.titles if isinstance(found, Opening) else found


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("Kestrel | Senior Backend Engineer | Remote (EU) | Full-time\nWe make maps.", ("Senior Backend Engineer",)),
        ("Kestrel | Lisbon | ONSITE\n- Data Engineer: https://kestrel.example/j/1\n- Head of Sales", ("Data Engineer", "Head of Sales")),
        ("Kestrel is hiring a security engineer to guard our maps", ("security engineer",)),
        ("Support Engineer | Remote | Fintech", ("Support Engineer",)),
        ("We are looking for a U.S.-based, fully remote Software Engineer who rows.", ("U.S.-based, fully remote Software Engineer",)),
        ("Kestrel | Multiple roles | Porto\nWe have roles in sales, marketing and finance.", ("roles in sales, marketing and finance",)),
        ("Kestrel - Product Manager - Remote - Full-time\nMaps for rowers.", ("Product Manager",)),
        ("Kestrel | Junior SWE ($120k + equity), Senior SWE ($200k) | Oslo", ("Junior SWE , Senior SWE",)),
    ],
)  # fmt: skip
def test_a_role_counts_where_offers_put_it(text: str, titles: tuple[str, ...]) -> None:
    assert read(text=text) == titles


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Falke GmbH sucht: Softwareentwickler (m/w/d) in Vollzeit, Hamburg", "Softwareentwickler"),
        ("Wir suchen einen Vertriebsleiter für unser Team in Wien.", "Vertriebsleiter"),
        ("Nous recrutons un développeur full stack pour notre équipe à Lyon. CDI.", "développeur full stack"),
        ("Buscamos un ingeniero de software para nuestro equipo en Bilbao.", "ingeniero de software"),
        ("Estamos contratando um engenheiro de software para Lisboa.", "engenheiro de software"),
        ("Cerchiamo uno sviluppatore software per la sede di Torino.", "sviluppatore software"),
        ("Wij zoeken een softwareontwikkelaar voor ons kantoor in Utrecht.", "softwareontwikkelaar"),
    ],
)
def test_offers_are_read_in_seven_languages(text: str, part: str) -> None:
    titles = read(text=text)
    assert isinstance(titles, tuple)
    assert part in titles[0]


@pytest.mark.parametrize(
    "text",
    [
        "SEEKING WORK | Remote\nSenior backend engineer, 10 years of Python. My resume: https://me.example",
        "Location: Porto\nRemote: yes\nWilling to relocate: no\nTechnologies: Python, Go\nResume/CV: on request",
        "Ich suche eine neue Stelle als Softwareentwickler in München.",
        "Je cherche un emploi de développeur full stack à Lyon.",
        "Busco trabajo como ingeniero de software en Madrid.",
        "Procuro emprego como engenheiro de software no Porto.",
        "Cerco lavoro come sviluppatore software a Milano.",
        "Ik ben op zoek naar een baan als softwareontwikkelaar.",
    ],
)
def test_somebody_who_looks_for_work_offers_none(text: str) -> None:
    assert read(text=text) == "seeks work"


def test_a_job_seekers_form_below_an_offer_is_still_an_offer() -> None:
    text = "Kestrel | Senior Fullstack Engineer | REMOTE\nRemote: yes\nWilling to relocate: no"
    assert read(text=text) == ("Senior Fullstack Engineer",)


@pytest.mark.parametrize(
    "text",
    [
        "CLOSED - thanks to all\nKestrel | Senior Backend Engineer | Remote",
        "Edit: APPLICATIONS CLOSED, we read what came\nKestrel | Backend Engineer | Oslo | Full-time",
        "Kestrel | Backend Engineer | Oslo\nMaps.\nUpdate: the position has been filled.",
        "Falke | Softwareentwickler | Berlin | Vollzeit\nDie Stelle ist bereits besetzt.",
        "Faucon | Développeur | Lyon | CDI\nLe poste est pourvu.",
    ],
)
def test_what_is_over_is_no_posting(text: str) -> None:
    assert read(text=text) == "closed"


def test_a_listing_that_its_source_calls_inactive_is_closed() -> None:
    assert read(title="Software Engineer", active=False) == "closed"
    assert read(title="Software Engineer", active=True, is_visible=False) == "closed"
    assert read(title="Software Engineer", active=True) == ("Software Engineer",)


@pytest.mark.parametrize(
    "text",
    [
        "0 open positions. Check back soon!",
        "There are currently no openings at Kestrel.",
        "We help companies hire great engineers 3x faster. Our AI recruiter screens every candidate for you.",
        "A marketplace that connects start-ups with vetted sales talent.",
        "View our open positions on our careers page: https://kestrel.example/careers",
        "We are hiring! Visit https://kestrel.example/jobs",
        "I applied to the frontend engineer role last month and have not heard back.",
        "Kestrel is the AI layer for the next generation of hiring. Recruiters and managers love it.",
    ],
)
def test_pages_that_offer_no_job_are_no_postings(text: str) -> None:
    assert isinstance(read(text=text), str)


@pytest.mark.parametrize(
    ("title", "is_job"),
    [
        ("Desk Quant Analyst", True),
        ("Systems Integrator", True),
        ("Vertriebsleiterin (m/w/d)", True),
        ("Virtual Trading Challenge 2026", False),
        ("Software Engineer - Talent Community", False),
        ("General Application", False),
        ("Candidature spontanée", False),
        ("Initiativbewerbung", False),
    ],
)
def test_events_and_open_invitations_are_no_jobs(title: str, is_job: bool) -> None:
    assert isinstance(read(title=title), tuple) is is_job


def test_a_companys_own_name_is_no_title() -> None:
    assert read(company="Coder", text="Coder | Multiple roles | Remote\n- Sales Engineer") == (
        "Sales Engineer",
    )
