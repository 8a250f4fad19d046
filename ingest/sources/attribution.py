"""Which stored company a page speaks of: by its domain, else by its name with evidence; never by a name alone (F-3).

A domain decides when it is the company's own and the name fits it. Without one, a company of that name (or former
name) is taken only when something independent agrees: the accelerator's batch; what both texts say, in words that are
rare among companies; or less of that beside a made-up name. A domain of the page's own that differs speaks against it, as
namesakes mostly are other companies. What is left open is reported with its candidates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ingest.sources.known_companies import CompanyDirectory, KnownCompany
from ingest.sources.mentions import Mention, squeezed
from ranking.text import company_name_key, words

Basis = Literal["domain", "name"]
Doubt = Literal["unnamed", "unknown", "other domain", "unsupported", "ambiguous"]

# Overlap is the sum over shared words of their rarity above this (nats: a word of one description in twenty has 3).
# Chosen on 422 pairs of namesakes with their domains hidden: 73 of 145 true ones are taken and no false one.
_PLAIN_RARITY: Final = 3.0
_ENOUGH_OVERLAP: Final = 15.0
_COINED_OVERLAP: Final = 5.0
_COINED_OVERLAP_IN_TOWN: Final = 1.0
_LEAST_WORDS: Final = 2
_CLEAR_LEAD: Final = 2.0
_COMPARED_CHARACTERS: Final = 3_000
_OPENING_CHARACTERS: Final = 200
_LEAST_LETTERS: Final = 4
_SHOWN_WORDS: Final = 6


@dataclass(frozen=True, slots=True)
class Attribution:
    """The company found, what found it, and why that is believed."""

    company_id: str
    name: str
    basis: Basis
    evidence: str


@dataclass(frozen=True, slots=True)
class Unattributed:
    """No company can be named; `candidates` are those a person may choose from."""

    doubt: Doubt
    candidates: tuple[KnownCompany, ...] = ()

    @property
    def listed(self) -> str:
        """The candidates for a person, "" when there are none."""
        shown = ", ".join(
            f"{company.company_id} ({company.name}, {company.domain or 'no domain'})"
            for company in self.candidates
        )
        return f"; candidates: {shown}" if shown else ""


@dataclass(frozen=True, slots=True)
class _Support:
    """What speaks for a candidate; `refused` when something speaks against it."""

    company: KnownCompany
    refused: bool
    batch: bool
    overlap: float
    shared: tuple[str, ...]
    same_city: bool
    coined: bool

    @property
    def enough(self) -> bool:
        if self.refused:
            return False
        if self.batch:
            return True
        if len(self.shared) < _LEAST_WORDS:
            return False
        needed = _COINED_OVERLAP_IN_TOWN if self.same_city else _COINED_OVERLAP
        return self.overlap >= (needed if self.coined else _ENOUGH_OVERLAP)

    def told(self, name: str) -> str:
        parts = [f"name {name!r}"]
        if self.batch:
            parts.append(f"batch {self.company.batch}")
        if self.shared:
            parts.append(f"both speak of {', '.join(self.shared[:_SHOWN_WORDS])}")
        if self.same_city:
            parts.append(f"city {self.company.city_code}")
        return "; ".join(parts)


def attribute(mention: Mention, directory: CompanyDirectory) -> Attribution | Unattributed:
    """The company a page speaks of, else what is in doubt."""
    owners = [
        (domain, company)
        for domain in (*mention.stated, *mention.linked)
        for company in directory.of_domain(domain)
        if _fits(mention, company)
    ]
    homes = {company.home_id: (domain, company) for domain, company in reversed(owners)}
    if len(homes) == 1 or (homes and len({domain for domain, _ in homes.values()}) == 1):
        domain, company = owners[0]
        return Attribution(company.home_id, company.name, "domain", f"domain {domain}")
    if homes:
        return Unattributed("ambiguous", tuple(company for _, company in homes.values()))
    return _by_name(mention, directory)


def _by_name(mention: Mention, directory: CompanyDirectory) -> Attribution | Unattributed:
    if not mention.name_key:
        return Unattributed("unnamed")
    named = {company.home_id: company for company in reversed(directory.named(mention.name_key))}
    if not named:
        return Unattributed("unknown")
    supports = sorted(
        (_support(mention, company, directory) for company in named.values()), key=lambda each: -each.overlap
    )
    enough = [support for support in supports if support.enough]
    candidates = tuple(support.company for support in supports)
    if not enough:
        refused = all(support.refused for support in supports)
        return Unattributed("other domain" if refused else "unsupported", candidates)
    best = enough[0]
    if len(enough) > 1 and best.overlap < _CLEAR_LEAD * enough[1].overlap:
        return Unattributed("ambiguous", candidates)
    return Attribution(best.company.home_id, best.company.name, "name", best.told(mention.name))


def _support(mention: Mention, company: KnownCompany, directory: CompanyDirectory) -> _Support:
    own = {*words(mention.name), *words(company.name)}
    shared = _shared(mention.text[:_COMPARED_CHARACTERS], company.description, own, directory)
    batch = _same_batch(mention, company)
    return _Support(
        company=company,
        refused=batch is False or _other_domain(mention, company),
        batch=batch is True,
        overlap=sum(directory.rarity(word) - _PLAIN_RARITY for word in shared),
        shared=shared,
        same_city=company.city_code is not None and company.city_code in mention.cities,
        # A former name may have passed to somebody else.
        coined=company.name_keys[0] == mention.name_key and _is_distinctive(mention.name_key, directory),
    )


def _shared(text: str, description: str, own: set[str], directory: CompanyDirectory) -> tuple[str, ...]:
    """Words of both that are no plain ones, the rarest first."""
    common = (set(words(text)) & set(words(description))) - own
    telling = [
        word
        for word in common
        if len(word) > 2 and not word.isdigit() and directory.rarity(word) > _PLAIN_RARITY
    ]
    return tuple(sorted(telling, key=lambda word: (-directory.rarity(word), word)))


def _is_distinctive(name_key: str, directory: CompanyDirectory) -> bool:
    """Whether a name is hardly borne by chance: several words, or one that descriptions hardly use."""
    return " " in name_key or directory.is_coined(name_key)


def _same_batch(mention: Mention, company: KnownCompany) -> bool | None:
    """Whether both name the same batch; None when one names none."""
    if mention.batch is None or not company.batch:
        return None
    season, year = mention.batch
    named = company.batch.lower().split()
    return named[-1][-2:] == year and (not season or season == named[0])


def _other_domain(mention: Mention, company: KnownCompany) -> bool:
    """Whether the page has a domain of its own which is not the company's."""
    name = squeezed(mention.name_key)
    resembling = (domain for domain in mention.linked if name and name in squeezed(domain.split(".", 1)[0]))
    own = {*mention.stated, *resembling}
    return bool(own) and bool(company.domain) and company.domain not in own


def _fits(mention: Mention, company: KnownCompany) -> bool:
    """Whether a page's name may be that of a domain's company: the same, part of it, or the domain's own label;
    a page without one must open with the company's."""
    name = squeezed(company_name_key(mention.name)) or squeezed(mention.text[:_OPENING_CHARACTERS])
    label = squeezed(company.domain.split(".", 1)[0])
    known: Sequence[str] = [squeezed(key) for key in company.name_keys]
    if not mention.name:
        return any(len(key) > _LEAST_LETTERS and key in name for key in known)
    return any(_contains(name, other) for other in (*known, label))


def _contains(left: str, right: str) -> bool:
    shorter, longer = sorted((left, right), key=len)
    return bool(shorter) and shorter in longer and (len(shorter) > 2 or shorter == longer)
