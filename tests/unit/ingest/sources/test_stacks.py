"""What changed between looks at a technology stack, and how it is told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from ingest.importers.canonical import Canonicaliser
from ingest.sources.observations import Observation, Subject, histories, read_observations, technology_key
from ingest.sources.stack_snippets import stack_snippet
from ingest.sources.stacks import Pending, StackChange, compare
from ranking.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
CANONICAL = Canonicaliser(TAXONOMY)
START = datetime(2026, 1, 5, tzinfo=UTC)
MONTH = timedelta(days=30)
BASE = ("Slack", "Zendesk", "Snowflake")


def looks(*stacks: tuple[str, ...], **given: Any) -> list[Observation]:
    """One look a month."""
    return [
        Observation(
            Subject("k", ""), "Kestrel", START + number * MONTH,
            {technology_key(name, CANONICAL): name for name in stack}, "", None, given.get("whole", True),
        )
        for number, stack in enumerate(stacks)
    ]  # fmt: skip


def told(*stacks: tuple[str, ...]) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(change.kind, change.gone, change.come) for change in changes(*stacks)]


def changes(*stacks: tuple[str, ...]) -> list[StackChange]:
    return compare(looks(*stacks), TAXONOMY)[0]


def test_a_rival_that_takes_a_products_place_replaced_it() -> None:
    (change,) = changes((*BASE, "Salesforce"), (*BASE, "HubSpot"))
    assert (change.kind, change.gone, change.come) == ("replaced", ("Salesforce",), ("HubSpot",))
    assert (change.gone_keys, change.come_keys, change.category) == (("salesforce",), ("hubspot",), "crm")
    assert (change.last_seen, change.seen_at) == (START, START + MONTH)


def test_a_product_missed_once_waits_for_a_second_look() -> None:
    once = looks((*BASE, "Salesforce"), BASE)
    assert compare(once, TAXONOMY) == ([], [Pending("Salesforce", START, START + MONTH)])
    (change,) = changes((*BASE, "Salesforce"), BASE, BASE)
    assert (change.kind, change.gone) == ("removed", ("Salesforce",))
    assert (change.last_seen, change.seen_at, change.confirmed_at) == (
        START,
        START + MONTH,
        START + 2 * MONTH,
    )


def test_what_comes_back_was_only_overlooked() -> None:
    assert told((*BASE, "Salesforce"), BASE, (*BASE, "Salesforce"), BASE) == []


def test_a_poor_look_removes_nothing_and_confirms_nothing() -> None:
    full = (*BASE, "Salesforce")
    assert told(full, ("Slack",), ("Slack",)) == []
    assert told(full, (), BASE) == []
    partial = [*looks(full), *looks(full, BASE, BASE, whole=False)[1:]]
    assert compare(partial, TAXONOMY)[0] == []


def test_an_addition_needs_a_whole_look_without_it_before() -> None:
    assert told(BASE, (*BASE, "Gong", "dbt")) == [("added", (), ("Gong", "dbt"))]
    assert told((), (*BASE, "Gong")) == []


def test_a_burst_of_additions_says_that_the_look_before_was_poor() -> None:
    assert told(BASE, (*BASE, "Gong", "dbt", "Salesforce")) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Salesforce", "SFDC"),
        ("Salesforce", "Sales Cloud"),
        ("Python 3.8", "Python"),
        ("React 17", "ReactJS"),
        ("Acme Insights", "Acme Insights Pro"),
    ],
)
def test_another_name_of_the_same_product_is_no_change(before: str, after: str) -> None:
    later = (*BASE, after)
    assert told((*BASE, before), later, later, later) == []


def test_languages_live_side_by_side() -> None:
    assert told((*BASE, "Ruby"), (*BASE, "Python")) == [("added", (), ("Python",))]


def test_a_product_dropped_again_later_is_told_again() -> None:
    full = (*BASE, "Salesforce")
    assert [kind for kind, _, _ in told(full, BASE, BASE, full, BASE, BASE)] == [
        "removed",
        "added",
        "removed",
    ]


def test_looks_of_different_crawlers_are_not_compared(tmp_path: Path) -> None:
    rows = [
        {"domain": "www.kestrel.com", "name": "Kestrel", "technologies": [*BASE, "Salesforce"], "observed_at": "2026-01-05", "source": "a"},
        {"domain": "kestrel.com", "technologies": ["Slack", "Zendesk", "Snowflake", "HubSpot"], "observed_at": "2026-02-05", "source": "b"},
        {"domain": "linktr.ee", "technologies": ["Slack"], "observed_at": "2026-02-05"},
        {"domain": "falcon.com", "technologies": ["Slack"]},
    ]  # fmt: skip
    path = tmp_path / "stacks.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    found, rejects = read_observations(path, CANONICAL, datetime(2026, 3, 1, tzinfo=UTC))
    assert [(reject.line, reject.field) for reject in rejects] == [(3, "domain"), (4, "observed_at")]
    assert all(compare(each, TAXONOMY)[0] == [] for each in histories(found).values())
    assert {look.subject.domain for look in found} == {"kestrel.com"}


def test_a_change_is_told_with_what_was_seen_when() -> None:
    full = (*BASE, "Salesforce")
    texts = [
        stack_snippet(looks(full)[0], change, "crawl", TAXONOMY)["text"]
        for stacks in ((full, (*BASE, "HubSpot")), (full, BASE, BASE), (BASE, (*BASE, "Gong", "dbt")))
        for change in changes(*stacks)
    ]
    assert texts == [
        "Kestrel replaced Salesforce with HubSpot (CRM): Salesforce was last seen on 5 January 2026, HubSpot first on 4 February 2026.",
        "Kestrel no longer uses Salesforce (CRM): last seen on 5 January 2026, missing on 4 February 2026 and still on 6 March 2026.",
        "Kestrel started using Gong and dbt: not there on 5 January 2026, seen on 4 February 2026.",
    ]
    record = stack_snippet(looks(full)[0], changes(full, (*BASE, "HubSpot"))[0], "crawl", TAXONOMY)
    assert (record["kind"], record["company_id"]) == ("tech_change", "k")
    assert (record["technologies_removed"], record["technologies_added"]) == (["salesforce"], ["hubspot"])
