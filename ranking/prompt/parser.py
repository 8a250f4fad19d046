"""A prompt parsed: the steps of the rule parser in order (F-1)."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from ranking.prompt.category import product_phrase
from ranking.prompt.collection import Collection
from ranking.prompt.confidence import Grounds, confidence
from ranking.prompt.country_codes import drop_languages, read_country_codes
from ranking.prompt.language import identify
from ranking.prompt.lexicon import load_lexicon
from ranking.prompt.loose import loose_matches
from ranking.prompt.matches import read_matches
from ranking.prompt.meaning import KEYWORD, Reader
from ranking.prompt.names import EXEMPLAR, read_names
from ranking.prompt.negation import mark_negations
from ranking.prompt.parts import divide
from ranking.prompt.plain_names import join_plain_names
from ranking.prompt.quantities import Quantity, read_quantities
from ranking.prompt.reading import Reading
from ranking.prompt.rounds import read_series_letters, widened
from ranking.prompt.units import NOTHING, Unit, any_bits, read_units
from ranking.prompt.words import read_words
from ranking.taxonomy.model import Taxonomy
from ranking.types import Product, Query, Targets

_KEYWORD_WEIGHT: Final = 0.5
_NOBODY: Final = Targets()
_PLACE: Final = attrgetter("start", "end", "field", "value")


def parse(prompt: str, taxonomy: Taxonomy) -> Query:
    """Return what is sold, to whom, and whom to leave out; any text parses, the empty one to an empty query (F-1).

    Pure and deterministic; time is linear in the prompt's length.
    """
    words = read_words(prompt, taxonomy.surfaces)
    lexicon = load_lexicon()
    matches = loose_matches(prompt, words, read_matches(prompt, words, taxonomy.surfaces, lexicon), taxonomy)
    code, knows_language = identify(prompt, words, matches, lexicon)
    if not words.texts:
        return Query(language=code)
    language = lexicon.languages[code]
    raw_units = read_units(prompt, words, matches, language)
    drop_languages(raw_units)
    read_country_codes(prompt, raw_units, taxonomy)
    read_series_letters(raw_units)
    quantities = read_quantities(prompt, raw_units)
    units = join_plain_names(_with_quantities(raw_units, quantities), language)
    seen = any_bits(units)
    marks = mark_negations(units, seen, language)
    parts = divide(units, seen)
    names = read_names(units, seen, parts, marks, language)
    named = [False] * len(units)
    collection = Collection(prompt, units, marks)
    for name in names:
        named[name.start : name.end] = [True] * (name.end - name.start)
        collection.add_name(name, taxonomy)
    readings = widened(prompt, units, Reader(units, parts, marks, named, taxonomy).read(code))
    for reading in readings:
        collection.add_reading(reading)
    if quantities:
        for place, unit in enumerate(units):
            if unit.employees is not None:
                collection.add_quantity(place)
    limit = _add_limit(raw_units, quantities, collection)
    start, end = product_phrase(units, readings, marks, parts.part)
    category = " ".join(prompt[start:end].lower().split())
    if category:
        collection.add("product.category", category, start, end)
    collection.settle()
    include = collection.targets()
    grounds = _grounds(units, named, readings, collection, include, knows_language=knows_language)
    return _query(collection, include, category, code, limit, confidence(grounds))


def _with_quantities(units: list[Unit], quantities: Sequence[Quantity]) -> list[Unit]:
    """Replace the units of each head count, and of K, by one."""
    if not quantities:
        return units
    merged: list[Unit] = []
    place = 0
    for quantity in quantities:
        merged += units[place : quantity.start]
        first, last = units[quantity.start], units[quantity.end - 1]
        merged.append(
            Unit(first.text, first.start, last.end, gap=first.gap, number=0, employees=quantity.employees)
        )
        place = quantity.end
    return merged + units[place:]


def _add_limit(units: Sequence[Unit], quantities: Sequence[Quantity], collection: Collection) -> int | None:
    """Add the first K the prompt states."""
    for quantity in quantities:
        if quantity.limit is not None:
            start, end = units[quantity.start].start, units[quantity.end - 1].end
            collection.add("limit", str(quantity.limit), start, end)
            return quantity.limit
    return None


def _grounds(
    units: Sequence[Unit],
    named: Sequence[bool],
    readings: Sequence[Reading],
    collection: Collection,
    include: Targets,
    *,
    knows_language: bool,
) -> Grounds:
    weights = {reading.unit: _KEYWORD_WEIGHT if reading.field == KEYWORD else 1.0 for reading in readings}
    content, explained = 0, 0.0
    for place, unit in enumerate(units):
        if named[place] or unit.group != NOTHING:
            content += 1
            explained += 1.0 if named[place] or unit.employees is not None else weights.get(place, 0.0)
    return Grounds(
        content=content,
        explained=explained,
        product=1.0 if collection.concepts else 0.5 * bool(collection.keywords),
        has_target=include != _NOBODY or bool(collection.codes(EXEMPLAR)),
        guesses=sum([reading.guessed for reading in readings]),
        knows_language=knows_language,
    )


def _query(
    collection: Collection, include: Targets, category: str, language: str, limit: int | None, trust: float
) -> Query:
    return Query(
        product=Product(
            category, collection.concepts, collection.keywords, collection.codes("product.comparisons")
        ),
        include=include,
        exclude=collection.exclusions(),
        exemplars=collection.codes(EXEMPLAR),
        language=language,
        limit=limit,
        confidence=trust,
        spans=tuple(sorted(collection.spans, key=_PLACE)),
    )
