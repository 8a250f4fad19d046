"""`import_files`: files in, stored rows and an account of every one of them out."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from db.statements import load
from ingest.importers.canonical import Canonicaliser
from ingest.importers.companies import company_row
from ingest.importers.context import RowContext
from ingest.importers.leads import lead_row
from ingest.importers.mapping import KINDS, Kind
from ingest.importers.outcomes import outcome_row
from ingest.importers.references import settle_companies, settle_leads, settle_outcomes, settle_snippets
from ingest.importers.report import FileReport, ImportReport, Progress, ProgressCallback
from ingest.importers.rows import Reject
from ingest.importers.snippets import snippet_draft
from ingest.importers.sources import Placed, Source
from ingest.importers.staging import StagedRow, Staging
from ingest.plagiarism.watching import Watch
from ingest.resolving import resolve_staged
from ingest.resolving_leads import resolve_leads
from ranking.taxonomy import Taxonomy, load_taxonomy

# An import may take as long as a human waits for a large file; the pool's own limits are those of a query.
TIME_LIMIT = timedelta(hours=1)
MAX_KEPT_UNMAPPED = 10_000


async def import_files(
    pool: asyncpg.Pool,
    files: Iterable[Path],
    kind: Kind | None = None,
    *,
    mapping: Mapping[str, str] | None = None,
    progress: ProgressCallback = lambda _: None,
    tenant: str | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    taxonomy: Taxonomy | None = None,
) -> ImportReport:
    """Store the rows of `files` and report on each; what cannot be stored goes to `<file>.rejects.jsonl`.

    Files of one kind are merged together in one transaction, companies before what refers to them, whatever
    the order given. A row is the whole record: what it leaves out is emptied. Of several rows with one id the
    last counts: an earlier one is `unchanged` when it says the same, else rejected. A second import of the
    same files stores nothing. Snippets that repeat others are flagged before anybody reads them, also those that an import
    cut short had left.

    Args:
        pool: connections to a migrated database.
        kind: kind of all files; guessed per file from its columns and name when None.
        mapping: field to column, for fields whose column has another name.
        progress: called after each chunk read and each kind stored.
        tenant: owner of the rows; None shares them.
        clock: now, with zone; the `seen_at` of snippets and the end of plausible dates.

    Raises:
        UnusableFile: a file is missing, of unknown format or kind, or lacks a mapped column; nothing is
            stored.
    """
    canonical = Canonicaliser(taxonomy or load_taxonomy())
    circumstances = _Circumstances(canonical, tenant, clock(), progress)
    sources = [await asyncio.to_thread(Source, Path(path), kind, mapping or {}) for path in files]
    reports: list[FileReport] = []
    company_leads = 0
    async with pool.acquire() as connection:
        for one_kind in KINDS:
            group = [source for source in sources if source.kind == one_kind]
            if group:
                company_leads += await _Import(connection, one_kind, group, circumstances).run()
                reports += [source.tally.finish() for source in group]
        merged = int(await connection.fetchval(load()["count_duplicates"]))
    if any(source.kind == "snippets" for source in sources):
        await Watch().judge_waiting(pool, clock)
    return ImportReport(tuple(reports), company_leads, merged)


@dataclass(frozen=True, slots=True)
class _Handling:
    """How rows of one kind are made canonical, and how what they refer to is looked up."""

    prepare: Callable[[Mapping[str, object], RowContext], Any]
    settle: Callable[
        [PoolConnectionProxy, Sequence[Placed[Any]], str | None, list[Reject]],
        Awaitable[Sequence[Placed[StagedRow]]],
    ]


_HANDLING: Mapping[Kind, _Handling] = {
    "companies": _Handling(company_row, settle_companies),
    "leads": _Handling(lead_row, settle_leads),
    "snippets": _Handling(snippet_draft, settle_snippets),
    "outcomes": _Handling(outcome_row, settle_outcomes),
}


@dataclass(frozen=True, slots=True)
class _Circumstances:
    """What holds for all files of one import."""

    canonical: Canonicaliser
    tenant: str | None
    now: datetime
    progress: ProgressCallback

    def context(self, source: Source) -> RowContext:
        """What the rows of one file need and count."""
        return RowContext(
            now=self.now,
            canonical=self.canonical,
            miner_id="import" if self.tenant is None else f"import:{self.tenant}",
            date_orders=source.date_orders,
            unmapped=source.tally.unmapped,
            notes=source.tally.notes,
        )


class _Import:
    """The files of one kind on their way through one transaction."""

    def __init__(
        self,
        connection: PoolConnectionProxy,
        kind: Kind,
        sources: Sequence[Source],
        circumstances: _Circumstances,
    ) -> None:
        self._connection = connection
        self._kind = kind
        self._sources = sources
        self._circumstances = circumstances
        self._staging = Staging(connection, kind, circumstances.tenant, circumstances.now)

    async def run(self) -> int:
        """Read, stage and merge; returns how many company-level leads were made less removed."""
        async with self._connection.transaction():
            limit_ms = str(int(TIME_LIMIT.total_seconds() * 1000))
            await self._connection.execute(load()["allow_import"], limit_ms)
            await self._staging.open()
            for index, source in enumerate(self._sources):
                await self._stage(index, source)
            stored = await self._staging.merge([source.tally for source in self._sources])
            company_leads = await self._follow_up() if stored else 0
            await self._keep_unmapped()
        for source in self._sources:
            self._circumstances.progress(Progress(source.path, self._kind, "stored", source.tally.rows))
        return company_leads

    async def _stage(self, index: int, source: Source) -> None:
        """Copy a file's rows chunk by chunk, preparing the next chunk in a thread meanwhile."""
        context = self._circumstances.context(source)

        def prepare(picked: Mapping[str, object]) -> object:
            return _HANDLING[self._kind].prepare(picked, context)

        chunk = await asyncio.to_thread(source.next_chunk, prepare)
        while chunk:
            following, copied = await asyncio.gather(
                asyncio.to_thread(source.next_chunk, prepare),
                self._settle_and_copy(index, source, chunk),
                return_exceptions=True,
            )
            if isinstance(copied, BaseException):
                raise copied
            if isinstance(following, BaseException):
                raise following
            self._circumstances.progress(Progress(source.path, self._kind, "read", source.tally.rows))
            chunk = following

    async def _settle_and_copy(self, index: int, source: Source, chunk: Sequence[Placed[Any]]) -> None:
        settled = await _HANDLING[self._kind].settle(
            self._connection, chunk, self._circumstances.tenant, source.tally.rejects
        )
        await self._staging.copy(index, settled)

    async def _follow_up(self) -> int:
        """Bring along what depends on the rows just stored: clusters, company-level leads, firmographics."""
        if self._kind == "companies":
            await resolve_staged(self._connection, self._circumstances.now)
            await self._connection.execute(load()["refresh_firmographics"], self._circumstances.now)
        if self._kind not in ("companies", "leads"):
            return 0
        await resolve_leads(self._connection, self._kind, self._circumstances.now)
        removed = 0
        if self._kind == "leads":
            removed = _affected(await self._connection.execute(load()["drop_company_leads"]))
        return (
            _affected(await self._connection.execute(load()["add_company_leads"], self._circumstances.now))
            - removed
        )

    async def _keep_unmapped(self) -> None:
        total: Counter[tuple[str, str]] = Counter()
        for source in self._sources:
            total += source.tally.unmapped
        kept = total.most_common(MAX_KEPT_UNMAPPED)
        fields = [f"{self._kind}.{field}" for (field, _), _ in kept]
        values = [value for (_, value), _ in kept]
        counts = [count for _, count in kept]
        await self._connection.execute(
            load()["keep_unmapped"], fields, values, counts, self._circumstances.now
        )


def _affected(command_tag: str) -> int:
    return int(command_tag.rsplit(" ", 1)[1])
