"""Choosing contacts, beside the rule said once more in plain Python."""

from random import Random

import numpy as np
import pytest

from db.snapshot.tables import Csr
from ranking.codebook import Codebook
from ranking.collapse import (
    MATCH,
    NO_LEAD,
    NO_MATCH,
    UNKNOWN_MATCH,
    Directory,
    Wishes,
    collapse,
    seniority_ranks,
)
from ranking.types import Exclusions, Targets
from tests.fixtures.company_world import TAXONOMY, Lead, World, company_columns, lead_columns, random_world
from tests.fixtures.random_queries import random_fields

BOOK = Codebook.of(TAXONOMY)


def fields(random: Random) -> dict[str, tuple[object, ...]]:
    drawn = random_fields(random, random.choice((0.0, 0.5, 1.0)))
    return {"roles": drawn["roles"], "seniorities": drawn["seniorities"]}


def covered(roles: tuple[str, ...]) -> set[str]:
    return set().union(*map(TAXONOMY.role_children, roles)) if roles else set()


def matches(wanted: set[str], known: tuple[str, ...]) -> int:
    if not wanted or wanted & set(known):
        return MATCH
    return NO_MATCH if known else UNKNOWN_MATCH


def expected(
    people: list[Lead], source: str, asked: Targets, excluded: Exclusions
) -> tuple[str | None, int, set[str]]:
    """Id and match of the chosen lead, and the ids it stands for."""
    barred = covered(excluded.roles)
    left = [
        each
        for each in people
        if not barred & set(each.roles) and (each.seniority or "") not in excluded.seniorities
    ]
    if not left:
        return None, NO_MATCH, set()

    def order(lead: Lead) -> tuple[object, ...]:
        seniority = () if lead.seniority is None else (lead.seniority,)
        return (
            lead.company != source, -matches(covered(asked.roles), lead.roles), -matches(set(asked.seniorities), seniority),
            TAXONOMY.seniority_rank(lead.seniority) if lead.seniority else 255, lead.company_level, lead.id.encode(),
        )  # fmt: skip

    best = min(left, key=order)
    return best.id, matches(covered(asked.roles), best.roles), {each.id for each in left} - {best.id}


def directory(world: World) -> tuple[Directory, list[str]]:
    companies, leads = (
        company_columns(world.companies, world.tenants),
        lead_columns(world.companies, world.leads, world.tenants),
    )
    ids = leads.ids.all()
    ranks = np.argsort(np.argsort(np.array([each.encode() for each in ids], dtype=object))).astype(np.int32)
    assert isinstance(companies.members, Csr)
    return Directory(companies.members, leads, ranks, seniority_ranks(TAXONOMY, BOOK)), ids


@pytest.mark.parametrize("seed", range(20))
def test_every_company_answers_with_the_lead_that_the_rule_names(seed: int) -> None:
    random = Random(seed)
    world = random_world(random, 60)
    book, ids = directory(world)
    rows = [row for row in range(60) if len(book.members.row(row))]  # type: ignore[attr-defined]
    sources = [random.choice([*book.members.row(row).tolist(), -1]) for row in rows]  # type: ignore[attr-defined]
    asked, excluded = Targets(**fields(random)), Exclusions(**fields(random))  # type: ignore[arg-type]
    hidden = np.array([random.random() < 0.1 for _ in ids])
    found = collapse(
        np.array(rows, np.int32),
        np.array(sources, np.int32),
        book,
        Wishes(TAXONOMY, BOOK).of(asked, excluded),
        hidden,
    )
    shown = {each for each, is_hidden in zip(ids, hidden, strict=True) if not is_hidden}
    for at, (row, source) in enumerate(zip(rows, sources, strict=True)):
        records = {world.companies[member].id for member in book.members.row(row).tolist()}  # type: ignore[attr-defined]
        people = [lead for lead in world.leads if lead.company in records and lead.id in shown]
        source_id = world.companies[source].id if source >= 0 else ""
        lead, match, replaced = expected(people, source_id, asked, excluded)
        chosen = int(found.lead_rows[at])
        assert (None if chosen == NO_LEAD else ids[chosen]) == lead
        assert found.match[at] == match
        assert [ids[other] for other in found.replaced(np.array([at], dtype=np.int32))[0]] == sorted(
            replaced, key=ids.index
        )
