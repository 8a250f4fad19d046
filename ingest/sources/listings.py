"""A raw row of a job board, a forum or a feed to one listing: what it says, whatever its columns are called."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ingest.importers import fields
from ingest.importers.dates import moment
from ingest.importers.rows import FieldProblem, RawRow

# Column names under which boards and feeds keep the same thing, the most telling first.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "reference": ("id", "listing_id", "job_id", "item_id", "objectID"),
    "company": (
        "company_name", "company_raw", "company", "employer", "organization", "organisation",
        "hiring_organization",
    ),
    "title": ("title", "job_title", "position", "role"),
    "body": ("text", "body", "content", "comment_text", "job_description", "description"),
    "posted": (
        "date_posted", "posted_at", "published_at", "date", "created_at", "observed_at", "time", "date_updated",
    ),
    "url": ("source_url", "url", "link", "apply_url", "job_url", "absolute_url"),
    "website": ("website", "domain", "company_website", "company_url"),
    "places": ("locations", "location", "places", "city"),
    "open": ("active", "is_active", "is_open", "open"),
    "shown": ("is_visible", "visible"),
}  # fmt: skip
_MARKUP = re.compile(r"</?(?:p|a|br|li|ul|ol|div|b|i|em|strong|code|pre|span|h[1-6])\b[^>]*>", re.IGNORECASE)
_LINK = re.compile(r"<a\b[^>]*?href=\"([^\"]+)\"[^>]*>.*?</a>", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"<(?:p|br|li|div|h[1-6]|pre)\b[^>]*>", re.IGNORECASE)
# A longer line of a captured page is its navigation or script.
_LINE_CHARS = 1_500
_NO_SCRIPT = re.compile(r"enable javascript", re.IGNORECASE)
_LINE_ENDS = re.compile("\r\n|[\r\u2028\u2029\u0085]")


@dataclass(frozen=True, slots=True)
class Listing:
    """One listing as its source has it.

    Attributes:
        reference: the source's own id, None when it gives none.
        body: plain text, lines ended by "\\n"; "" when the row has a title only.
        is_open: False when the source says that the job is gone or hides it.
    """

    line: int
    reference: str | None
    company: str | None
    title: str | None
    body: str
    posted_at: datetime | None
    url: str | None
    website: str | None
    places: tuple[str, ...]
    is_open: bool


def listing(row: RawRow, now: datetime) -> Listing:
    """The listing of a raw row; raises FieldProblem when it says nothing or a value cannot be used."""
    picked = {field: _first(row.values, names) for field, names in _COLUMNS.items()}
    title = fields.text("title", picked["title"], 500)
    body = plain_text(fields.text("text", picked["body"]) or "")
    if title is None and not body:
        raise FieldProblem("text", "is required, or a title")
    is_open = fields.flag("active", picked["open"], True) and fields.flag("visible", picked["shown"], True)
    return Listing(
        line=row.line,
        reference=fields.text("id", picked["reference"], fields.MAX_ID_CHARS),
        company=fields.text("company", picked["company"], 500),
        title=title,
        body=body,
        posted_at=moment("date", picked["posted"], now),
        url=fields.text("url", picked["url"], 2_000),
        website=fields.text("website", picked["website"], 2_000),
        places=fields.items("location", picked["places"]),
        is_open=is_open,
    )


def plain_text(text: str) -> str:
    """The text without markup: links as their addresses, paragraphs as lines, entities as characters."""
    plain = text
    if _MARKUP.search(plain):
        plain = _LINK.sub(lambda found: f" {found.group(1)} ", plain)
        plain = _MARKUP.sub("", _BREAK.sub("\n", plain))
    if "&" in plain:
        plain = html.unescape(plain)
    lines = (" ".join(line.split())[:_LINE_CHARS] for line in _LINE_ENDS.sub("\n", plain).split("\n"))
    return "\n".join(line for line in lines if line and not _NO_SCRIPT.search(line))


def _first(values: Mapping[str, object], names: tuple[str, ...]) -> object:
    return next((values[name] for name in names if values.get(name) not in (None, "")), None)
