"""Which jobs a listing offers, or why it offers none (F-6: "0 open positions" and vendor talk are no postings).

A job counts when a role stands where offers put it: in the title; in the "Company | Role | Place" line of a forum post;
in a short line of a list; or behind words that look for somebody. Roles are the taxonomy's; what only describes a
company, asks for work or says that the offer is over names a reason instead.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ingest.importers.canonical import Canonicaliser
from ingest.sources.addresses import links_in, without_links
from ingest.sources.job_titles import (
    AGENT,
    ARTICLES,
    FINITE,
    TITLE_END,
    TITLE_WORDS,
    is_job,
    is_plain_title,
    names_people,
    tidied,
    written_as_title,
)
from ingest.sources.listings import Listing
from ingest.sources.mentions import spoken_name
from ingest.sources.posting_cues import posting_cues
from ingest.sources.sought import field_titles, sought_titles
from ranking.cues import Cue
from ranking.selling import not_a_posting
from ranking.text import company_name_key, words

Refusal = Literal["closed", "nothing open", "seeks work", "advertises", "names no job"]

_READ_CHARACTERS = 6_000
_HEAD_LINES = 3
_VAGUE_WORDS = 9
_MOST_TITLES = 12
_CLOSED_LINE = re.compile(
    r"\W*(?:(?:edit|update)\b[^a-z]*)?(?:closed|filled|expired|\[?flagged|dead)\b\s*(?:[\])!.:–—-]|$)",
    re.IGNORECASE,
)
_BAR = re.compile(r"\s*[|｜]\s*")
_DASH = re.compile(r"\s+[-–—]{1,2}\s+")
_BULLET = re.compile(r"\s*(?:[-–—*•●·▪◦‣→>+]+|\(?\d{1,2}[.)/x]|\[[^\]]{1,30}\])\s*")
_MONEY = re.compile(r"\(?[$€£₹]\s?\d[^|)]*\)?|\(?\d[\d,.]*\s?[kK]\b[^|)]*\)?")
_AT_COMPANY = re.compile(r"\s(?:at|@|wanted)(?:\s|$)", re.IGNORECASE)
_LABEL = re.compile(
    r"^\s*(?:job\s?title|title|role|position|hiring|now hiring|poste|stelle|puesto|vaga|cargo|posizione|functie)\s*[:：]\s*",
    re.IGNORECASE,
)
_SPEAKS = re.compile(
    r"(?:i['’]?m|i am|we|our|chat|email|apply|ask|meet|about|why|contact|help|hi)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Opening:
    """What is open: titles as written, in order, 1 to 12 of them."""

    titles: tuple[str, ...]


def read_openings(listing: Listing, canonical: Canonicaliser) -> Opening | Refusal:
    """The jobs a listing offers, else why it is no posting."""
    if not listing.is_open:
        return "closed"
    if listing.title is not None:
        return _titled(listing.title, listing.body, canonical)
    text = listing.body[:_READ_CHARACTERS]
    lines = text.split("\n")
    if reason := _withdrawn(lines, canonical):
        return reason
    own = company_name_key(spoken_name(listing))
    titles = _distinct(
        title
        for title in _offered(lines, canonical)
        if company_name_key(title) != own or is_plain_title(title, canonical)
    )
    if titles:
        return Opening(titles)
    tokens = words(text)
    if posting_cues().seeks.any(tokens):
        return "nothing open" if not_a_posting(tokens, "web_page") else "names no job"
    return "advertises" if not_a_posting(tokens, "job_posting") else "names no job"


def _titled(title: str, body: str, canonical: Canonicaliser) -> Opening | Refusal:
    if reason := _withdrawn([title, *body[:_READ_CHARACTERS].split("\n")], canonical):
        return reason
    if posting_cues().no_job.any(words(title)):
        return "names no job"
    known = is_job(title, canonical) or AGENT.search(TITLE_END.split(title, maxsplit=1)[0].strip())
    return Opening((title,)) if known else "names no job"


def _withdrawn(lines: list[str], canonical: Canonicaliser) -> Refusal | None:
    """Why the whole text is no offer, from its first lines and its last."""
    head, tail = lines[:_HEAD_LINES], lines[-1:]
    if any(_CLOSED_LINE.match(line) for line in head):
        return "closed"
    told = [words(line) for line in (*head, *tail)]
    if any(posting_cues().closed.any(line) for line in told):
        return "closed"
    seeking = [list(posting_cues().seeking_work.find(line)) for line in told[:_HEAD_LINES]]
    if not any(seeking) or _seeks_beside(told[0], seeking[0]):
        return None
    # Below a header that offers a job the form of job seekers ("Willing to relocate: no") says what is wanted.
    header = None if seeking[0] else _header(lines, canonical)
    return None if header is not None and _parts(header[1], canonical) else "seeks work"


def _seeks_beside(line: list[str], seeking: list[Cue]) -> bool:
    """Whether a line looks for somebody in other words than those that look for work ("cherche un emploi")."""
    return any(
        all(cue.end <= other.start or other.end <= cue.start for other in seeking)
        for cue in posting_cues().seeks.find(line)
    )


def _offered(lines: list[str], canonical: Canonicaliser) -> list[str]:
    """Titles in the order of trust: a header's and a list's, then whom sentences look for, then mere fields."""
    header, text = _header(lines, canonical), "\n".join(lines)
    parts = _parts(header[1], canonical) if header is not None else []
    rest = lines if header is None else [*lines[: header[0]], *lines[header[0] + 1 :]]
    listed = _listed(rest, canonical, unmarked=header is not None or _terms_at_top(lines))
    told = header is not None or posting_cues().seeks.any(words(text)) or _terms_at_top(lines)
    named = [part for part in parts if names_people(part, canonical)]
    named += [title for title, linked in listed if told or (linked and len(listed) > 1)]
    if named or not told:
        return named
    vague = [part for part in parts if len(words(part)) <= _VAGUE_WORDS and not _SPEAKS.match(part)]
    sought = [*sought_titles(text, canonical), *field_titles(text, canonical)][:_MOST_TITLES]
    return sought or (vague if _terms_at_top(lines) else [])


def _terms_at_top(lines: list[str]) -> bool:
    return any(posting_cues().terms.any(words(line)) for line in lines[:_HEAD_LINES])


def _header(lines: list[str], canonical: Canonicaliser) -> tuple[int, list[str]] | None:
    """Which of the first lines is a forum's "Company | Role | Place | Full-time", and its parts; None when none is."""
    for place, line in enumerate(lines[:_HEAD_LINES]):
        barred = _BAR.split(line)
        if len(barred) >= 3:
            return place, barred
        if len(barred) == 2 and (
            posting_cues().terms.any(words(line)) or names_people(_page_title(barred), canonical)
        ):
            return place, barred
        dashed = _DASH.split(line)
        if len(dashed) >= 3 and place == 0 and posting_cues().terms.any(words(line)):
            return place, dashed
    return None


def _page_title(parts: list[str]) -> str:
    """The title of a page that calls itself "Title at Company | Site"."""
    return tidied(_AT_COMPANY.split(parts[0], maxsplit=1)[0])


def _parts(header: list[str], canonical: Canonicaliser) -> list[str]:
    """The parts of a header that name a role, a field or a rank; the first, as a rule the company, only when no other does."""
    parts = (tidied(ARTICLES.sub("", tidied(_MONEY.sub(" ", part)))) for part in header[1:])
    found = [part for part in parts if len(words(part)) <= 2 * TITLE_WORDS and is_job(part, canonical)]
    if not any(names_people(part, canonical) for part in found):
        first = _page_title(header)
        found += [first] if is_plain_title(first, canonical) else []
    return found


def _listed(lines: Iterable[str], canonical: Canonicaliser, *, unmarked: bool) -> list[tuple[str, bool]]:
    """Titles that are lines of their own, short and written as titles are, each with whether an address follows.

    A line without list mark and address counts if `unmarked`: elsewhere it may be a tagline ("The AI Recruiter").
    """
    found: list[tuple[str, bool]] = []
    for line in lines:
        marked = _BULLET.match(line)
        is_marked = marked is not None and marked.end() > 0
        rest = _LABEL.sub("", line[marked.end() :] if marked is not None and is_marked else line)
        linked = bool(links_in(rest))
        title = tidied(ARTICLES.sub("", TITLE_END.split(without_links(rest), maxsplit=1)[0]))
        alone = is_marked or linked or (unmarked and len(words(title)) > 1)
        if (
            alone
            and not (_SPEAKS.match(title) or FINITE.search(title))
            and len(words(title)) <= TITLE_WORDS
            and written_as_title(title)
            and names_people(title, canonical)
        ):
            found.append((title, linked))
    return found


def _distinct(titles: Iterable[str]) -> tuple[str, ...]:
    kept: dict[str, str] = {}
    for title in titles:
        key = " ".join(words(title))
        if not any(key in known for known in kept):
            kept[key] = title
        if len(kept) == _MOST_TITLES:
            break
    return tuple(kept.values())
