"""Companies that pages may speak of, with what tells them apart, from a file or from the database."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson
from asyncpg import Record
from asyncpg.pool import PoolConnectionProxy

from db.statements import parse
from ingest.importers.canonical import Canonicaliser
from ingest.importers.companies import CompanyRow, company_row
from ingest.importers.context import RowContext
from ingest.importers.mapping import column_map
from ingest.importers.readers import read_rows
from ingest.importers.rows import FieldProblem, RawRow
from ingest.shared_sites import names_a_company
from ingest.sources.addresses import registrable
from ingest.sources.mentions import Mention
from ranking.text import domain_key, words

_QUERIES = Path(__file__).with_name("queries.sql")
_SAMPLED_COMPANIES = 5_000


@dataclass(frozen=True, slots=True)
class KnownCompany:
    """A stored company.

    Attributes:
        home_id: the record that speaks for it where several are one business.
        name_keys: of its name, then of its former names.
        domain: registrable, "" when unknown or of a site shared by many.
        batch: of its accelerator as its attributes name it ("Winter 2012"), "" when they do not.
    """

    company_id: str
    home_id: str
    name: str
    name_keys: tuple[str, ...]
    domain: str
    description: str
    country_code: str | None
    city_code: str | None
    technologies: tuple[str, ...]
    batch: str


class CompanyDirectory:
    """Companies by domain and by name, and how rare a word is in their descriptions."""

    def __init__(self, companies: Iterable[KnownCompany], described: Mapping[str, int], total: int) -> None:
        """Args: described: word -> how many of `total` descriptions have it."""
        self._by_domain: defaultdict[str, list[KnownCompany]] = defaultdict(list)
        self._by_name: defaultdict[str, list[KnownCompany]] = defaultdict(list)
        self._described, self._total = described, total
        for company in companies:
            if company.domain:
                self._by_domain[company.domain].append(company)
            for key in company.name_keys:
                self._by_name[key].append(company)

    def of_domain(self, domain: str) -> Sequence[KnownCompany]:
        """Companies of a registrable domain."""
        return self._by_domain.get(domain, ())

    def named(self, name_key: str) -> Sequence[KnownCompany]:
        """Companies that are, or were, called so."""
        return self._by_name.get(name_key, ())

    def rarity(self, word: str) -> float:
        """ln(descriptions / descriptions with the word), at least 0: 0 for a word of every description."""
        return math.log(max(1.0, (self._total + 1) / (self._described.get(word, 0) + 1)))

    def is_coined(self, word: str) -> bool:
        """Whether a word hardly stands in descriptions (of one in a thousand at most), as made-up names do."""
        return self._described.get(word, 0) * 1_000 <= self._total


def directory_from_files(paths: Iterable[Path], canonical: Canonicaliser, now: datetime) -> CompanyDirectory:
    """The companies of import files; rows that cannot be imported are passed over, as their import reports them."""
    rows = [row for path in paths for row in _company_rows(path, canonical, now)]
    companies = [_from_row(row) for row in rows]
    return CompanyDirectory(companies, _document_frequency(row.description for row in rows), len(rows))


def _company_rows(path: Path, canonical: Canonicaliser, now: datetime) -> Iterable[CompanyRow]:
    context = RowContext(now, canonical, "", {}, Counter(), Counter())
    for row in read_rows(path):
        if isinstance(row, RawRow):
            columns = column_map(path, "companies", tuple(row.values), {})
            try:
                yield company_row(columns.pick(row.values), context)
            except FieldProblem:
                continue


def _document_frequency(descriptions: Iterable[str]) -> Counter[str]:
    return Counter(word for description in descriptions for word in set(words(description)))


def _from_row(row: CompanyRow) -> KnownCompany:
    return KnownCompany(
        company_id=row.company_id,
        home_id=row.company_id,
        name=row.name,
        name_keys=tuple(dict.fromkeys((row.name_key, *row.former_name_keys))),
        domain=_own_domain(row.domain),
        description=row.description,
        country_code=row.country_code,
        city_code=row.city_code,
        technologies=row.technologies,
        batch=_batch(row.attributes),
    )


async def directory_from_database(
    connection: PoolConnectionProxy, mentions: Iterable[Mention], tenant: str | None
) -> CompanyDirectory:
    """The stored companies that share a domain or a name with one of the mentions; rarity of words from a sample."""
    names, domains = set[str](), set[str]()
    for each in mentions:
        names.add(each.name_key)
        domains.update(key for domain in (*each.stated, *each.linked) for key in (domain, domain_key(domain)))
    statements = parse(_QUERIES.read_text(encoding="utf-8"))
    rows = await connection.fetch(
        statements["mentioned_companies"], sorted(names - {""}), sorted(domains), tenant
    )
    sample = await connection.fetch(statements["sample_descriptions"], _SAMPLED_COMPANIES)
    described = _document_frequency(row["description"] for row in sample)
    return CompanyDirectory(map(_from_record, rows), described, len(sample))


def _from_record(row: Record) -> KnownCompany:
    return KnownCompany(
        company_id=row["company_id"],
        home_id=row["cluster_id"],
        name=row["name"],
        name_keys=tuple(dict.fromkeys((row["name_key"], *row["former_name_keys"]))),
        domain=_own_domain(row["domain"]),
        description=row["description"],
        country_code=row["country_code"],
        city_code=row["city_code"],
        technologies=tuple(row["technologies"]),
        batch=_batch(row["attributes"]),
    )


def _own_domain(domain: str | None) -> str:
    found = registrable(domain) if domain else ""
    return found if found and names_a_company(found) else ""


def _batch(attributes: str) -> str:
    value = orjson.loads(attributes).get("batch")
    return value if isinstance(value, str) else ""
