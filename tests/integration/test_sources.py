"""Raw listings and observed stacks, through the commands, to dated evidence in a ranking."""

import asyncio
import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import cli
from deployments.inprocess import open_in_process
from ranking.config import RankingConfig
from ranking.deadline import Deadline
from ranking.journey import RankRequest
from ranking.pipeline import rank_leads
from ranking.prompt import parse
from ranking.taxonomy import load_taxonomy

AS_OF = datetime(2026, 3, 10, tzinfo=UTC)
PROMPT = "Sales engagement software for companies in Norway hiring account executives"
COMPANIES = [
    {"company_id": "kestrel", "name": "Kestrel", "domain": "kestrelmaps.com", "country": "NO", "city": "Oslo",
     "industry": "Software", "employee_count": 80, "description": "Nautical maps for rowers."},
    {"company_id": "falcon", "name": "Falcon", "domain": "falconbikes.com", "country": "NO", "city": "Bergen",
     "industry": "Software", "employee_count": 90, "description": "Bicycles on subscription."},
    {"company_id": "osprey", "name": "Osprey", "domain": "ospreytents.com", "country": "NO", "city": "Oslo",
     "industry": "Software", "employee_count": 70, "description": "Tents by the month."},
]  # fmt: skip
LISTINGS = [
    {"id": 1, "text": "Kestrel | Account Executive | Oslo (ONSITE) | Full-time | https://jobs.kestrelmaps.com\nYou have "
     "experience with Salesforce.", "date": "2026-03-02"},
    {"id": 2, "company_name": "Falcon", "title": "Account Executive", "company_url": "falconbikes.com", "active": False,
     "date_posted": 1772409600, "url": "https://boards.example/2"},
    {"id": 3, "text": "SEEKING WORK | Oslo\nAccount executive with ten years behind me.", "date": "2026-03-02"},
    {"id": 4, "company_raw": "Osprey", "text": "Osprey | Account Executive | Leeds\nWe insure pigeons.", "date": "2026-03-02"},
    {"id": 5, "text": "Merlin | Account Executive | Oslo | https://merlin.example.com", "date": "2026-03-02"},
]  # fmt: skip


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main([str(word) for word in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def written(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def ranked(folder: Path) -> list[Any]:
    taxonomy, config = load_taxonomy(), RankingConfig()
    system = open_in_process(folder / "snapshots", taxonomy, config)
    request = RankRequest(
        parse(PROMPT, taxonomy), 10, AS_OF.timestamp(), config.final, config.fit.weights, llm="never"
    )
    limit = Deadline.after_ms(20_000, time.monotonic)
    return list(asyncio.run(rank_leads(request, system.ports(), config, limit)).leads)


@pytest.fixture(autouse=True)
def no_outside_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "LEADS_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")


def test_a_raw_listing_becomes_dated_evidence_of_the_company_that_hires(
    server_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    companies = written(tmp_path / "companies.jsonl", COMPANIES)
    listings = written(tmp_path / "listings.jsonl", LISTINGS)
    assert run("import", companies, "--data", server_folder, "--no-embed") == 0
    item = ("--item-url", "https://forum.example/{id}")
    assert run("sources", "jobs", listings, *item, "--data", server_folder) == 0
    assert "rows in 1 = stored 1 + unchanged 0 + rejected 0" in capsys.readouterr().out
    rejects = {each["line"]: each["reason"] for each in read(tmp_path / "listings.jsonl.rejects.jsonl")}
    assert rejects == {
        2: "is no posting: closed",
        3: "is no posting: seeks work",
        4: "unsupported company: 'Osprey'; candidates: osprey (Osprey, ospreytents.com)",
        5: "unknown company: 'Merlin'",
    }
    leads = ranked(server_folder)
    (signal,) = leads[0]["signals"]
    assert leads[0]["company_name"] == "Kestrel"
    assert signal["kind"] == "job_posting"
    assert signal["observed_at"].startswith("2026-03-02")
    assert signal["source_url"] == "https://forum.example/1"
    assert all(not lead["signals"] for lead in leads[1:])


def test_snippets_go_to_a_file_when_one_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    companies = written(tmp_path / "companies.jsonl", COMPANIES)
    listings = written(tmp_path / "listings.jsonl", LISTINGS)
    out = tmp_path / "out" / "snippets.jsonl"
    out.parent.mkdir()
    assert run("sources", "jobs", listings, "--companies", companies, "--out", out) == 0
    assert [record["company_id"] for record in read(out)] == ["kestrel"]
    assert (out.parent / "listings.jsonl.rejects.jsonl").exists()
    assert "1 snippets in" in capsys.readouterr().out


def test_two_looks_at_a_stack_become_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = ["Slack", "Zendesk", "Snowflake"]
    row = {"domain": "kestrelmaps.com", "name": "Kestrel"}
    old = written(
        tmp_path / "old.jsonl", [{**row, "technologies": [*base, "Salesforce"], "observed_at": "2026-01-05"}]
    )
    looks = [("2026-02-05", [*base, "HubSpot"]), ("2026-03-05", [*base[:2], "HubSpot"])]
    new = written(
        tmp_path / "new.jsonl", [{**row, "technologies": seen, "observed_at": day} for day, seen in looks]
    )
    out = tmp_path / "changes.jsonl"
    assert run("sources", "stacks", old, new, "--out", out) == 0
    assert "1 replaced; 1 technologies were missed once" in capsys.readouterr().out
    (record,) = read(out)
    assert (record["domain"], record["kind"]) == ("kestrelmaps.com", "tech_change")
    assert (record["technologies_removed"], record["technologies_added"]) == (["salesforce"], ["hubspot"])


def test_a_missing_file_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("sources", "jobs", "nowhere.jsonl") == 2
    assert capsys.readouterr().err == "leads: no such file: nowhere.jsonl\n"
