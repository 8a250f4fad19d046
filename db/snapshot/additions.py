"""What came after a generation was built, in numbered files beside its columns.

<root>/<generation>/later/000001.npz ...   one addition each, never written again
<root>/<generation>/later/LAST             number of the last one that counts; written again as a sign of life

A generation with its first k additions is named `<generation>+<k>`. Rows are numbered on from the columns and the
additions before, so every process that has read the same files has the same numbers.
"""

import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import orjson
from numpy.typing import NDArray

from db.snapshot.catalogue import DisplayColumns
from db.snapshot.columns import CompanyColumns, LeadColumns, SnippetColumns
from db.snapshot.manifest import Origin
from db.snapshot.tables import StringTable
from ranking.errors import ArtifactError
from ranking.types import Generation, IntArray

LATER = "later"
_LAST = "LAST"
_MARK = "+"


@dataclass(frozen=True, slots=True, eq=False)
class NewCompanies:
    """Records that are new or have changed, with their leads; numbered from 0 in `companies` and `leads`."""

    companies: CompanyColumns
    leads: LeadColumns


@dataclass(frozen=True, slots=True, eq=False)
class Addition:
    """One step of changes.

    Attributes:
        number: 1 for the first after the generation was built.
        origin: the state of Postgres that it brings the generation up to.
        read_at: seconds since the epoch, UTC, when that was read. `stored_at`: likewise of its snippets, the first and
            the last time one was stored; NaN without any.
        new: companies and leads, None where none has changed; their rows follow those before.
        gone_companies: int32 company rows that are no more: deleted, or new in another row.
        snippets: new ones, by company and then as in `SnippetColumns`, where `company` is a row of all companies,
            `original` a row of all snippets, and `company_offsets` and `by_key` are empty.
        gone_snippets: int32 snippet rows that are no more.
        touched: int32 company rows whose snippets have changed, ascending.
        display: cards of the new rows.
        technologies: names of technologies that nothing before had, in the order of their numbers.
        lexical: arrays of the lexical index, by name.
    """

    number: int
    origin: Origin
    read_at: float
    stored_at: tuple[float, float]
    new: NewCompanies | None
    gone_companies: IntArray
    snippets: SnippetColumns
    gone_snippets: IntArray
    touched: IntArray
    display: DisplayColumns
    technologies: StringTable
    lexical: Mapping[str, NDArray[Any]]


def named(base: Generation, number: int) -> Generation:
    """The name of a generation with its first `number` additions."""
    return Generation(f"{base}{_MARK}{number}") if number else base


def parted(generation: Generation) -> tuple[Generation, int]:
    """The opposite of `named`."""
    base, _, number = generation.partition(_MARK)
    return Generation(base), int(number or 0)


def last_path(folder: Path) -> Path:
    """The file that says how many additions a generation's folder has."""
    return folder / LATER / _LAST


def last_number(folder: Path) -> int | None:
    """How many additions count; None where nobody has begun to follow this generation."""
    try:
        return int(last_path(folder).read_text())
    except (OSError, ValueError):
        return None


def publish_addition(folder: Path, addition: Addition) -> None:
    """Store an addition and make it count."""
    (folder / LATER).mkdir(exist_ok=True)
    path = _path(folder, addition.number)
    content = BytesIO()
    np.savez(content, allow_pickle=False, **_arrays(addition))
    path.with_suffix(".draft").write_bytes(content.getbuffer())
    path.with_suffix(".draft").replace(path)
    mark_last(folder, addition.number)


def mark_last(folder: Path, number: int) -> None:
    """Say that the first `number` additions count, and that somebody follows this generation now."""
    (folder / LATER).mkdir(exist_ok=True)
    draft = last_path(folder).with_suffix(".draft")
    draft.write_text(f"{number}\n")
    draft.replace(last_path(folder))


def seconds_since_sign(folder: Path, now_s: float) -> float:
    """How long ago somebody last followed this generation; infinite for never."""
    try:
        return now_s - last_path(folder).stat().st_mtime
    except OSError:
        return float("inf")


def read_addition(folder: Path, number: int) -> Addition:
    """One addition.

    Raises:
        ArtifactError: it is missing or damaged: each array has a checksum.
    """
    try:
        with np.load(_path(folder, number), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        told = orjson.loads(arrays.pop("told").tobytes())
        new = None
        if told["companies"]:
            new = NewCompanies(
                _columns(arrays, "companies", CompanyColumns), _columns(arrays, "leads", LeadColumns)
            )
        lexical = {name[8:]: array for name, array in arrays.items() if name.startswith("lexical.")}
        return Addition(
            number=told["number"],
            origin=Origin(**told["origin"]),
            read_at=told["read_at"],
            stored_at=(
                (float("nan"), float("nan")) if told["stored_at"] is None else tuple(told["stored_at"])
            ),
            new=new,
            gone_companies=arrays["gone_companies"],
            snippets=_columns(arrays, "snippets", SnippetColumns),
            gone_snippets=arrays["gone_snippets"],
            touched=arrays["touched"],
            display=_columns(arrays, "display", DisplayColumns),
            technologies=_columns(arrays, "technologies", StringTable),
            lexical=lexical,
        )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as err:
        raise ArtifactError("snapshot", f"addition {number} of {folder.name} cannot be read") from err


def _path(folder: Path, number: int) -> Path:
    return folder / LATER / f"{number:06d}.npz"


def _arrays(addition: Addition) -> dict[str, NDArray[Any]]:
    told = {
        "number": addition.number,
        "origin": asdict(addition.origin),
        "read_at": addition.read_at,
        "stored_at": None if np.isnan(addition.stored_at[0]) else addition.stored_at,
        "companies": addition.new is not None,
    }
    arrays: dict[str, NDArray[Any]] = {
        "told": np.frombuffer(orjson.dumps(told), dtype=np.uint8),
        "gone_companies": addition.gone_companies,
        "gone_snippets": addition.gone_snippets,
        "touched": addition.touched,
    }
    tables: dict[str, object] = {
        "snippets": addition.snippets,
        "display": addition.display,
        "technologies": addition.technologies,
    }
    if addition.new is not None:
        tables |= {"companies": addition.new.companies, "leads": addition.new.leads}
    for name, table in tables.items():
        _flatten(arrays, name, table)
    return arrays | {f"lexical.{name}": array for name, array in addition.lexical.items()}


def _flatten(into: dict[str, NDArray[Any]], name: str, value: object) -> None:
    if isinstance(value, np.ndarray):
        into[name] = value
        return
    for field in fields(value):  # type: ignore[arg-type]  # columns are dataclasses down to the arrays
        if field.init:
            _flatten(into, f"{name}.{field.name}", getattr(value, field.name))


def _columns(arrays: Mapping[str, NDArray[Any]], name: str, kind: Any) -> Any:
    """The columns that `_flatten` took apart."""
    hints = get_type_hints(kind)
    values = {}
    for field in fields(kind):
        if field.init:
            path, hint = f"{name}.{field.name}", hints[field.name]
            nested = isinstance(hint, type) and is_dataclass(hint)
            values[field.name] = _columns(arrays, path, hint) if nested else arrays[path]
    return kind(**values)


def sign(folder: Path) -> None:
    """A sign of life without a change: the file keeps what it says."""
    os.utime(last_path(folder))
