"""A parse that a caller has corrected and sent back, checked before it is used (F-1)."""

from collections.abc import Sequence
from dataclasses import fields, replace

from ranking.code_reader import CodeReader
from ranking.errors import FieldError, InvalidQuery
from ranking.taxonomy import Taxonomy
from ranking.types import EmployeeRange, Exclusions, Product, Query, Targets

_AT = "/parsed"
_MOST_VALUES = 200
_MOST_CHARACTERS = 200
_MOST_LEADS = 2000


def checked(parsed: Query, taxonomy: Taxonomy) -> Query:
    """The parse with every word as its code.

    An unknown code is refused rather than left out: an exclusion that nobody applies would return whom the caller barred.

    Raises:
        InvalidQuery: a value names nothing, or is out of its bounds; each fault has its JSON pointer.
    """
    faults = _too_much(parsed) or _out_of_bounds(parsed)
    if faults:
        raise InvalidQuery("The corrected parse cannot be used.", tuple(faults))
    reader = CodeReader(taxonomy)
    query = replace(
        parsed,
        product=_product(parsed.product, reader),
        include=_targets(parsed.include, reader),
        exclude=_exclusions(parsed.exclude, reader),
        exemplars=reader.names(f"{_AT}/exemplars", parsed.exemplars),
    )
    if reader.faults:
        raise InvalidQuery("The corrected parse cannot be used.", tuple(reader.faults))
    return query


def _product(product: Product, reader: CodeReader) -> Product:
    at = f"{_AT}/product"
    return replace(
        product,
        concepts=reader.concepts(f"{at}/concepts", product.concepts),
        keywords=reader.keywords(f"{at}/keywords", product.keywords),
    )


def _targets(include: Targets, reader: CodeReader) -> Targets:
    at = f"{_AT}/include"
    return Targets(
        industries=reader.industries(f"{at}/industries", include.industries),
        employees=include.employees,
        countries=reader.countries(f"{at}/countries", include.countries),
        regions=reader.regions(f"{at}/regions", include.regions),
        cities=reader.cities(f"{at}/cities", include.cities),
        roles=reader.roles(f"{at}/roles", include.roles),
        seniorities=reader.seniorities(f"{at}/seniorities", include.seniorities),
        technologies=reader.technologies(f"{at}/technologies", include.technologies),
        stages=reader.stages(f"{at}/stages", include.stages),
    )


def _exclusions(exclude: Exclusions, reader: CodeReader) -> Exclusions:
    at = f"{_AT}/exclude"
    return Exclusions(
        industries=reader.industries(f"{at}/industries", exclude.industries),
        employees=exclude.employees,
        countries=reader.countries(f"{at}/countries", exclude.countries),
        regions=reader.regions(f"{at}/regions", exclude.regions),
        cities=reader.cities(f"{at}/cities", exclude.cities),
        roles=reader.roles(f"{at}/roles", exclude.roles),
        seniorities=reader.seniorities(f"{at}/seniorities", exclude.seniorities),
        technologies=reader.technologies(f"{at}/technologies", exclude.technologies),
        stages=reader.stages(f"{at}/stages", exclude.stages),
        companies=reader.names(f"{at}/companies", exclude.companies),
        keywords=reader.keywords(f"{at}/keywords", exclude.keywords),
    )


def _too_much(parsed: Query) -> list[FieldError]:
    """Lists and words longer than any request needs."""
    parts: tuple[tuple[str, object], ...] = (
        (f"{_AT}/product", parsed.product), (f"{_AT}/include", parsed.include), (f"{_AT}/exclude", parsed.exclude),
        (_AT, parsed),
    )  # fmt: skip
    faults = []
    for at, part in parts:
        for each in fields(part):  # type: ignore[arg-type]
            value = getattr(part, each.name)
            if isinstance(value, str):
                faults += _too_long(f"{at}/{each.name}", [value])
            elif isinstance(value, tuple):
                faults += _too_long(f"{at}/{each.name}", value)
    return faults


def _too_long(at: str, values: Sequence[object]) -> list[FieldError]:
    if len(values) > _MOST_VALUES:
        return [FieldError(at, f"has more than {_MOST_VALUES} values")]
    return [
        FieldError(at, f"has a value of more than {_MOST_CHARACTERS} characters")
        for value in values
        if isinstance(value, str) and len(value) > _MOST_CHARACTERS
    ]


def _out_of_bounds(parsed: Query) -> list[FieldError]:
    faults = []
    if parsed.limit is not None and not 1 <= parsed.limit <= _MOST_LEADS:
        faults.append(FieldError(f"{_AT}/limit", f"is not in 1 to {_MOST_LEADS}"))
    if not 0.0 <= parsed.confidence <= 1.0:
        faults.append(FieldError(f"{_AT}/confidence", "is not in 0 to 1"))
    for name, ranges in (("include", parsed.include.employees), ("exclude", parsed.exclude.employees)):
        faults += [
            FieldError(f"{_AT}/{name}/employees/{number}", "is not a range of head counts")
            for number, each in enumerate(ranges)
            if not _is_range(each)
        ]
    return faults


def _is_range(employees: EmployeeRange) -> bool:
    low, high = employees.minimum, employees.maximum
    if low is None and high is None:
        return False
    return (low or 0) >= 0 and (high is None or high >= max(low or 0, 1)) and (low or 0) <= 10_000_000
