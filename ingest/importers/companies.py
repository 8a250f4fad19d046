"""A raw company row to the columns of the companies table."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from ingest.importers import fields
from ingest.importers.canonical import Canonicaliser, Industry
from ingest.importers.context import RowContext
from ingest.importers.identity import content_hash, json_text
from ingest.importers.trades import OwnWords, own_trade
from ranking.simhash import shingles_of_words, simhash
from ranking.text import company_name_key, domain_key, words

# Below this many words a description says too little to compare records by it.
MIN_COMPARED_WORDS = 8


class CompanyRow(NamedTuple):
    """Columns of a staged company, in the order they are copied."""

    company_id: str
    name: str
    name_key: str
    domain: str | None
    domain_key: str | None
    description: str
    industry_code: str | None
    sub_industry_code: str | None
    industry_raw: str | None
    country_code: str | None
    region_code: str | None
    region_raw: str | None
    city_code: str | None
    city_raw: str | None
    employee_count: int | None
    founded_year: int | None
    stage_code: str | None
    stage_raw: str | None
    technologies: tuple[str, ...]
    tags: tuple[str, ...]
    former_names: tuple[str, ...]
    former_name_keys: tuple[str, ...]
    is_active: bool
    attributes: str
    keyword_tokens: list[str]
    simhash: int | None
    content_hash: str


def company_row(picked: Mapping[str, object], context: RowContext) -> CompanyRow:
    """The canonical row of an import record; raises FieldProblem for a value that cannot be used."""
    canonical, unmapped = context.canonical, context.unmapped
    company_id = fields.required("company_id", picked.get("company_id"), fields.MAX_ID_CHARS)
    name = fields.required("name", picked.get("name"), 500)
    description = fields.text("description", picked.get("description")) or ""
    tags = fields.items("tags", picked.get("tags"))
    former = fields.items("former_names", picked.get("former_names"))
    domain, domain_of = _domain(picked.get("domain"), unmapped)
    country = fields.category("country", picked.get("country"), 200)
    region = fields.category("region", picked.get("region"), 200)
    city = _city_wording(picked.get("city"))
    place = canonical.place(country, region, city, unmapped)
    industry = _industry(picked, OwnWords(name, description, tags), canonical, unmapped)
    stage = fields.category("stage", picked.get("stage"), 100)
    attributes = fields.attributes("attributes", picked.get("attributes"))
    described = words(f"{name}\n{description}")
    columns = (
        company_id,
        name,
        company_name_key(name),
        domain,
        domain_of,
        description,
        industry.code,
        industry.sub_code,
        industry.raw,
        place.country_code,
        place.region_code,
        region,
        place.city_code,
        city,
        _employees(picked.get("employee_count"), attributes, context),
        fields.whole_number("founded_year", picked.get("founded_year"), 1000, context.now.year + 1),
        canonical.stage(stage, unmapped),
        stage,
        canonical.technologies(
            "technologies", fields.items("technologies", picked.get("technologies")), unmapped
        ),
        tags,
        former,
        tuple(dict.fromkeys(key for key in map(company_name_key, former) if key)),
        fields.flag("is_active", picked.get("is_active"), True),
        json_text(attributes),
    )
    return CompanyRow(
        *columns,
        keyword_tokens=sorted({*described, *words("\n".join(tags))}),
        simhash=fingerprint(described),
        content_hash=content_hash(columns),
    )


def fingerprint(described: list[str]) -> int | None:
    """Simhash of a record's name and description as folded words, None when they are too few to compare."""
    if len(described) < MIN_COMPARED_WORDS:
        return None
    return simhash(shingles_of_words(described))


def _domain(value: object, unmapped: Counter[tuple[str, str]]) -> tuple[str | None, str | None]:
    wording = fields.text("domain", value, 2_000)
    if wording is None:
        return None, None
    key = domain_key(wording)
    if not key:
        unmapped["domain", wording] += 1
    return wording.lower(), key or None


def _city_wording(value: object) -> str | None:
    named = fields.items("city", value) if isinstance(value, list) else (value,)
    return fields.category("city", named[0]) if named else None


def _industry(
    picked: Mapping[str, object], own: OwnWords, canonical: Canonicaliser, unmapped: Counter[tuple[str, str]]
) -> Industry:
    def wordings(field: str) -> tuple[str, ...]:
        return tuple(item for item in fields.items(field, picked.get(field)) if fields.category(field, item))

    broad = wordings("industry")
    found = canonical.industry(broad, wordings("sub_industry"), unmapped)
    trade = own_trade(broad, found.sub_code, own, canonical.taxonomy)
    return found if trade is None else canonical.named(trade, found.raw)


def _employees(value: object, attributes: dict[str, object], context: RowContext) -> int | None:
    count, wording = fields.employee_count("employee_count", value)
    if wording is not None:
        attributes["employee_range"] = wording
        if count is None:
            context.unmapped["employee_count", wording] += 1
    elif count is None and value not in (None, ""):
        context.notes["employee_count 0 is kept as unknown"] += 1
    return count
