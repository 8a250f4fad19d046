"""One query out of two readings of a prompt: the rules' and a language model's.

The rule of it:

1. What the rules read is the test of what the model says. Each value that they found is confirmed (the model says the same, or reads
   the same words alike) or it is not; a reply that confirms less than half of them is not believed at all.
2. What the rules ruled out stays ruled out, whatever the model says. The model may rule out more, but nothing that the rules found
   wanted in other words.
3. What the rules found wanted or sold stays, unless a believed reply reads the very words as something else, or as asking for nothing.
   Words that the rules could only keep as keywords stay where the model finds them in what is sold.
4. What the model adds must be read from words that stand in the prompt (`models.llm.reading_codes`), contradict no exclusion, and
   give no head count or number of leads where the rules have read one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Final, Literal, NamedTuple

from models.llm.reading import BESIDE, CATEGORY, LIMIT, Said
from models.llm.reading_codes import Found, akin, found_in, kind_of
from models.llm.reading_conflicts import Pair, bars, group_of
from ranking.prompt.collection import describe
from ranking.prompt.confidence import Grounds, confidence
from ranking.prompt.lexicon import load_lexicon
from ranking.prompt.meaning import CONCEPT, KEYWORD
from ranking.taxonomy import Taxonomy
from ranking.text import tokens_with_spans
from ranking.types import EmployeeRange, Exclusions, Product, Query, Span, Targets

MOST_CONFIDENCE: Final = 0.9
"""Of a merged parse: nobody has checked it."""
_MOST_CONCEPTS: Final = 8
_UNTESTED: Final = (KEYWORD, CATEGORY, LIMIT)
_PLACE: Final = attrgetter("start", "end", "field", "value")
_FIELDS: Final = (
    "industries",
    "countries",
    "regions",
    "cities",
    "roles",
    "seniorities",
    "technologies",
    "stages",
)
Outcome = Literal["merged", "nothing_new", "disagreed"]


class Merged(NamedTuple):
    """`query` is the rules' own unless the outcome is "merged"."""

    query: Query
    outcome: Outcome


def merge(prompt: str, rules: Query, said: Said, taxonomy: Taxonomy) -> Merged:
    """The rules' parse with what a believable reply adds to it; never without an exclusion that the rules found."""
    told = found_in(prompt, said, taxonomy)
    if not _is_believed(rules.spans, told, taxonomy):
        return Merged(rules, "disagreed")
    guessed = not rules.product.concepts
    kept = [span for span in rules.spans if not _is_withdrawn(span, told, is_category_guessed=guessed)]
    added = _added(kept, told, taxonomy)
    if len(kept) == len(rules.spans) and not added:
        return Merged(rules, "nothing_new")
    return Merged(_query(prompt, rules, said, kept, added), "merged")


def _is_believed(spans: Sequence[Span], told: Sequence[Found], taxonomy: Taxonomy) -> bool:
    tested = [span for span in spans if span.field not in _UNTESTED]
    confirmed = sum(any(_confirms(found, span, taxonomy) for found in told) for span in tested)
    return 2 * confirmed >= len(tested)


def _confirms(found: Found, span: Span, taxonomy: Taxonomy) -> bool:
    """The same value of the same field, or the same words read for the same side of the query and the same kind of thing."""
    if found.field == span.field and _is_like(found, span, taxonomy):
        return True
    return (
        _overlap(found, span)
        and _side(found.field) == _side(span.field)
        and group_of(found.field) == group_of(span.field)
    )


def _is_like(found: Found, span: Span, taxonomy: Taxonomy) -> bool:
    if isinstance(found.value, EmployeeRange):
        return describe(found.value) == span.value
    kind = kind_of(found.field)
    if kind is None or kind == "technology":
        return found.value == span.value
    return akin(kind, found.value, span.value, taxonomy)


def _is_withdrawn(span: Span, told: Sequence[Found], *, is_category_guessed: bool) -> bool:
    """Whether a believed reply reads these words as something else; the name of a product that the rules do not know is a guess."""
    side = _side(span.field)
    covering = [found for found in told if found.start <= span.start and span.end <= found.end]
    if side == "exclude":
        return False
    if span.field == CATEGORY:
        is_better = is_category_guessed and any(found.field == CATEGORY for found in told)
        return is_better or any(found.field == BESIDE for found in covering)
    if span.field == KEYWORD:
        return _is_better_known(covering, told)
    elsewhere = any(_side(found.field) != side for found in covering)
    return elsewhere and not any(_side(found.field) == side and _overlap(found, span) for found in told)


def _is_better_known(covering: Sequence[Found], told: Sequence[Found]) -> bool:
    """Of a keyword: its words say something better, or stand outside what the model says is sold."""
    if any(found.field not in (KEYWORD, CATEGORY) for found in covering):
        return True
    return not covering and any(found.field == CATEGORY for found in told)


def _added(kept: Sequence[Span], told: Sequence[Found], taxonomy: Taxonomy) -> list[Found]:
    """What the model says beyond the rules, exclusions first, so that what it wants meets them."""
    held = {(span.field, span.value) for span in kept}
    filled = {
        span.field for span in kept if span.field in (LIMIT, CATEGORY) or span.field.endswith(".employees")
    }
    fresh = [
        found
        for found in told
        if found.field not in (BESIDE, *filled) and (found.field, describe(found.value)) not in held
    ]
    wanted = [Pair(span.field, span.value) for span in kept if _side(span.field) != "exclude"]
    barred = [
        each
        for each in fresh
        if _side(each.field) == "exclude" and not any(bars(_pair(each), other, taxonomy) for other in wanted)
    ]
    out = [Pair(span.field, span.value) for span in kept if _side(span.field) == "exclude"]
    out += map(_pair, barred)
    return barred + [
        each
        for each in fresh
        if _side(each.field) != "exclude"
        and not any(bars(bar, _pair(each), taxonomy) for bar in out)
        and not any(_side(span.field) == "exclude" and _overlap(each, span) for span in kept)
        and not _is_known_keyword(each, kept, told)
    ]


def _pair(found: Found) -> Pair:
    return Pair(found.field, describe(found.value))


def _is_known_keyword(found: Found, kept: Sequence[Span], told: Sequence[Found]) -> bool:
    """A keyword's words that say something better already."""
    return found.field == KEYWORD and (
        any(_overlap(found, span) and span.field != CATEGORY for span in kept)
        or any(_overlap(found, other) and other.field not in (KEYWORD, CATEGORY) for other in told)
    )


def _query(prompt: str, rules: Query, said: Said, kept: Sequence[Span], added: Sequence[Found]) -> Query:
    gone = {(span.field, span.value) for span in rules.spans} - {(span.field, span.value) for span in kept}
    values = _Values(gone, added)
    product = rules.product
    include = Targets(
        employees=values.ranges("include.employees", rules.include.employees),
        **{name: values.codes(f"include.{name}", getattr(rules.include, name)) for name in _FIELDS},
    )
    exclude = Exclusions(
        employees=values.ranges("exclude.employees", rules.exclude.employees),
        **{
            name: values.codes(f"exclude.{name}", getattr(rules.exclude, name))
            for name in (*_FIELDS, "companies", "keywords")
        },
    )
    categories = values.codes(CATEGORY, (product.category,) if product.category else ())
    limits = values.codes(LIMIT, () if rules.limit is None else (str(rules.limit),))
    query = Query(
        product=Product(
            categories[0] if categories else "",
            values.codes(CONCEPT, product.concepts)[:_MOST_CONCEPTS],
            values.codes(KEYWORD, product.keywords),
            values.codes("product.comparisons", product.comparisons),
        ),
        include=include,
        exclude=exclude,
        exemplars=values.codes("exemplars", rules.exemplars),
        language=said.language or rules.language,
        limit=int(limits[0]) if limits else None,
        spans=tuple(sorted([*kept, *(_span_of(found, prompt) for found in added)], key=_PLACE)),
    )
    return replace(query, confidence=max(rules.confidence, _confidence(prompt, query)))


class _Values:
    """What the rules had, without what is gone, and with what is added."""

    def __init__(self, gone: set[tuple[str, str]], added: Sequence[Found]) -> None:
        self._gone = gone
        self._added = added

    def codes(self, field: str, own: Iterable[str]) -> tuple[str, ...]:
        kept = (value for value in own if (field, value) not in self._gone)
        more = (found.value for found in self._added if found.field == field and isinstance(found.value, str))
        return tuple(dict.fromkeys((*kept, *more)))

    def ranges(self, field: str, own: Iterable[EmployeeRange]) -> tuple[EmployeeRange, ...]:
        kept = (value for value in own if (field, describe(value)) not in self._gone)
        more = (
            found.value
            for found in self._added
            if found.field == field and isinstance(found.value, EmployeeRange)
        )
        return tuple(dict.fromkeys((*kept, *more)))


def _confidence(prompt: str, query: Query) -> float:
    """`ranking.prompt.confidence` of what is read now, at most `MOST_CONFIDENCE`.

    A word counts as explained when a reading other than a keyword's covers it; words of the parser's grammar ask for nothing.
    """
    small = load_lexicon().words
    content = [token for token in tokens_with_spans(prompt) if token.text not in small]
    spans = [span for span in query.spans if span.field not in (KEYWORD, CATEGORY)]
    explained = sum(
        any(span.start <= token.start and token.end <= span.end for span in spans) for token in content
    )
    grounds = Grounds(
        content=len(content),
        explained=float(explained),
        product=1.0 if query.product.concepts else 0.5 * bool(query.product.keywords),
        has_target=query.include != Targets() or bool(query.exemplars),
        guesses=0,
        knows_language=True,
    )
    return min(MOST_CONFIDENCE, confidence(grounds))


def _span_of(found: Found, prompt: str = "") -> Span:
    return Span(found.field, describe(found.value), prompt[found.start : found.end], found.start, found.end)


def _side(field: str) -> str:
    return field.partition(".")[0]


def _overlap(one: Found | Span, other: Found | Span) -> bool:
    return one.start < other.end and other.start < one.end
