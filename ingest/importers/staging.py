"""From canonical rows to stored ones: COPY into a staging table, then a few statements that merge it."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg.pool import PoolConnectionProxy

from db.statements import load
from db.submitters.feedback import EventRow
from ingest.importers.companies import CompanyRow
from ingest.importers.leads import LeadRow
from ingest.importers.mapping import Kind
from ingest.importers.report import Tally
from ingest.importers.rows import Reject
from ingest.importers.snippets import SnippetRow
from ingest.importers.sources import Placed

StagedRow = CompanyRow | LeadRow | SnippetRow | EventRow
_COLUMNS: dict[Kind, tuple[str, ...]] = {
    "companies": CompanyRow._fields, "leads": LeadRow._fields, "snippets": SnippetRow._fields,
    "outcomes": EventRow._fields,
}  # fmt: skip
_ID_FIELD: dict[Kind, str] = {
    "companies": "company_id", "leads": "lead_id", "snippets": "snippet_id", "outcomes": "event_id",
}  # fmt: skip
# Statements that store what is left in staging, in order; all take the tenant and the time.
_MERGES: dict[Kind, tuple[str, ...]] = {
    "companies": ("merge_companies",), "leads": ("merge_leads",), "outcomes": ("merge_outcomes",),
    "snippets": ("merge_snippets", "count_miner_snippets"),
}  # fmt: skip


class Staging:
    """The staging table of one kind, inside one transaction."""

    def __init__(
        self, connection: PoolConnectionProxy, kind: Kind, tenant: str | None, now: datetime
    ) -> None:
        self._connection = connection
        self._kind = kind
        self._tenant = tenant
        self._now = now
        self._places = 0

    async def open(self) -> None:
        """Make the staging table, and plan this transaction without merge joins.

        A new supplier whose keys sort before all that are stored makes the planner take a merge join for free, as if that ended at
        once; it reads the whole index of stored keys for every batch (Postgres 18: 250 ms for 500,000 keys).
        """
        await self._connection.execute("SET LOCAL enable_mergejoin = off")
        await self._connection.execute(self._statement("stage"))

    async def empty(self) -> None:
        """Forget what was staged and merged, to stage more in the same transaction."""
        await self._connection.execute(self._statement("empty"))

    async def copy(self, file: int, chunk: Sequence[Placed[StagedRow]]) -> None:
        """Add rows of the file with index `file`; later rows of one id win over earlier ones."""
        first = self._places
        self._places += len(chunk)
        await self._connection.copy_records_to_table(
            f"staged_{self._kind}",
            columns=("file", "line", "place", *_COLUMNS[self._kind]),
            records=((file, placed.line, first + offset, *placed.row) for offset, placed in enumerate(chunk)),
        )

    async def merge(self, tallies: Sequence[Tally]) -> int:
        """Store what is new or changed, account for every row in `tallies`; returns how many were stored."""
        await self._connection.execute(self._statement("analyse"))
        await self._take_out_repeats(tallies)
        if self._kind == "snippets":
            await self._hold_identities()
        for row in await self._connection.fetch(self._statement("refuse"), self._tenant):
            reason = "is taken: it belongs to another owner or another kind of record"
            tallies[row["file"]].rejects.append(Reject(row["line"], _ID_FIELD[self._kind], reason))
        for row in await self._connection.fetch(self._statement("unchanged")):
            tallies[row["file"]].unchanged += row["rows"]
        stored = 0
        for row in await self._connection.fetch(self._statement("count")):
            tallies[row["file"]].stored += row["rows"]
            stored += row["rows"]
        if stored:
            for statement in _MERGES[self._kind]:
                await self._connection.execute(load()[statement], self._tenant, self._now)
        return stored

    async def _take_out_repeats(self, tallies: Sequence[Tally]) -> None:
        for row in await self._connection.fetch(self._statement("repeat")):
            tally = tallies[row["file"]]
            if row["same"]:
                tally.unchanged += 1
                continue
            where = f"line {row['last_line']}"
            if row["last_file"] != row["file"]:
                where += f" of {tallies[row['last_file']].path.name}"
            reason = f"is given again with other content, and the last one counts: {where}"
            tally.rejects.append(Reject(row["line"], _ID_FIELD[self._kind], reason))

    async def _hold_identities(self) -> None:
        await self._connection.execute(load()["claim_snippet_keys"], self._tenant, self._now)
        await self._connection.execute(load()["lock_snippet_keys"])

    def _statement(self, verb: str) -> str:
        return load()[f"{verb}_{self._kind}"]
