"""What sellers ask for: one prompt per product in seven languages, the structured truth beside it."""

from collections.abc import Iterator
from typing import Any

from ingest.synthetic.companies import Companies
from ingest.synthetic.segments import Segment
from ingest.synthetic.spec import LANGUAGES
from ingest.synthetic.vocabulary import Vocabulary
from ingest.synthetic.writing import company_id


def prompt_text(segment: Segment, companies: Companies, vocabulary: Vocabulary, language: str) -> str:
    """The prompt in one language; its meaning is the segment's."""
    index = LANGUAGES.index(language)
    words = vocabulary.prompts[language]
    product = vocabulary.products[segment.product]
    targets = [
        row.targets[index] for key in segment.industries for row in vocabulary.industries if row.key == key
    ]
    who = (
        ", ".join(targets[:-1]) + words["and"] + targets[-1]
        if len(targets) > 1
        else "".join(targets) or words["who"]
    )
    place = f" {vocabulary.areas[segment.area].names[index]}" if segment.area else ""
    size = words["size"].format(lo=segment.employees[0], hi=segment.employees[1]) if segment.employees else ""
    nots = ""
    if segment.not_sub_industry:
        plural = next(
            row.not_words[index] for row in vocabulary.industries if row.not_sub == segment.not_sub_industry
        )
        nots = words["nots"].format(x=plural)
    if segment.not_country:
        nots = words["except"].format(x=vocabulary.exclusions[segment.not_country][index])
    names = [companies.short_names[row] for row in segment.exemplars]
    like = words["like"].format(x=words["and"].join(names)) if names else ""
    text: str = words["skeletons"][segment.skeleton]
    text = text.format(prod=product.names[index], who=who, place=place, size=size, nots=nots, like=like)
    return text[:1].upper() + text[1:]


def truth_fields(segment: Segment, vocabulary: Vocabulary) -> dict[str, Any]:
    """The segment as directory words and codes."""
    industries = [
        row.words[0] for key in segment.industries for row in vocabulary.industries if row.key == key
    ]
    return {
        "industries": industries,
        "countries": sorted(vocabulary.areas[segment.area].countries) if segment.area else [],
        "area": segment.area or None,
        "employee_min": segment.employees[0] if segment.employees else None,
        "employee_max": segment.employees[1] if segment.employees else None,
        "not_countries": [segment.not_country] if segment.not_country else [],
        "not_sub_industries": [segment.not_sub_industry] if segment.not_sub_industry else [],
        "exemplar_company_ids": [company_id(row) for row in segment.exemplars],
    }


def prompt_records(
    segments: tuple[Segment, ...], companies: Companies, vocabulary: Vocabulary
) -> Iterator[dict[str, Any]]:
    """One row per product and language."""
    for segment in segments:
        product = vocabulary.products[segment.product]
        for language in LANGUAGES:
            yield {
                "product_id": product.key,
                "category": product.names[0],
                "language": language,
                "split": "heldout" if segment.held_out else "train",
                "prompt": prompt_text(segment, companies, vocabulary, language),
                "truth": truth_fields(segment, vocabulary),
            }
