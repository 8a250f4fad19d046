"""A message as the broker hands it over, and why one cannot be used."""

from dataclasses import dataclass
from typing import Literal

FaultCode = Literal[
    "too_large", "missing_key", "wrong_key", "not_json", "schema_version", "wrong_type", "nul", "invalid_date",
    "future_date", "stale", "unsigned", "unknown_key", "bad_signature", "revoked_key", "not_allowed", "wrong_miner",
    "invalid_field", "unknown_company", "unknown_lead", "taken", "refused", "unexpected",
]  # fmt: skip
Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One message; topic, partition and offset are its origin."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a message is set aside: a code to count by, the field at fault ("" for the whole), a sentence."""

    code: FaultCode
    field: str
    reason: str


class Unusable(ValueError):
    """The message cannot be used; carries the fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault
