"""A snapshot built from a real Postgres holds what the tables hold."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import numpy as np
import pytest
from pgvector.asyncpg import register_vector

from db.snapshot import Snapshot, open_snapshot, write_snapshot
from db.snapshot.columns import UNKNOWN_8, UNKNOWN_16, VECTOR_DIMENSION
from ranking.errors import Unavailable
from ranking.taxonomy import load_taxonomy
from ranking.types import SNIPPET_KINDS
from tests.fixtures.snapshot_world import add_company, add_lead, add_snippet, add_tenant

NOW_S = datetime(2026, 4, 7, 12, tzinfo=UTC).timestamp()
TAXONOMY = load_taxonomy()


def clock() -> float:
    return NOW_S


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(database)
    await register_vector(opened)
    yield opened
    await opened.close()


async def build(connection: asyncpg.Connection, root: Path) -> Snapshot:
    generation = await write_snapshot(connection, root, TAXONOMY, clock=clock)
    return open_snapshot(root, generation, taxonomy_version=TAXONOMY.version)


async def test_an_empty_database_gives_an_empty_snapshot(
    connection: asyncpg.Connection, tmp_path: Path
) -> None:
    snapshot = await build(connection, tmp_path)
    assert (snapshot.manifest.counts.companies, snapshot.manifest.counts.snippets) == (0, 0)
    assert snapshot.companies.vectors.shape == (0, VECTOR_DIMENSION)
    assert snapshot.companies.names.rows_of("acme").tolist() == []


async def test_companies_lie_in_byte_order_of_their_ids(
    connection: asyncpg.Connection, tmp_path: Path
) -> None:
    for company_id in ("b", "a", "É", "Z"):
        await add_company(connection, company_id)
    snapshot = await build(connection, tmp_path)
    assert snapshot.companies.ids.all() == ["Z", "a", "b", "É"]
    rows = snapshot.companies.by_id.rows_of(["É", "missing", "a"], snapshot.companies.ids)
    assert rows.tolist() == [3, -1, 1]


async def test_a_full_company_record_comes_back_column_by_column(
    connection: asyncpg.Connection, tmp_path: Path
) -> None:
    industry, country, city = TAXONOMY.INDUSTRIES[0], TAXONOMY.COUNTRIES[0], TAXONOMY.CITIES[0]
    technology, stage = TAXONOMY.TECHNOLOGIES[0], TAXONOMY.STAGES[0]
    vector = np.zeros(VECTOR_DIMENSION, dtype=np.float32)
    vector[:2] = 3.0, 4.0
    await add_company(
        connection,
        "c",
        name="Café Möbel GmbH",
        domain="moebel.example",
        description="Wir bauen Möbel.",
        industry_code=industry,
        sub_industry_code=industry,
        country_code=country,
        city_code=city,
        employee_count=58,
        founded_year=1999,
        stage_code=stage,
        technologies=[technology, "hausgemacht"],
        tags=["wood"],
        former_name_keys=["alte mobel"],
        is_active=False,
        embedding=vector,
    )
    snapshot = await build(connection, tmp_path)
    companies = snapshot.companies
    assert companies.industry.tolist() == [0]
    assert companies.country.tolist() == [0]
    assert companies.region.tolist() == [UNKNOWN_16]
    assert companies.city.tolist() == [0]
    assert companies.employees.tolist() == [58]
    assert companies.founded.tolist() == [1999]
    assert companies.stage.tolist() == [0]
    assert companies.active.tolist() == [False]
    assert companies.technologies.row(0).tolist() == [0, len(TAXONOMY.TECHNOLOGIES)]
    assert companies.technology_names[len(TAXONOMY.TECHNOLOGIES)] == "hausgemacht"
    assert companies.technology_rows.row(0).tolist() == [0]
    assert companies.names.rows_of("cafe mobel").tolist() == [0]
    assert companies.former_names.rows_of("alte mobel").tolist() == [0]
    assert companies.domains.rows_of("moebel.example").tolist() == [0]
    assert companies.keywords.rows_of("bauen").tolist() == [0]
    assert companies.has_vector.tolist() == [True]
    assert companies.vectors[0, :2] == pytest.approx([3 / 5, 4 / 5])
    (card,) = snapshot.catalogue.companies([0])
    assert (card.company_id, card.name, card.domain) == ("c", "Café Möbel GmbH", "moebel.example")
    assert (card.industry, card.employee_count) == (industry, 58)
    assert snapshot.catalogue.description(0) == "Wir bauen Möbel."


async def test_unknown_values_are_marked_unknown(connection: asyncpg.Connection, tmp_path: Path) -> None:
    await add_company(connection, "c", industry_code="no_such_code")
    companies = (await build(connection, tmp_path)).companies
    assert companies.industry[0] == companies.country[0] == UNKNOWN_16
    assert companies.stage[0] == UNKNOWN_8
    assert companies.employees[0] == companies.founded[0] == -1
    assert not companies.has_vector[0]
    assert not companies.vectors[0].any()


async def test_duplicates_share_a_representative_that_gets_their_snippets(
    connection: asyncpg.Connection, tmp_path: Path
) -> None:
    for company_id, cluster_id in (("a", "c"), ("b", "b"), ("c", "c"), ("d", "a"), ("e", "gone")):
        await add_company(connection, company_id, cluster_id=cluster_id)
    for number, company_id in enumerate("abcd"):
        await add_snippet(connection, f"s{number}", company_id, f"text of {company_id}")
    snapshot = await build(connection, tmp_path)
    assert snapshot.companies.cluster.tolist() == [2, 1, 2, 2, 4]
    assert [snapshot.companies.members.row(row).tolist() for row in range(5)] == [[], [1], [0, 2, 3], [], [4]]
    assert snapshot.snippets.company.tolist() == [1, 2, 2, 2]
    assert snapshot.snippets.company_offsets.tolist() == [0, 0, 1, 4, 4, 4]
    texts = [snapshot.catalogue.text(row) for row in range(4)]
    assert texts == ["text of b", "text of a", "text of c", "text of d"]


async def test_repeats_point_to_what_they_repeat_across_duplicate_records(
    connection: asyncpg.Connection, tmp_path: Path
) -> None:
    early, late = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2))
    tender = "The harbour office is looking for a booking system for its nine berths and three cranes."
    await add_tenant(connection, "t1")
    await add_company(connection, "a", cluster_id="b")
    await add_company(connection, "b", cluster_id="b")
    await add_snippet(connection, "s1", "b", "ICYMI: " + tender, seen_at=late)
    await add_snippet(connection, "s2", "a", tender, seen_at=late, observed_at=early)
    await add_snippet(connection, "s3", "a", tender, seen_at=early, tenant_id="t1")
    await add_snippet(connection, "s4", "a", "Harbour fees rise.", seen_at=late)
    snippets = (await build(connection, tmp_path)).snippets
    keys = [snippets.keys[row].split("\x1f")[1] for row in range(4)]
    original = {keys[row]: keys[snippets.original[row]] for row in range(4)}
    assert original == {"s1": "s2", "s2": "s2", "s3": "s2", "s4": "s4"}
    assert {keys[row] for row in range(4) if snippets.duplicate[row]} == {"s1", "s3"}


async def test_wording_is_judged_column_by_column(connection: asyncpg.Connection, tmp_path: Path) -> None:
    spam = "crm software best crm software buy crm software crm price"
    await add_company(connection, "a")
    await add_snippet(connection, "s1", "a", spam)
    await add_snippet(connection, "s2", "a", "We are very happy with our CRM.")
    await add_snippet(connection, "s3", "a", "Acme has chosen a new CRM system.")
    await add_snippet(connection, "s4", "a", "Script found on the site.", technologies_added=["salesforce"])
    snippets = (await build(connection, tmp_path)).snippets
    assert snippets.stuffed.tolist() == snippets.flagged.tolist() == [True, False, False, False]
    assert snippets.no_need.tolist() == [False, True, False, False]
    crm = TAXONOMY.CONCEPTS.index("crm")
    assert [crm in snippets.settles.row(row) for row in range(4)] == [False, False, True, True]


async def test_leads_lie_by_company_people_first_then_seniority_then_id(
    connection: asyncpg.Connection, tmp_path: Path
) -> None:
    high, low = sorted(TAXONOMY.SENIORITIES, key=TAXONOMY.seniority_rank)[:2]
    role = TAXONOMY.ROLES[-1]
    await add_company(connection, "b")
    await add_company(connection, "a")
    await add_lead(connection, "b", "b", is_company_level=True)
    await add_lead(
        connection, "l1", "b", seniority_code=low, full_name="Ann", title="Chief", email="a@b.example"
    )
    await add_lead(connection, "l2", "b")
    await add_lead(connection, "l4", "b", seniority_code=high)
    await add_lead(connection, "l3", "b", seniority_code=high, role_codes=[role, "no_such_role"])
    snapshot = await build(connection, tmp_path)
    leads = snapshot.leads
    assert leads.ids.all() == ["l3", "l4", "l1", "l2", "b"]
    assert leads.company.tolist() == [1] * 5
    assert leads.company_offsets.tolist() == [0, 0, 5]
    assert leads.company_level.tolist() == [False, False, False, False, True]
    bit = len(TAXONOMY.ROLES) - 1
    assert int(leads.roles[0, bit // 64]) == 1 << (bit % 64)
    assert not leads.roles[1:].any()
    first, card = snapshot.catalogue.leads([0, 2])
    assert (first.lead_id, card.lead_id, card.name, card.title) == ("l3", "l1", "Ann", "Chief")
    assert (card.email, card.seniority) == ("a@b.example", low)


async def test_a_snippet_keeps_its_times_flags_and_technologies(
    connection: asyncpg.Connection, tmp_path: Path
) -> None:
    seen, observed = datetime(2026, 4, 2, tzinfo=UTC), datetime(2026, 3, 1, 6, 30, tzinfo=UTC)
    first = datetime(2026, 1, 1, tzinfo=UTC)
    await add_company(connection, "a", technologies=["abacus"])
    await connection.execute("INSERT INTO miners (miner_id, is_flagged) VALUES ('cheat', true)")
    await connection.execute(
        "INSERT INTO snippet_keys (miner_id, snippet_id, company_id, seen_at, latest_seen_at, revision, content_hash)"
        " VALUES ('feed', 's1', 'a', $1, $2, 2, '')",
        first,
        seen,
    )
    await add_snippet(connection, "s1", "a", "first words", is_current=False, seen_at=first)
    await add_snippet(
        connection,
        "s1",
        "a",
        "0 open positions",
        seen_at=seen,
        observed_at=observed,
        kind="job_posting",
        source_type="careers",
        source_url="https://a.example/jobs",
        technologies_added=["zuse"],
        technologies_removed=["abacus"],
        revision=2,
    )
    await add_snippet(connection, "s2", "a", "We sell chairs. Book a demo.", miner_id="cheat", seen_at=seen)
    snapshot = await build(connection, tmp_path)
    snippets = snapshot.snippets
    assert snippets.first_seen.tolist() == [first.timestamp(), seen.timestamp()]
    assert snippets.observed[0] == observed.timestamp()
    assert np.isnan(snippets.observed[1])
    assert snippets.kind.tolist() == [SNIPPET_KINDS.index("job_posting"), SNIPPET_KINDS.index("news")]
    assert snippets.duplicate.tolist() == [False, False]
    assert snippets.flagged.tolist() == [False, True]
    assert snippets.vendor_talk.tolist() == [False, True]
    assert snippets.not_a_posting.tolist() == [True, False]
    names = snapshot.companies.technology_names
    assert names.take(snippets.tech_added.row(0)) == ["zuse"]
    assert names.take(snippets.tech_removed.row(0)) == ["abacus"]
    assert snippets.by_key.rows_of(["cheat\x1fs2", "feed\x1fs2"], snippets.keys).tolist() == [1, -1]
    card, undated = snapshot.catalogue.snippets([0, 1])
    assert (card.snippet_id, card.kind, card.text) == ("s1", "job_posting", "0 open positions")
    assert (card.source_url, card.observed_s) == ("https://a.example/jobs", observed.timestamp())
    assert (undated.observed_s, undated.source_url) == (None, None)


async def test_flagged_repeats_are_left_out_unless_the_supplier_of_the_original_is_barred(
    connection: asyncpg.Connection, tmp_path: Path
) -> None:
    await add_company(connection, "a")
    await connection.execute(
        "INSERT INTO miners (miner_id, is_flagged) VALUES ('farm', true), ('honest', false)"
    )
    for snippet_id, miner_id, original in (
        ("s1", "honest", None), ("s2", "copier", "honest\x1fs1"), ("s3", "third", "farm\x1fs0"),
    ):  # fmt: skip
        text = f"text {snippet_id}"
        await add_snippet(connection, snippet_id, "a", text, miner_id=miner_id, duplicate_of=original)
    snippets = (await build(connection, tmp_path)).snippets
    assert snippets.miners.take(snippets.miner) == ["honest", "third"]
    assert snippets.duplicate.tolist() == [False, False]


async def test_a_throttled_supplier_counts_as_flagged_until_the_throttle_ends(
    connection: asyncpg.Connection, tmp_path: Path
) -> None:
    await add_company(connection, "a")
    for miner_id, hours in (("late", 1), ("past", -1)):
        until = datetime.fromtimestamp(NOW_S + 3600 * hours, UTC)
        await connection.execute(
            "INSERT INTO miners (miner_id, throttled_until) VALUES ($1, $2)", miner_id, until
        )
        await add_snippet(connection, "s", "a", "text", miner_id=miner_id)
    snippets = (await build(connection, tmp_path)).snippets
    assert snippets.miners.take(snippets.miner) == ["late", "past"]
    assert snippets.flagged.tolist() == [True, False]


async def test_private_rows_name_their_tenant(connection: asyncpg.Connection, tmp_path: Path) -> None:
    await add_tenant(connection, "t2")
    await add_tenant(connection, "t1")
    await add_company(connection, "a", tenant_id="t2")
    await add_company(connection, "b")
    await add_lead(connection, "l", "a", tenant_id="t2")
    await add_snippet(connection, "s", "b", "text", tenant_id="t1")
    snapshot = await build(connection, tmp_path)
    assert snapshot.companies.tenants.all() == ["t1", "t2"]
    assert snapshot.companies.tenant.tolist() == [2, 0]
    assert snapshot.leads.tenant.tolist() == [2]
    assert snapshot.snippets.tenant.tolist() == [1]


async def test_equal_contents_give_equal_hashes_whatever_the_order_of_insertion(
    connection: asyncpg.Connection, postgres: object, tmp_path: Path
) -> None:
    async def fill(names: str) -> None:
        await connection.execute("TRUNCATE companies CASCADE")
        for name in names:
            await add_company(
                connection, name, description=f"{name} makes chairs", technologies=[f"tool {name}"]
            )
            await add_snippet(connection, f"s{name}", name, f"news of {name}")

    await fill("abc")
    first = await build(connection, tmp_path / "one")
    await fill("cab")
    second = await build(connection, tmp_path / "two")
    await fill("abd")
    third = await build(connection, tmp_path / "three")
    assert first.manifest.content_hash == second.manifest.content_hash
    assert first.manifest.content_hash != third.manifest.content_hash


async def test_the_origin_names_the_transactions_that_were_not_seen(
    connection: asyncpg.Connection, database: str, tmp_path: Path
) -> None:
    other = await asyncpg.connect(database)
    transaction = other.transaction()
    await transaction.start()
    await add_company(other, "late")
    unfinished = int(await other.fetchval("SELECT pg_current_xact_id()::text::bigint"))
    await add_company(connection, "early")
    snapshot = await build(connection, tmp_path)
    await transaction.commit()
    await other.close()
    assert snapshot.companies.ids.all() == ["early"]
    assert snapshot.manifest.origin.xmin <= unfinished
    assert int(snapshot.manifest.origin.transactions.split(":")[0]) == snapshot.manifest.origin.xmin


async def test_a_second_builder_is_turned_away(
    connection: asyncpg.Connection, database: str, tmp_path: Path
) -> None:
    other = await asyncpg.connect(database)
    await other.fetchval("SELECT pg_advisory_lock(4862026010)")
    with pytest.raises(Unavailable, match="another build"):
        await build(connection, tmp_path)
    await other.close()


async def test_a_lost_connection_is_told_as_unavailable(database: str, tmp_path: Path) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute("DROP TABLE leads CASCADE")
    with pytest.raises(Unavailable, match="cannot be read"):
        await build(connection, tmp_path)
    await connection.close()
