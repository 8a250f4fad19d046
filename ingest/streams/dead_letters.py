"""Messages that could not be used: kept as they came, with the reason and the origin in their headers."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

from ingest.streams.records import Fault, FaultCode, Headers, Record

_MARK = "dlq-"
_HEADER_BYTES = 16 << 10


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message set aside.

    Attributes:
        original: the message with its origin; its value is cut when it was too large to keep.
        fault: why.
        value_bytes: how long the value was.
        failed_at: when it was first set aside.
    """

    original: Record
    fault: Fault
    value_bytes: int
    failed_at: datetime

    @property
    def whole(self) -> bool:
        """Whether the value is all there, so that it can be sent again."""
        return self.value_bytes == len(self.original.value or b"")

    @property
    def origin(self) -> tuple[str, int, int]:
        """Topic, partition and offset of the original: one dead letter for each, however often it was written."""
        return self.original.topic, self.original.partition, self.original.offset


def set_aside(record: Record, fault: Fault, most_bytes: int, keep_bytes: int, now: datetime) -> DeadLetter:
    """The dead letter of a record; of a value beyond `most_bytes` only the first `keep_bytes` are kept."""
    value = record.value or b""
    kept = value if len(value) + len(record.key or b"") <= most_bytes else value[:keep_bytes]
    headers = record.headers if _size(record.headers) <= _HEADER_BYTES else ()
    key = record.key[:keep_bytes] if record.key is not None else None
    original = Record(record.topic, record.partition, record.offset, record.timestamp_ms, key, kept, headers)
    return DeadLetter(original, fault, len(value), now)


def _size(headers: Headers) -> int:
    return sum(len(name) + len(value or b"") for name, value in headers)


def headers_of(letter: DeadLetter) -> list[tuple[str, bytes]]:
    """The headers under which a dead letter travels, after the message's own."""
    record, fault = letter.original, letter.fault
    told = {
        "code": fault.code, "field": fault.field, "reason": fault.reason, "topic": record.topic,
        "partition": str(record.partition), "offset": str(record.offset),
        "timestamp-ms": str(record.timestamp_ms), "value-bytes": str(letter.value_bytes),
        "failed-at": letter.failed_at.astimezone(UTC).isoformat(),
    }  # fmt: skip
    own = [(name, value) for name, value in record.headers if not name.startswith(_MARK)]
    return [*own, *((_MARK + name, said.encode(errors="replace")) for name, said in told.items())]


def read_letter(carried: Record) -> DeadLetter | None:
    """The dead letter in a record of a dead-letter topic, None when it is none of ours."""
    marked = {name[len(_MARK) :]: value for name, value in carried.headers if name.startswith(_MARK)}
    said = {name: (value or b"").decode(errors="replace") for name, value in marked.items()}
    try:
        code = next(each for each in get_args(FaultCode) if each == said["code"])
        headers = tuple(header for header in carried.headers if not header[0].startswith(_MARK))
        original = Record(
            said["topic"], int(said["partition"]), int(said["offset"]), int(said["timestamp-ms"]),
            carried.key, carried.value, headers,
        )  # fmt: skip
        failed_at = datetime.fromisoformat(said["failed-at"])
        fault = Fault(code, said["field"], said["reason"])
        return DeadLetter(original, fault, int(said["value-bytes"]), failed_at)
    except (KeyError, ValueError, StopIteration):
        return None
