"""Company and contact records of the import format."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ingest.synthetic.companies import STAGES, UNKNOWN_FIELDS, Companies
from ingest.synthetic.grammar import Dice
from ingest.synthetic.naming import slug
from ingest.synthetic.spec import LANGUAGES, WorldSpec, stream
from ingest.synthetic.vocabulary import Vocabulary
from ingest.synthetic.writing import company_id

_OPENERS = (
    "{c} offers {o}.", "{c} – {o}.", "{c} is known for {o}.", "{C} from {city}.", "At {c} in {city} everything is about {o}.",
    "We are {c}: {o}.", "{c} has stood for {o} since {f}.", "Customers come to {c} for {o}.", "{o_cap}: that is what {c} does.",
)  # fmt: skip
_DETAILS = (
    "Founded in {f}, it employs about {n} people.", "The head office is in {city}.", "Further sites are in {city2}.",
    "The company is family-owned.", "Clients are mostly in the region.", "Also on offer: {o2}.",
    "Exports go to several countries.",
    "It grew out of a workshop in {city}.", "The team works from {city} and {city2}.", "Backed by private investors.", "", "",
)  # fmt: skip
_LOCAL = {
    "de": "{c} mit Sitz in {city} gehört zu den {t} der Region{n}.", "fr": "{c}, à {city}, fait partie des {t} de la région{n}.",
    "es": "{c}, con sede en {city}, es una de las {t} de la zona{n}.",
    "pt": "{c}, com sede em {city}, está entre as {t} da região{n}.",
    "it": "{c}, con sede a {city}, è tra le {t} del territorio{n}.", "nl": "{c} uit {city} hoort bij de {t} in de regio{n}.",
}  # fmt: skip
_LOCAL_SIZE = {
    "de": " und beschäftigt rund {n} Menschen", "fr": " et emploie environ {n} personnes",
    "es": " y da empleo a unas {n} personas",
    "pt": " e emprega cerca de {n} pessoas", "it": " e occupa circa {n} persone", "nl": " en telt zo'n {n} medewerkers",
}  # fmt: skip
_SELLS = (
    "{c} sells {p} to companies of every size.", "{c} makes {p} that replaces {t}.",
    "{c} is an implementation partner for {t} and advises on {p}.",
    "Our {p} is used by growing teams.", "Reseller of {t}; consulting and support for {p}.",
)  # fmt: skip
_TAGS = (
    "family business",
    "exporter",
    "hiring",
    "certified",
    "remote-friendly",
    "award winner",
    "regional",
    "multi-site",
    "B2B",
    "B2C",
)


def company_records(
    spec: WorldSpec, vocabulary: Vocabulary, companies: Companies
) -> Iterator[dict[str, Any]]:
    """All companies in order of their ids; unknown fields are null."""
    seeds = stream(spec.seed, "directory").integers(0, 2**31, len(companies)).tolist()
    former = _former_names(companies)
    for row, seed in enumerate(seeds):
        dice = Dice(seed)
        industry = vocabulary.industries[int(companies.industry[row])]
        country = vocabulary.countries[int(companies.country[row])]
        city, region = country.cities[int(companies.city[row])]
        sub, _ = industry.subs[int(companies.sub[row])]
        record: dict[str, Any] = {
            "company_id": company_id(row),
            "name": companies.names[row],
            "domain": companies.domains[row],
            "description": _description(vocabulary, companies, row, dice),
            "industry": dice.pick(industry.words) if dice.below(4) == 0 else industry.words[0],
            "sub_industry": sub if dice.below(12) else None,
            "tags": sorted({dice.pick(_TAGS) for _ in range(dice.below(4))}),
            "country": country.code,
            "region": region if dice.below(15) else None,
            "city": city if dice.below(15) else None,
            "employee_count": int(companies.employees[row]),
            "founded_year": int(companies.founded[row]),
            "stage": STAGES[int(companies.stage[row])] if dice.below(8) else None,
            "technologies": _technologies(vocabulary, companies, row, dice),
            "former_names": former.get(row, []),
            "is_active": bool(companies.active[row]),
            "attributes": {"source": dice.pick(("register", "directory", "crawler"))},
        }
        for column, name in enumerate(UNKNOWN_FIELDS):
            if companies.unknown[row, column]:
                record[name] = None
        if record["industry"] is None:
            record["sub_industry"] = None
        if record["country"] is None:
            record["region"] = record["city"] = None
        yield record


def _former_names(companies: Companies) -> dict[int, list[str]]:
    """A renamed duplicate names its old self; every fortieth other company has a former name of its own."""
    rows = np.flatnonzero(companies.renamed).tolist()
    former = {row: [companies.short_names[int(companies.same_as[row])]] for row in rows}
    for row in range(3, len(companies), 40):
        former.setdefault(row, [f"{companies.short_names[row].split(' ')[0]} Holding"])
    return former


def _technologies(vocabulary: Vocabulary, companies: Companies, row: int, dice: Dice) -> list[str]:
    found = {dice.pick(vocabulary.names.neutral) for _ in range(dice.below(5))}
    for product, tool in companies.tools[row].tolist():
        if product >= 0:
            found.add(vocabulary.products[product].tools[tool])
    return sorted(found)


def _description(vocabulary: Vocabulary, companies: Companies, row: int, dice: Dice) -> str:
    industry = vocabulary.industries[int(companies.industry[row])]
    country = vocabulary.countries[int(companies.country[row])]
    offers = industry.subs[int(companies.sub[row])][1]
    offer, other = dice.pick(offers), dice.pick(offers)
    city, employees = country.cities[int(companies.city[row])][0], int(companies.employees[row])
    short = companies.short_names[row]
    seller = int(companies.sells[row])
    if seller >= 0:
        product = vocabulary.products[seller]
        first = dice.pick(_SELLS).format(c=short, p=product.names[0], t=dice.pick(product.tools))
    elif companies.local_description[row] and country.language in _LOCAL:
        language = country.language
        size = _LOCAL_SIZE[language].format(n=_round(employees)) if dice.below(2) else ""
        return _LOCAL[language].format(
            c=short, city=city, t=industry.targets[LANGUAGES.index(language)], n=size
        )
    else:
        text = dice.pick(_OPENERS)
        first = text.format(
            c=short, C=f"{short}, {industry.words[0].lower()}", o=offer, o_cap=offer[:1].upper() + offer[1:],
            city=city, f=companies.founded[row]
        )  # fmt: skip
    detail = dice.pick(_DETAILS).format(
        f=companies.founded[row], n=_round(employees), city=city, city2=dice.pick(country.cities)[0], o2=other
    )
    if not companies.active[row]:
        detail = dice.pick(
            (
                "Acquired in {y}; the brand was discontinued.",
                "Operations ceased in {y}.",
                "Merged into its parent in {y}.",
            )
        )
        detail = detail.format(y=2019 + dice.below(7))
    return f"{first} {detail}".strip()


def _round(employees: int) -> int:
    return employees if employees < 50 else round(employees, -1)


def lead_records(spec: WorldSpec, vocabulary: Vocabulary, companies: Companies) -> Iterator[dict[str, Any]]:
    """Contacts in order of their ids; some have no name or no e-mail, some companies have none."""
    rng = stream(spec.seed, "leads")
    total = int(spec.companies * spec.leads_per_company)
    rows = np.sort(rng.integers(0, len(companies), total)).tolist()
    seeds = rng.integers(0, 2**31, total).tolist()
    departments = tuple(vocabulary.voices["en"].departments)
    for index, (row, seed) in enumerate(zip(rows, seeds, strict=True)):
        dice = Dice(seed)
        country = vocabulary.countries[int(companies.country[row])]
        language = country.language if dice.below(10) < 7 else "en"
        department = dice.pick(departments)
        title, seniority = dice.pick(vocabulary.names.titles[language]).rsplit(":", 1)
        word = vocabulary.voices[language].departments[department]
        word = word if language != "en" else word[:1].upper() + word[1:]
        first = dice.pick(vocabulary.names.first[country.language])
        last = dice.pick(vocabulary.names.last[country.language])
        named = dice.below(10) > 0
        mail = f"{slug(first)}.{slug(last)}@{companies.domains[row]}" if named and dice.below(5) else None
        general = "{Dept}" not in title
        yield {
            "lead_id": f"ld-{index:07d}",
            "company_id": company_id(row),
            "full_name": f"{first} {last}" if named else None,
            "title": title.replace("{Dept}", word),
            "seniority": seniority,
            "department": "management" if general else department,
            "email": mail,
            "country": country.code if dice.below(12) else None,
            "attributes": {},
        }
