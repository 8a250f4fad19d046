"""From a message to the canonical row of what it says, or the fault that keeps it from being one."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from db.submitters.feedback import EventRow
from ingest.importers.canonical import Canonicaliser
from ingest.importers.context import RowContext
from ingest.importers.dates import moment
from ingest.importers.mapping import FIELDS, Kind
from ingest.importers.outcomes import outcome_row
from ingest.importers.rows import FieldProblem
from ingest.importers.snippets import SnippetDraft, snippet_draft
from ingest.streams.producer_keys import ProducerKey
from ingest.streams.provenance import check_miner, sender_of
from ingest.streams.records import Fault, FaultCode, Record, Unusable
from ranking.text import domain_key

SCHEMA_VERSION = 1
IMPORT: Final = "import"
"""Whose snippets a relay sends without saying whose, and who those of a file are that says nothing; no miner may have this id."""
_DATES = ("produced_at", "observed_at", "occurred_at")


class _Message(BaseModel):
    """What every message says of itself; types are taken as they are, fields we do not know are let be."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    produced_at: str
    company_id: str | None = None
    attributes: dict[str, Any] | None = None


class SnippetMessage(_Message):
    """A value of `miner.snippets`, version 1."""

    text: str
    snippet_id: str | None = None
    domain: str | None = None
    kind: str | None = None
    observed_at: str | None = None
    source_url: str | None = None
    source_type: str | None = None
    miner_id: str | None = None
    technologies_added: list[str] | None = None
    technologies_removed: list[str] | None = None

    def routing_key(self) -> str | None:
        """What the key of the message must be: one company's snippets share a partition and keep their order."""
        return (self.company_id or "").strip() or domain_key(self.domain or "") or None


class OutcomeMessage(_Message):
    """A value of `outcome.events`, version 1."""

    event_id: str | None = None
    query_id: str | None = None
    prompt: str | None = None
    lead_id: str | None = None
    event: str | None = None
    occurred_at: str | None = None
    label: int | None = None
    position: int | None = None

    def routing_key(self) -> str | None:
        """What the key of the message must be."""
        return (self.company_id or "").strip() or (self.lead_id or "").strip() or None


Message = SnippetMessage | OutcomeMessage
Row = SnippetDraft | EventRow
_MODELS: Mapping[Kind, type[Message]] = {"snippets": SnippetMessage, "outcomes": OutcomeMessage}
_ROWS: Mapping[Kind, Callable[[Mapping[str, object], RowContext], Row]] = {
    "snippets": snippet_draft, "outcomes": outcome_row,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads messages of both topics; counts wordings that the taxonomy does not know.

    A message is judged by the time it was produced, not by ours: read again after a crash it must give the same row. One
    older than `oldest` is refused, so that what was erased or forgotten cannot be brought back by sending it again.
    """

    canonical: Canonicaliser
    clock: Callable[[], datetime]
    most_bytes: int
    skew: timedelta
    oldest: timedelta
    unmapped: Counter[tuple[str, str]] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def read(self, kind: Kind, record: Record, keys: Mapping[str, ProducerKey]) -> Row:
        """The row of one message that one of `keys` signed.

        Raises:
            Unusable: with the fault.
        """
        size = len(record.value or b"") + len(record.key or b"")
        if size > self.most_bytes:
            raise Unusable(Fault("too_large", "", f"has {size} bytes, more than {self.most_bytes}"))
        sender = sender_of(kind, record, keys)
        values = parsed(record)
        message = _validated(kind, values)
        _check_key(record.key, message.routing_key())
        try:
            produced_at = self._produced_at(message)
            picked = {name: values[name] for name in FIELDS[kind] if values.get(name) is not None}
            row = _ROWS[kind](picked, self._context(produced_at, sender.miner_id or IMPORT))
        except FieldProblem as problem:
            raise Unusable(Fault(_code(problem), problem.field, problem.reason)) from problem
        except orjson.JSONEncodeError as err:
            raise Unusable(Fault("invalid_field", "attributes", f"cannot be written as JSON: {err}")) from err
        if isinstance(row, SnippetDraft):
            check_miner(sender, row.miner_id)
        return row

    def _produced_at(self, message: Message) -> datetime:
        now = self.clock()
        latest = now + self.skew
        found = moment("produced_at", message.produced_at, latest)
        if found is None:
            raise FieldProblem("produced_at", "is required")
        if found == latest:  # a date a little beyond is clamped, which for a clock is as wrong
            raise FieldProblem("produced_at", f"lies in the future: {message.produced_at!r}")
        if found < now - self.oldest:
            said = f"is older than {self.oldest.days} days: {message.produced_at!r}"
            raise Unusable(Fault("stale", "produced_at", said))
        return found

    def _context(self, produced_at: datetime, miner_id: str) -> RowContext:
        return RowContext(produced_at, self.canonical, miner_id, {}, self.unmapped, self.notes)


def parsed(record: Record) -> dict[str, Any]:
    """The object in the value, of the version that we know.

    Raises:
        Unusable: it is no JSON object, holds U+0000, or has another version.
    """
    raw = record.value or b""
    try:
        values = orjson.loads(raw)
    except orjson.JSONDecodeError as err:
        raise Unusable(Fault("not_json", "", f"is no JSON: {err.msg}")) from err
    if not isinstance(values, dict):
        raise Unusable(Fault("not_json", "", "is no JSON object"))
    version = values.get("schema_version")
    if type(version) is not int or version != SCHEMA_VERSION:
        said = repr(version)[:40]
        raise Unusable(Fault("schema_version", "schema_version", f"must be {SCHEMA_VERSION}: {said}"))
    if b"\\u0000" in raw:
        for name, value in values.items():
            if holds_nul(name) or holds_nul(value):
                shown = name.replace("\0", "")[:100]
                raise Unusable(Fault("nul", shown, "contains U+0000, which Postgres cannot store"))
    return values


def holds_nul(value: object) -> bool:
    """Whether any text in `value` has U+0000; without recursion, for a sender chooses how deep it nests."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            if "\0" in each:
                return True
        elif isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            waiting += each
    return False


def _validated(kind: Kind, values: Mapping[str, Any]) -> Message:
    try:
        return _MODELS[kind].model_validate(values)
    except ValidationError as err:
        first = err.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        code: FaultCode = "invalid_field" if first["type"] == "missing" else "wrong_type"
        raise Unusable(Fault(code, where, first["msg"])) from err


def _check_key(key: bytes | None, wanted: str | None) -> None:
    if not key:
        raise Unusable(Fault("missing_key", "", "has no key; it must be company_id, else the domain"))
    if wanted is not None and key != wanted.encode():
        said = key[:80].decode(errors="replace")
        raise Unusable(Fault("wrong_key", "", f"the key must be {wanted[:80]!r}: {said!r}"))


def _code(problem: FieldProblem) -> FaultCode:
    if problem.field not in _DATES:
        return "invalid_field"
    return "future_date" if "future" in problem.reason else "invalid_date"


def encoded(values: Mapping[str, object], produced_at: datetime) -> bytes:
    """The value of a message that carries an import record."""
    told = {
        "schema_version": SCHEMA_VERSION,
        "produced_at": produced_at.astimezone(UTC).isoformat(),
        **values,
    }
    return orjson.dumps(told, default=str)
