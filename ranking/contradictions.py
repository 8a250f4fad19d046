"""What a request asks for and bars at once."""

from collections.abc import Callable, Sequence

from ranking.prompt import parse
from ranking.taxonomy import Taxonomy
from ranking.types import EmployeeRange, Exclusions, Query, Span, Targets

_EXCLUDE = "exclude."
_INCLUDE = "include."


def barred_wishes(
    asked: Targets, barred: Exclusions, taxonomy: Taxonomy
) -> list[tuple[str, tuple[str, ...]]]:
    """Fields with the codes that `asked` wants and `barred` rules out wholly, in byte order; parts are barred with the whole."""
    places = {
        *barred.countries,
        *(country for region in barred.regions for country in taxonomy.region_countries(region)),
    }
    pairs = (
        ("industries", asked.industries, _with_parts(barred.industries, taxonomy.industry_children)),
        ("countries", asked.countries, places),
        ("regions", asked.regions, set(barred.regions)),
        ("roles", asked.roles, _with_parts(barred.roles, taxonomy.role_children)),
        ("seniorities", asked.seniorities, set(barred.seniorities)),
        ("technologies", asked.technologies, set(barred.technologies)),
    )
    return [(name, tuple(sorted(set(wanted) & out))) for name, wanted, out in pairs if set(wanted) & out]


def contradictions(prompt: str, query: Query, taxonomy: Taxonomy) -> tuple[str, ...]:
    """One sentence per thing that is asked for and ruled out, in the prompt or by filters.

    The parser lets an exclusion win over a wish for the same and forgets the wish; what the prompt asks for without the words of
    its exclusions tells it again.
    """
    found = [
        f"{code} ({field}) is asked for and excluded"
        for field, codes in barred_wishes(query.include, query.exclude, taxonomy)
        for code in codes
    ]
    found += [
        f"{_told(each)} (employees) is asked for and excluded"
        for each in query.include.employees
        if _is_within(each, query.exclude.employees)
    ]
    exclusions = [span for span in query.spans if span.field.startswith(_EXCLUDE)]
    if exclusions:
        wished = {(span.field, span.value) for span in parse(_without(prompt, exclusions), taxonomy).spans}
        found += [
            f"{span.value} ({span.field.removeprefix(_EXCLUDE)}) is asked for and excluded"
            for span in exclusions
            if (_INCLUDE + span.field.removeprefix(_EXCLUDE), span.value) in wished
        ]
    return tuple(dict.fromkeys(found))


def _without(prompt: str, spans: Sequence[Span]) -> str:
    """The prompt with the words of `spans` blanked out."""
    kept = list(prompt)
    for span in spans:
        kept[span.start : span.end] = " " * (span.end - span.start)
    return "".join(kept)


def _is_within(wanted: EmployeeRange, barred: Sequence[EmployeeRange]) -> bool:
    """Whether one barred head count leaves nothing of the wanted one."""
    low, high = _bounds(wanted)
    return any(_bounds(each)[0] <= low and high <= _bounds(each)[1] for each in barred)


def _bounds(size: EmployeeRange) -> tuple[float, float]:
    return size.minimum or 0, float("inf") if size.maximum is None else size.maximum


def _told(size: EmployeeRange) -> str:
    return f"{size.minimum or 0}+" if size.maximum is None else f"{size.minimum or 0}-{size.maximum}"


def _with_parts(codes: Sequence[str], parts: Callable[[str], frozenset[str]]) -> set[str]:
    return {part for code in codes for part in parts(code)}
