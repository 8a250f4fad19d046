"""What a signature covers, and that nothing else passes for it."""

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from ingest.streams.signing import (
    Signature,
    UnusableKey,
    key_id_of,
    leaf,
    make_key,
    read_key,
    read_public_key,
)
from tests.fixtures.streaming import signer

OURS, THEIRS = signer(7), signer(8)
MESSAGES = [("miner.snippets", b"acme", b'{"text":"%d"}' % number) for number in range(64)]


def signature_of(header: bytes) -> Signature:
    read = Signature.read(header)
    assert read is not None
    return read


@given(st.integers(1, 64))
def test_each_message_signed_together_is_checked_alone(size: int) -> None:
    headers = OURS.sign(MESSAGES[:size])
    assert all(
        signature_of(header).holds(OURS.public_key, *message)
        for header, message in zip(headers, MESSAGES, strict=False)
    )
    assert len({signature_of(header).signature for header in headers}) == 1


@pytest.mark.parametrize(
    "changed",
    [
        ("outcome.events", b"acme", MESSAGES[3][2]),
        ("miner.snippets", b"other", MESSAGES[3][2]),
        ("miner.snippets", None, MESSAGES[3][2]),
        ("miner.snippets", b"acme", b'{"text":"bought"}'),
        ("miner.snippets", b"acme", MESSAGES[4][2]),
        ("miner.snippets", b"acm", b"e" + MESSAGES[3][2]),
    ],
)
def test_topic_key_and_value_are_what_was_signed(changed: tuple[str, bytes | None, bytes]) -> None:
    signature = signature_of(OURS.sign(MESSAGES)[3])
    assert signature.holds(OURS.public_key, *MESSAGES[3])
    assert not signature.holds(OURS.public_key, *changed)


def test_another_key_or_another_place_does_not_hold() -> None:
    signature = signature_of(OURS.sign(MESSAGES)[3])
    assert not signature.holds(THEIRS.public_key, *MESSAGES[3])
    for place in (2, 67, 65535):
        assert not replace(signature, place=place).holds(OURS.public_key, *MESSAGES[3])


def test_a_branch_of_the_tree_passes_for_no_message() -> None:
    signature = signature_of(OURS.sign(MESSAGES[:4])[0])
    branch = leaf(*MESSAGES[0]) + signature.path[0]  # what the root's left child is the hash of
    shorter = replace(signature, path=signature.path[1:])
    assert not shorter.holds(OURS.public_key, "", None, branch)
    assert not shorter.holds(OURS.public_key, *MESSAGES[0])


@pytest.mark.parametrize("length", [0, 1, 82, 84, 83 + 32 * 17])
def test_what_is_no_signature_is_read_as_none(length: int) -> None:
    assert Signature.read(b"\x01" + bytes(max(0, length - 1)) if length else b"") is None


def test_another_version_is_read_as_none() -> None:
    header = OURS.sign(MESSAGES[:1])[0]
    assert Signature.read(header) is not None
    assert Signature.read(b"\x02" + header[1:]) is None


def test_a_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "local.pem"
    made = make_key(path)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert make_key(path).key_id == read_key(path).key_id == made.key_id == key_id_of(made.public_key)


def test_a_key_that_others_can_reach_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "local.pem"
    make_key(path)
    path.chmod(0o640)
    with pytest.raises(UnusableKey, match="chmod 600"):
        read_key(path)


def test_files_that_are_no_such_keys_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    with pytest.raises(UnusableKey, match="cannot read"):
        read_key(path)
    with pytest.raises(UnusableKey, match="cannot read"):
        read_public_key(path)
    path.touch(mode=0o600)
    with pytest.raises(UnusableKey, match="no private key"):
        read_key(path)
    with pytest.raises(UnusableKey, match="no public key"):
        read_public_key(path)
    other = generate_private_key(65537, 2048)
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(UnusableKey, match="no Ed25519 key"):
        read_key(path)
    path.write_bytes(other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(UnusableKey, match="no Ed25519 key"):
        read_public_key(path)
