"""A raw outcome row to the columns of the outcomes table."""

from collections.abc import Mapping
from typing import get_args

from db.submitters.feedback import Event, EventRow
from ingest.importers import fields
from ingest.importers.context import RowContext
from ingest.importers.dates import moment
from ingest.importers.identity import content_hash, event_identity, json_text
from ingest.importers.rows import FieldProblem
from ranking.text import fold

EVENTS: tuple[Event, ...] = get_args(Event)


def outcome_row(picked: Mapping[str, object], context: RowContext) -> EventRow:
    """The canonical row of an import record; raises FieldProblem for a value that cannot be used.

    A label without a date counts as given now; the date is then no part of its identity, so that sending it
    again changes nothing.
    """
    query_id = fields.text("query_id", picked.get("query_id"), fields.MAX_ID_CHARS)
    prompt = fields.text("prompt", picked.get("prompt"), 10_000)
    lead_id = fields.text("lead_id", picked.get("lead_id"), fields.MAX_ID_CHARS)
    company_id = fields.text("company_id", picked.get("company_id"), fields.MAX_ID_CHARS)
    label = fields.whole_number("label", picked.get("label"), 0, 1)
    event = _event(picked.get("event"))
    order = context.date_orders.get("occurred_at")
    occurred_at = moment("occurred_at", picked.get("occurred_at"), context.now, order)
    if query_id is None and prompt is None:
        raise FieldProblem("query_id", "is required, or a prompt")
    if lead_id is None and company_id is None:
        raise FieldProblem("lead_id", "is required, or a company_id")
    if event is None and label is None:
        raise FieldProblem("event", "is required, or a label")
    if occurred_at is None and label is None:
        raise FieldProblem("occurred_at", "is required for an event")
    given = occurred_at.isoformat() if occurred_at else ""
    event_id = fields.text("event_id", picked.get("event_id"), fields.MAX_ID_CHARS) or event_identity(
        query_id or "", prompt or "", lead_id or "", company_id or "", event or "", given
    )
    position = fields.whole_number("position", picked.get("position"), 1, 100_000)
    attributes = json_text(fields.attributes("attributes", picked.get("attributes")))
    told = (event_id, query_id, prompt, lead_id, company_id, event, given, label, position, attributes)
    return EventRow(
        event_id, query_id, prompt, lead_id, company_id, event, occurred_at or context.now, label, position,
        attributes, content_hash(told),
    )  # fmt: skip


def _event(value: object) -> str | None:
    wording = fields.text("event", value, 100)
    if wording is None:
        return None
    event = fold(wording)
    if event not in EVENTS:
        raise FieldProblem("event", f"must be one of {', '.join(EVENTS)}: {wording!r}")
    return event
