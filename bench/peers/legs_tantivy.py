"""The retrieval leg in tantivy: snippets with their company's columns, BM25, the best thousand grouped by company."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import asyncpg

from bench.peers.legs import LIMIT, LegQuery, folder_mib
from bench.peers.legs_postgres import statements
from ranking.relaxation import Codes, Places, Ranges
from ranking.text import words

_HITS = 1_000
_HEAP_BYTES = 256 * 2**20
_MOST_EMPLOYEES = 2**31 - 1
_COLUMNS = {
    "industry": "sub_industry_code", "country": "country_code", "state": "region_code", "city": "city_code", "stage": "stage_code",
}  # fmt: skip


class TantivyLeg:
    """An index on disk, merged by its own policy, and one searcher."""

    def __init__(self, connection: asyncpg.Connection, folder: Path) -> None:
        import tantivy  # noqa: PLC0415 - a library of the peers, loaded where one runs

        self._library: Any = tantivy
        self._connection, self._folder = connection, folder
        self._companies: list[str] = []
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("text", tokenizer_name="en_stem")
        for name in (*_COLUMNS, "technologies"):
            builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
        builder.add_integer_field("company", fast=True)
        builder.add_integer_field("employees", indexed=True, fast=True)
        self._schema: Any = builder.build()
        self._index: Any = tantivy.Index(self._schema, path=str(folder))

    async def build(self) -> None:
        """Index every snippet that counts; reading them from Postgres is part of it, as for the others."""
        rows = await self._connection.fetch(statements()["documents"])
        self._companies = sorted({row["company_id"] for row in rows})
        numbers = {company: number for number, company in enumerate(self._companies)}
        writer = self._index.writer(heap_size=_HEAP_BYTES, num_threads=1)
        for row in rows:
            fields = {name: row[column] for name, column in _COLUMNS.items() if row[column] is not None}
            if row["employee_count"] is not None:
                fields["employees"] = row["employee_count"]
            writer.add_document(self._library.Document(
                text=row["text"], company=numbers[row["company_id"]], technologies=row["technologies"], **fields
            ))  # fmt: skip
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def size_mib(self) -> float:
        """Of the index's files."""
        return folder_mib(self._folder)

    async def search(self, asked: LegQuery) -> Sequence[str]:
        """The companies of the best thousand snippets, by their best one."""
        searcher = self._index.searcher()
        hits = searcher.search(self._query(asked), _HITS, count=False).hits
        owners = searcher.fast_field_values("company", [address for _, address in hits]) if hits else []
        return [self._companies[number] for number in dict.fromkeys(owners)][:LIMIT]

    def outside_cpu_s(self) -> float:
        """It works in this process."""
        return 0.0

    def _query(self, asked: LegQuery) -> Any:
        query, occur = self._library.Query, self._library.Occur
        strict, excluded = asked.asked.strict, asked.asked.excluded
        text = self._index.parse_query(" ".join(words(asked.text)), ["text"])
        must = [text, *filter(None, (self._terms("industry", strict.industries), self._sizes(strict.employees),
                                     self._inside(strict.places), self._terms("technologies", strict.technologies),
                                     self._terms("stage", strict.stages)))]  # fmt: skip
        never = filter(None, (self._terms("industry", excluded.industries), self._sizes(excluded.employees),
                              self._inside(excluded.places), self._terms("technologies", excluded.technologies),
                              self._terms("stage", excluded.stages)))  # fmt: skip
        return query.boolean_query(
            [(occur.Must, each) for each in must] + [(occur.MustNot, each) for each in never]
        )

    def _terms(self, field: str, codes: Codes | None) -> Any:
        return self._library.Query.term_set_query(self._schema, field, sorted(codes)) if codes else None

    def _sizes(self, ranges: Ranges | None) -> Any:
        integer = self._library.FieldType.Integer
        return self._any(
            self._library.Query.range_query(
                self._schema, "employees", integer, each.minimum or 0, each.maximum or _MOST_EMPLOYEES
            )
            for each in ranges or ()
        )

    def _inside(self, places: Places | None) -> Any:
        if places is None:
            return None
        named = (("country", places.countries), ("state", places.states), ("city", places.cities))
        return self._any(filter(None, (self._terms(field, codes) for field, codes in named)))

    def _any(self, queries: Iterable[Any]) -> Any:
        listed = list(queries)
        should: Callable[[Any], Any] = lambda each: (self._library.Occur.Should, each)  # noqa: E731
        return self._library.Query.boolean_query(list(map(should, listed))) if listed else None
