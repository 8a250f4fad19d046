"""Whose address a link is: registrable domains by the public suffix list, and job boards that host many companies.

The list is `publicsuffixlist`'s own copy, so nothing is fetched. Its private section keeps the customer's label of shared
hosts apart ("acme.github.io").
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from publicsuffixlist import PublicSuffixList

from ingest.shared_sites import names_a_company
from ranking.text import domain_key

_LINK = re.compile(
    r"(?:https?://)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}(?![a-z0-9@])(?:/[^\s<>\"'|)\]]*)?",
    re.IGNORECASE,
)
_TRAILING = ".,;:!?*"
# Where a board puts the company: as the first step of the path, or as the label before its own domain.
_BY_PATH: Final = frozenset((
    "boards.greenhouse.io", "job-boards.greenhouse.io", "boards.eu.greenhouse.io", "job-boards.eu.greenhouse.io",
    "jobs.lever.co", "jobs.eu.lever.co", "jobs.ashbyhq.com", "apply.workable.com", "jobs.smartrecruiters.com",
    "careers.smartrecruiters.com", "jobs.jobvite.com", "ats.rippling.com", "jobs.gem.com", "jobs.polymer.co",
    "app.dover.com", "app.deel.com", "jobs.deel.com", "wellfound.com", "workatastartup.com", "join.com", "linktr.ee",
))  # fmt: skip
_BY_LABEL: Final = frozenset((
    "breezy.hr", "bamboohr.com", "recruitee.com", "teamtailor.com", "applytojob.com", "workable.com", "icims.com",
    "myworkdayjobs.com", "personio.com", "personio.de", "freshteam.com", "pinpointhq.com", "zohorecruit.com",
    "factorialhr.com", "welcomekit.co", "gupy.io", "bullhornstaffing.com", "homerun.co", "rippling-ats.com",
))  # fmt: skip
# Companies whose pages are mostly about others: only their bare domain is their own.
_PAGES_OF_OTHERS: Final = frozenset((
    "airtable.com", "calendly.com", "dropbox.com", "glassdoor.com", "huggingface.co", "indeed.com", "loom.com", "reddit.com",
    "stackoverflow.com", "techcrunch.com", "vimeo.com",
))  # fmt: skip
_STEPS_BEFORE: Final = frozenset(
    ("j", "jobs", "job-boards", "c", "company", "companies", "apply", "o", "en", "embed")
)


class Link(NamedTuple):
    """One address.

    Attributes:
        domain: registrable domain of one company, "" when the site hosts many.
        slug: the company's name on a job board or page of links, "" elsewhere.
    """

    domain: str
    slug: str


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=65_536)
def registrable(address: str) -> str:
    """The registrable domain of a URL or host in lower-case ASCII, "" when there is none or its ending is no public one."""
    if not domain_key(address):
        return ""
    host = _host(address)
    return str(_suffixes().privatesuffix(host, accept_unknown=False) or "")


def link(address: str) -> Link:
    """Whose address it is; ("", "") for a shared site that names no company."""
    domain = registrable(address)
    if not domain:
        return Link("", "")
    host = _host(address)
    if host in _BY_PATH or host.removeprefix("www.") in _BY_PATH:
        return Link("", _path_step(address))
    if domain in _BY_LABEL:
        label = host.removesuffix(f".{domain}")
        return Link("", "" if label in (domain, "www", "apply") else label.split(".", 1)[0])
    if domain in _PAGES_OF_OTHERS and _path_step(address):
        return Link("", "")
    return Link(domain if names_a_company(domain) and names_a_company(domain_key(host)) else "", "")


def links_in(text: str) -> tuple[str, ...]:
    """Every address a text spells out, in order, each once."""
    found = (match.group().rstrip(_TRAILING) for match in _LINK.finditer(text) if not _in_email(text, match))
    return tuple(dict.fromkeys(address for address in found if registrable(address)))


def without_links(text: str) -> str:
    """The text with a space for each address."""
    return _LINK.sub(lambda found: " " if registrable(found.group()) else found.group(), text)


def _in_email(text: str, match: re.Match[str]) -> bool:
    return match.start() > 0 and text[match.start() - 1] == "@"


def _host(address: str) -> str:
    spelled = address.strip() if "//" in address else f"//{address.strip()}"
    try:
        return (urlsplit(spelled).hostname or "").rstrip(".").encode("idna").decode("ascii").lower()
    except (ValueError, UnicodeError):
        return ""


def _path_step(address: str) -> str:
    path = urlsplit(address if "//" in address else f"//{address}").path
    steps = [unquote(step) for step in path.split("/") if step]
    return next((step for step in steps if step.lower() not in _STEPS_BEFORE), "")
