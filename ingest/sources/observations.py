"""What was seen of companies' technology stacks, and when: rows of a crawl as observations in taxonomy codes."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ingest.importers import fields
from ingest.importers.canonical import Canonicaliser
from ingest.importers.dates import moment
from ingest.importers.readers import read_rows
from ingest.importers.rows import FieldProblem, RawRow, Reject
from ingest.sources.addresses import link
from ranking.text import words

# "Python 3.8", "PHP v7" and "React 18" are Python, PHP and React.
_VERSION = re.compile(r"[\s/]+v?\d+(?:\.\d+|\.x)*\.?$", re.IGNORECASE)
_DATES = ("observed_at", "seen_at", "date", "crawled_at", "updatedAt", "lastChangedOn")
_ADDRESSES = ("domain", "website", "url")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose stack it is: by id, else by registrable domain."""

    company_id: str | None
    domain: str


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at a stack.

    Attributes:
        technologies: taxonomy code, or words of a name the taxonomy has not, to the name as written.
        source: which crawler looked; looks of different crawlers are not compared.
        whole: False when the crawl says itself that it saw only a part.
    """

    subject: Subject
    name: str
    seen_at: datetime
    technologies: Mapping[str, str]
    source: str
    source_url: str | None
    whole: bool


def read_observations(
    path: Path, canonical: Canonicaliser, now: datetime
) -> tuple[list[Observation], list[Reject]]:
    """The observations of a file, and the rows that are none with their reasons."""
    found: list[Observation] = []
    rejects: list[Reject] = []
    for row in read_rows(path):
        if isinstance(row, Reject):
            rejects.append(row)
            continue
        try:
            found.append(_observation(row, canonical, now))
        except FieldProblem as problem:
            rejects.append(Reject(row.line, problem.field, problem.reason))
    return found, rejects


def _observation(row: RawRow, canonical: Canonicaliser, now: datetime) -> Observation:
    values = row.values
    company_id = fields.text("company_id", values.get("company_id"), fields.MAX_ID_CHARS)
    address = next((fields.text(key, values[key], 2_000) for key in _ADDRESSES if values.get(key)), None)
    domain = link(address).domain if address else ""
    if company_id is None and not domain:
        raise FieldProblem("domain", "is required and must be one company's own, or a company_id")
    seen_at = next((moment(key, values[key], now) for key in _DATES if values.get(key)), None)
    if seen_at is None:
        raise FieldProblem("observed_at", "is required: a change is dated by what was seen when")
    named = fields.items("technologies", values.get("technologies"))
    return Observation(
        subject=Subject(company_id, domain if company_id is None else ""),
        name=fields.text("name", values.get("name") or values.get("title"), 500) or domain or str(company_id),
        seen_at=seen_at,
        technologies={technology_key(name, canonical): name for name in named if words(name)},
        source=fields.text("source", values.get("source"), 100) or "",
        source_url=fields.text("source_url", values.get("source_url"), 2_000),
        whole=not fields.flag("partial", values.get("partial"), False),
    )


def technology_key(name: str, canonical: Canonicaliser) -> str:
    """What a technology is compared by: its code, whatever alias, version or spelling; else its folded words."""
    plain = _VERSION.sub("", name)
    codes = canonical.technologies("technologies", (name,), Counter())
    known = [code for code in codes if code in canonical.taxonomy.TECHNOLOGIES]
    if not known and plain:
        known = [
            code
            for code in canonical.technologies("technologies", (plain,), Counter())
            if code in canonical.taxonomy.TECHNOLOGIES
        ]
    return known[0] if known else " ".join(words(plain or name))


def histories(observations: Iterable[Observation]) -> dict[tuple[Subject, str], list[Observation]]:
    """Observations of each company by each crawler, oldest first; looks of one moment are one look."""
    by_subject: defaultdict[tuple[Subject, str], dict[datetime, Observation]] = defaultdict(dict)
    for each in sorted(observations, key=lambda observation: observation.seen_at):
        looks = by_subject[each.subject, each.source]
        known = looks.get(each.seen_at)
        looks[each.seen_at] = each if known is None else _together(known, each)
    return {key: list(looks.values()) for key, looks in by_subject.items()}


def _together(first: Observation, second: Observation) -> Observation:
    return Observation(
        subject=first.subject,
        name=first.name,
        seen_at=first.seen_at,
        technologies={**first.technologies, **second.technologies},
        source=first.source,
        source_url=first.source_url or second.source_url,
        whole=first.whole and second.whole,
    )
