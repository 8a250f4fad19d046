"""Who sent a message: its signature checked against the registered keys, before anything in it is believed."""

from collections.abc import Iterable, Mapping

from ingest.importers.mapping import Kind
from ingest.streams.producer_keys import ProducerKey, Role
from ingest.streams.records import Fault, Record, Unusable
from ingest.streams.signing import HEADER, Signature

_MAY_SEND: Mapping[Kind, frozenset[Role]] = {
    "snippets": frozenset[Role](("miner", "relay")), "outcomes": frozenset[Role](("relay", "outcomes")),
}  # fmt: skip


def key_ids(records: Iterable[Record]) -> frozenset[str]:
    """The keys by which records say that they are signed."""
    found = (_signature(record) for record in records)
    return frozenset(each.key_id for each in found if each is not None)


def sender_of(kind: Kind, record: Record, keys: Mapping[str, ProducerKey]) -> ProducerKey:
    """The key that signed a record, and may send such records.

    Raises:
        Unusable: it is unsigned, signed by nobody we know or by a revoked key, was changed since, or is not the signer's to send.
    """
    signature = _signature(record)
    if signature is None:
        raise Unusable(Fault("unsigned", "", f"carries no signature in its header {HEADER}"))
    key = keys.get(signature.key_id)
    if key is None:
        raise Unusable(Fault("unknown_key", "", f"is signed by a key that nobody registered: {signature.key_id}"))  # fmt: skip
    if not signature.holds(key.public_key, record.topic, record.key, record.value or b""):
        raise Unusable(Fault("bad_signature", "", f"is not what the key {key.key_id} signed"))
    if key.revoked_at is not None:
        raise Unusable(Fault("revoked_key", "", f"is signed by a revoked key: {key.key_id}"))
    if key.role not in _MAY_SEND[kind]:
        raise Unusable(Fault("not_allowed", "", f"a key of role {key.role} may not send {kind}"))
    return key


def check_miner(key: ProducerKey, miner_id: str) -> None:
    """Raise Unusable where a miner speaks in another's name."""
    if key.role == "miner" and miner_id != key.miner_id:
        said = f"the signer is {key.miner_id!r}, not {miner_id[:80]!r}"
        raise Unusable(Fault("wrong_miner", "miner_id", said))


def _signature(record: Record) -> Signature | None:
    """The one signature of a record; several are none, for which of them would count?"""
    found = [value for name, value in record.headers if name == HEADER]
    return Signature.read(found[0] or b"") if len(found) == 1 else None
