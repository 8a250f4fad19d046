"""Which kind of record a file holds, and which of its columns feeds which field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from ingest.importers.rows import UnusableFile

Kind = Literal["companies", "leads", "snippets", "outcomes"]
# Companies first: what the others refer to must be stored before them.
KINDS: tuple[Kind, ...] = get_args(Kind)

FIELDS: Mapping[Kind, tuple[str, ...]] = {
    "companies": (
        "company_id", "name", "domain", "description", "industry", "sub_industry", "tags", "country", "region",
        "city", "employee_count", "founded_year", "stage", "technologies", "former_names", "is_active",
        "attributes",
    ),
    "leads": (
        "lead_id", "company_id", "full_name", "title", "seniority", "department", "email", "country",
        "attributes",
    ),
    "snippets": (
        "snippet_id", "company_id", "domain", "kind", "text", "observed_at", "source_url", "source_type",
        "miner_id", "technologies_added", "technologies_removed", "attributes",
    ),
    "outcomes": (
        "event_id", "query_id", "prompt", "lead_id", "company_id", "event", "occurred_at", "label",
        "position", "attributes",
    ),
}  # fmt: skip
# A file is of a kind when it has one column of each group.
_SIGNATURES: Mapping[Kind, tuple[tuple[str, ...], ...]] = {
    "companies": (("company_id",), ("name",)),
    "leads": (("lead_id",), ("company_id",)),
    "snippets": (("text",), ("company_id", "domain")),
    "outcomes": (("event", "label"), ("query_id", "prompt"), ("lead_id", "company_id")),
}
_NAME_CUES: Mapping[Kind, tuple[str, ...]] = {
    "companies": ("compan", "account"), "leads": ("lead", "contact"), "snippets": ("snippet", "evidence"),
    "outcomes": ("outcome", "label", "event"),
}  # fmt: skip


def guess_kind(path: Path, columns: Sequence[str], mapping: Mapping[str, str]) -> Kind:
    """The kind whose necessary columns the file has; its name decides between several.

    Raises UnusableFile that names the columns found when none or more than one kind is left.
    """
    present = {column for column in columns if column not in mapping.values()} | set(mapping)
    fitting = [kind for kind in KINDS if all(present & set(group) for group in _SIGNATURES[kind])]
    named = [kind for kind in KINDS if any(cue in path.stem.lower() for cue in _NAME_CUES[kind])]
    left = [kind for kind in fitting if kind in named] or fitting
    if len(left) == 1:
        return left[0]
    found = ", ".join(columns) or "none"
    if not left:
        raise UnusableFile(
            str(path),
            f"its columns fit no kind of record (found: {found}); give --kind, and --map FIELD=COLUMN",
        )
    raise UnusableFile(str(path), f"its columns fit {' and '.join(left)} (found: {found}); give --kind")


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Field to column for one file; a dotted column reaches into objects ("location.city").

    Attributes:
        sources: (field, column path) of every field the file can feed.
        ignored: columns that feed no field.
    """

    sources: tuple[tuple[str, tuple[str, ...]], ...]
    ignored: tuple[str, ...]

    def pick(self, values: Mapping[str, object]) -> dict[str, object]:
        """The fields of a raw row; what the row lacks is left out."""
        picked: dict[str, object] = {}
        for field, path in self.sources:
            value: object = values
            for step in path:
                value = value.get(step) if isinstance(value, Mapping) else None
            if value is not None:
                picked[field] = value
        return picked


def column_map(path: Path, kind: Kind, columns: Sequence[str], mapping: Mapping[str, str]) -> ColumnMap:
    """Fields of `kind` by the columns of the same name, `mapping` (field to column) first.

    Raises UnusableFile for a field the kind has not, or a column the file has not.
    """
    unknown = sorted(set(mapping) - set(FIELDS[kind]))
    if unknown:
        raise UnusableFile(
            str(path), f"{kind} have no field {', '.join(unknown)}; fields are {', '.join(FIELDS[kind])}"
        )
    sources: list[tuple[str, tuple[str, ...]]] = []
    for field in FIELDS[kind]:
        if field in mapping:
            sources.append((field, _column_path(path, mapping[field], columns)))
        elif field in columns:
            sources.append((field, (field,)))
    used = {steps[0] for _, steps in sources}
    return ColumnMap(tuple(sources), tuple(column for column in columns if column not in used))


def _column_path(path: Path, column: str, columns: Sequence[str]) -> tuple[str, ...]:
    if column in columns:
        return (column,)
    first, _, rest = column.partition(".")
    if rest and first in columns:
        return (first, *rest.split("."))
    raise UnusableFile(str(path), f"there is no column {column!r}; found {', '.join(columns) or 'none'}")
