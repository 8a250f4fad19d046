"""Signatures of producers: one Ed25519 signature covers up to 64 messages, each of which carries its way to what was signed.

The messages are the leaves of a hash tree whose root is signed. So a reader spends a few hashes on most messages (10 us instead of
170 us for a signature of its own), and each message can still be checked alone, in any order and without its neighbours.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

HEADER: Final = "leads-signature"
SIGNED_TOGETHER: Final = 64
_VERSION = b"\x01"
_KEY_ID_BYTES = 16
_SIGNATURE_BYTES = 64
_HASH_BYTES = 32
_FIXED_BYTES = len(_VERSION) + _KEY_ID_BYTES + _SIGNATURE_BYTES + 2
_MOST_STEPS = 16
_PURPOSE = b"leads stream message 1\n"
_LEAF, _NODE, _FILLER = b"\x00", b"\x01", bytes(_HASH_BYTES)
_KNOWN_ROOTS = 4_096


class UnusableKey(ValueError):
    """A key cannot be read, or is no Ed25519 key."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a message's header says: who signed which root, and how the message leads to it.

    Attributes:
        key_id: of the signer's public key, 32 hex digits.
        place: of the message among those signed together.
        path: hashes of the neighbouring branches, from the leaf to the root.
    """

    key_id: str
    signature: bytes
    place: int
    path: tuple[bytes, ...]

    @classmethod
    def read(cls, header: bytes) -> "Signature | None":
        """The signature in a header, None where it is none."""
        steps, rest = divmod(len(header) - _FIXED_BYTES, _HASH_BYTES)
        if not header.startswith(_VERSION) or rest or not 0 <= steps <= _MOST_STEPS:
            return None
        key_end = len(_VERSION) + _KEY_ID_BYTES
        signature_end = key_end + _SIGNATURE_BYTES
        path = tuple(
            header[start : start + _HASH_BYTES] for start in range(_FIXED_BYTES, len(header), _HASH_BYTES)
        )
        place = int.from_bytes(header[signature_end:_FIXED_BYTES], "big")
        return cls(header[len(_VERSION) : key_end].hex(), header[key_end:signature_end], place, path)

    def written(self) -> bytes:
        """The header's value."""
        return b"".join(
            (_VERSION, bytes.fromhex(self.key_id), self.signature, self.place.to_bytes(2, "big"), *self.path)
        )

    def holds(self, public_key: bytes, topic: str, key: bytes | None, value: bytes) -> bool:
        """Whether the owner of `public_key` (32 bytes) signed this very message."""
        if self.place >> len(self.path):
            return False
        found = leaf(topic, key, value)
        place = self.place
        for neighbour in self.path:
            pair = neighbour + found if place & 1 else found + neighbour
            found = hashlib.sha256(_NODE + pair).digest()
            place >>= 1
        return _signed(public_key, found, self.signature)


class Signer:
    """Signs messages with a private key."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private = private_key
        self.public_key = private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key_id = key_id_of(self.public_key)

    def sign(self, messages: Sequence[tuple[str, bytes | None, bytes]]) -> list[bytes]:
        """Headers for (topic, key, value) messages, 1 to 64 of them, in their order."""
        level = [leaf(*message) for message in messages]
        paths: list[list[bytes]] = [[] for _ in messages]
        size = 1
        while len(level) > 1:
            level += [_FILLER] * (len(level) % 2)
            for number, path in enumerate(paths):
                path.append(level[(number // size) ^ 1])
            level = [
                hashlib.sha256(_NODE + level[at] + level[at + 1]).digest() for at in range(0, len(level), 2)
            ]
            size *= 2
        signature = self._private.sign(_PURPOSE + level[0])
        return [
            Signature(self.key_id, signature, number, tuple(path)).written()
            for number, path in enumerate(paths)
        ]


def leaf(topic: str, key: bytes | None, value: bytes) -> bytes:
    """The hash of a message; lengths are part of it, so that nothing can pass from one field to the next."""
    name = topic.encode()
    told = b"-" if key is None else b"%d:%b" % (len(key), key)
    return hashlib.sha256(b"%b%d:%b%b%b" % (_LEAF, len(name), name, told, value)).digest()


def key_id_of(public_key: bytes) -> str:
    """The name of a public key: half of its SHA-256, so that nobody can make a second key of the same name."""
    return hashlib.sha256(public_key).hexdigest()[: 2 * _KEY_ID_BYTES]


@lru_cache(maxsize=_KNOWN_ROOTS)
def _signed(public_key: bytes, root: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _PURPOSE + root)
    except (InvalidSignature, ValueError):
        return False
    return True


def make_key(path: Path) -> Signer:
    """Write a new private key, readable by its owner only, unless the file is there; return its signer.

    Raises:
        UnusableKey: the file is there and holds no such key.
        OSError: it cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read_key(path)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    return Signer(private)


def read_key(path: Path) -> Signer:
    """The signer of a private key in PEM.

    Raises:
        UnusableKey: it is missing, readable by other accounts, or no Ed25519 key.
    """
    try:
        mode = path.stat().st_mode
        loaded = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as err:
        raise UnusableKey(f"cannot read the key {path}: {err.strerror}") from err
    except (ValueError, TypeError, UnsupportedAlgorithm) as err:
        raise UnusableKey(f"{path} holds no private key in PEM without a passphrase") from err
    if mode & 0o077:
        raise UnusableKey(f"other accounts can reach the key {path}: chmod 600 it")
    if not isinstance(loaded, Ed25519PrivateKey):
        raise UnusableKey(f"{path} holds no Ed25519 key")
    return Signer(loaded)


def read_public_key(path: Path) -> bytes:
    """The 32 bytes of a public key in PEM.

    Raises:
        UnusableKey: it is missing, or no Ed25519 public key.
    """
    try:
        loaded = load_pem_public_key(path.read_bytes())
    except OSError as err:
        raise UnusableKey(f"cannot read the key {path}: {err.strerror}") from err
    except (ValueError, UnsupportedAlgorithm) as err:
        raise UnusableKey(f"{path} holds no public key in PEM") from err
    if not isinstance(loaded, Ed25519PublicKey):
        raise UnusableKey(f"{path} holds no Ed25519 key")
    return loaded.public_bytes(Encoding.Raw, PublicFormat.Raw)
