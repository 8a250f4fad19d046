"""Listings to `job_posting` snippets in the import format, and an account of every listing that became none."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ingest.importers.canonical import Canonicaliser
from ingest.importers.readers import read_rows
from ingest.importers.rows import FieldProblem, RawRow, Reject
from ingest.sources.attribution import Attribution, attribute
from ingest.sources.known_companies import CompanyDirectory
from ingest.sources.listings import Listing, listing
from ingest.sources.mentions import Mention, mention
from ingest.sources.openings import Opening, read_openings
from ingest.sources.technologies import technologies_in

# The importer reads roles from a posting's first line, up to 200 characters.
_TITLE_LINE_CHARS = 200
_TEXT_CHARS = 6_000
_SOURCE_TYPE = "job_board"
# A founding engineer is employed; the taxonomy reads the word as an owner's.
_FOUNDING = re.compile(r"\bfounding\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Posting:
    """A listing that offers jobs, and the company it speaks of."""

    listing: Listing
    opening: Opening
    mention: Mention


@dataclass(slots=True)
class Yield:
    """What became of the rows of one file: rows = snippets + rejects.

    Attributes:
        by: how many companies each basis found.
    """

    rows: int = 0
    snippets: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    by: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class SourceNames:
    """How what a source publishes is signed.

    Attributes:
        miner_id: the producer.
        prefix: put before the source's own ids.
        item_url: where a listing stands that gives no address, with "{id}" for its own id; "" when unknown.
    """

    miner_id: str
    prefix: str
    item_url: str


def read_postings(path: Path, canonical: Canonicaliser, now: datetime) -> tuple[list[Posting], Yield]:
    """The listings of a file that offer jobs; the others are rejects with their reasons.

    A listing that repeats an earlier one of the file and day word for word is a reject too; one put up again on
    another day is news.
    """
    postings: list[Posting] = []
    result = Yield()
    seen: dict[tuple[object, ...], int] = {}
    for row in read_rows(path):
        result.rows += 1
        found = row if isinstance(row, Reject) else _posting(row, canonical, now)
        if isinstance(found, Posting):
            each = found.listing
            day = each.posted_at.date() if each.posted_at else None
            first = seen.setdefault((each.company, each.title, each.body or each.url, day), each.line)
            if first != each.line:
                found = Reject(each.line, "text", f"repeats an earlier listing: line {first}")
        if isinstance(found, Reject):
            result.rejects.append(found)
        else:
            postings.append(found)
    return postings, result


def _posting(row: RawRow, canonical: Canonicaliser, now: datetime) -> Posting | Reject:
    try:
        read = listing(row, now)
    except FieldProblem as problem:
        return Reject(row.line, problem.field, problem.reason)
    opening = read_openings(read, canonical)
    if isinstance(opening, Opening):
        return Posting(read, opening, mention(read, canonical))
    return Reject(row.line, "title" if read.title else "text", f"is no posting: {opening}")


def attribute_postings(
    postings: Iterable[Posting],
    directory: CompanyDirectory,
    canonical: Canonicaliser,
    names: SourceNames,
    result: Yield,
) -> None:
    """Add the snippets of the postings whose company is found to `result`, and the others to its rejects."""
    for posting in postings:
        found = attribute(posting.mention, directory)
        if isinstance(found, Attribution):
            result.by[found.basis] += 1
            result.snippets.append(_snippet(posting, found, canonical, names))
        else:
            called = posting.mention.name or "a company without a name"
            result.rejects.append(
                Reject(posting.listing.line, "company", f"{found.doubt} company: {called!r}{found.listed}")
            )


def _snippet(
    posting: Posting, found: Attribution, canonical: Canonicaliser, names: SourceNames
) -> dict[str, Any]:
    read, titles = posting.listing, posting.opening.titles
    technologies = technologies_in(
        "\n".join((*titles, read.body)), posting.mention.name or found.name, canonical.taxonomy
    )
    record: dict[str, Any] = {
        "company_id": found.company_id,
        "kind": "job_posting",
        "text": _text(read, titles, found.name),
        "observed_at": read.posted_at.isoformat() if read.posted_at else None,
        "source_url": _source_url(read, names),
        "source_type": _SOURCE_TYPE,
        "miner_id": names.miner_id,
        "technologies_added": list(technologies),
        "attributes": {
            "titles": list(titles),
            "roles": _distinct(code for title in titles for code in canonical.role_codes(title)),
            "seniorities": _distinct(canonical.seniority_code(_FOUNDING.sub("", title)) for title in titles),
            "technologies": list(technologies),
            "places": list(read.places),
            "company_found_by": found.basis,
            "company_evidence": found.evidence,
        },
    }
    if read.reference is not None:
        record["snippet_id"] = f"{names.prefix}-{read.reference}"
    return record


def _text(read: Listing, titles: Sequence[str], company: str) -> str:
    """The titles in one line, then the listing in its own words; for a bare title, who looks and where."""
    line = _title_line(titles)
    if read.body:
        return f"{line}\n{read.body}"[:_TEXT_CHARS]
    return f"{line}\n{company} is hiring{' in ' + '; '.join(read.places) if read.places else ''}."


def _title_line(titles: Sequence[str]) -> str:
    line = titles[0][:_TITLE_LINE_CHARS]
    for title in titles[1:]:
        if len(line) + len(title) + 2 > _TITLE_LINE_CHARS:
            break
        line = f"{line}; {title}"
    return line


def _source_url(read: Listing, names: SourceNames) -> str | None:
    if read.url is not None:
        return read.url
    return names.item_url.replace("{id}", read.reference) if names.item_url and read.reference else None


def _distinct(codes: Iterable[str | None]) -> list[str]:
    return [code for code in dict.fromkeys(codes) if code is not None]
