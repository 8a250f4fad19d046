"""What a listing tells about which company speaks: its name, its own addresses, its places, its accelerator's batch."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ingest.importers.canonical import Canonicaliser
from ingest.sources.addresses import link, links_in
from ingest.sources.listings import Listing
from ranking.text import company_name_key, fold

_HEAD_LINES = 2
_NAME_END = re.compile(
    r"\s*(?:[|｜(\[,:;@]|https?://|\s[-–—]\s|\bis (?:(?:now )?hiring|an?|the|building|looking)\b"
    r"|\b(?:recrute|sucht|busca|cerca|zoekt)\b)",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[|/,;()\[\]&+\n]|\bor\b|\band\b|\s[-–—]\s")
_BATCH = re.compile(
    r"\b(?:YC|Y ?Combinator)\W{0,3}(?:(?P<letter>[WSFX])|(?P<season>winter|summer|fall|spring))?\W?\s?'?(?:20)?(?P<year>[012]\d)\b",
    re.IGNORECASE,
)
_SEASONS = {"w": "winter", "s": "summer", "f": "fall", "x": "spring"}
_MOST_NAME_WORDS = 6
# What stands in a name's place when none is told.
_NO_NAMES = frozenset((
    "stealth", "stealth startup", "stealth mode", "stealth mode startup", "confidential", "anonymous", "undisclosed", "hiring", "startup",
    "we", "remote",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mention:
    """A company as a page speaks of it.

    Attributes:
        name: as written, "" when the page names nobody.
        stated: registrable domains given as the company's own, by a field or the page's first lines.
        linked: other registrable domains in the text, in order.
        slugs: what job boards call the company, squeezed to letters and digits.
        countries, cities: taxonomy codes of the places named.
        batch: ("winter" or "", two-digit year) of the accelerator named beside it, None without one.
        text: what it says of itself and its work.
    """

    name: str
    stated: tuple[str, ...]
    linked: tuple[str, ...]
    slugs: tuple[str, ...]
    countries: frozenset[str]
    cities: frozenset[str]
    batch: tuple[str, str] | None
    text: str

    @property
    def name_key(self) -> str:
        """The key by which companies are compared, "" without a name."""
        return company_name_key(self.name)


def mention(listing: Listing, canonical: Canonicaliser) -> Mention:
    """The company that speaks in a listing."""
    head = listing.body.split("\n")[:_HEAD_LINES]
    if listing.title is not None:
        head = []
    fields = [link(address) for address in (listing.website, listing.url) if address]
    told = [link(address) for line in head for address in links_in(line)]
    elsewhere = [link(address) for address in links_in(listing.body)]
    places = listing.places or tuple(_SEPARATORS.split(head[0]) if head else ())
    return Mention(
        name=spoken_name(listing),
        stated=_distinct(each.domain for each in (*fields, *told)),
        linked=_distinct(each.domain for each in elsewhere),
        slugs=_distinct(squeezed(each.slug) for each in (*fields, *told, *elsewhere)),
        countries=frozenset(filter(None, (_country(place, canonical) for place in places))),
        cities=frozenset(filter(None, (_city(place, canonical) for place in places))),
        batch=_batch("\n".join(head) or (listing.company or "")),
        text=listing.body,
    )


def squeezed(name: str) -> str:
    """Letters and digits of a name alone, folded: "Temporal Technologies" and "temporal-technologies" are one."""
    return "".join(filter(str.isalnum, fold(name)))


def spoken_name(listing: Listing) -> str:
    """The company's name as a field or the first line has it, "" when neither tells one."""
    first = listing.body.split("\n", 1)[0] if listing.title is None else ""
    name = _NAME_END.split((listing.company or first).strip(), maxsplit=1)[0].strip(" -–—*\"'“”.")
    if company_name_key(name) in _NO_NAMES or not 0 < len(name.split()) <= _MOST_NAME_WORDS:
        return ""
    return name


def _batch(text: str) -> tuple[str, str] | None:
    found = _BATCH.search(text)
    if found is None:
        return None
    season = found["season"] or _SEASONS.get((found["letter"] or "").lower(), "")
    return season.lower(), found["year"]


def _country(place: str, canonical: Canonicaliser) -> str | None:
    city = _city(place, canonical)
    return canonical.taxonomy.country_code(place.strip()) or (
        canonical.taxonomy.city_country(city) if city else None
    )


def _city(place: str, canonical: Canonicaliser) -> str | None:
    return canonical.taxonomy.city_code(place.strip()) if 0 < len(place.split()) <= 6 else None


def _distinct(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for item in items if item))
