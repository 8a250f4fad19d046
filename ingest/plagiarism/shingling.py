"""The shingles of a text, and what is counted of them: the values of `ranking.simhash`, in a third of the time.

Words come from a cache of the pieces between blanks, which texts share; a shingle is a run of bytes of the words joined by blanks.
"""

import re
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple

import numpy as np

from ranking.kernels.compiled import U8S, kernel
from ranking.simhash import SHINGLE_WORDS, HashArray
from ranking.text import words

_BLANKS: Final = re.compile(r"[ \t\n\r\f\v]+")
# 97 % of the pieces of generated texts are found among so many, as among twice as many; some 200 bytes each.
_PIECES_KEPT: Final = 32_768
# Longer pieces are addresses and noise: not worth a place among the words that come again.
_LONGEST_KEPT: Final = 32
# Some more than a batch.
_TEXTS_KEPT: Final = 2_048
_LONGEST_TEXT_KEPT: Final = 12_000


class Shingled(NamedTuple):
    """A text as repeats are looked for: its joined words, its shingles and their fingerprint."""

    joined: bytes
    shingles: HashArray
    simhash: int


def shingled(text: str) -> Shingled:
    """The shingles of a text. Those of the latest texts are kept, as a row takes the fingerprint and its judgement all of them."""
    return _kept(text) if len(text) <= _LONGEST_TEXT_KEPT else _shingled(text)


def _shingled(text: str) -> Shingled:
    joined = joined_words(text)
    shingles = shingles_of(joined)
    return Shingled(joined, shingles, int(majority(shingles)))


_kept = lru_cache(_TEXTS_KEPT)(_shingled)


def joined_words(text: str) -> bytes:
    """The folded words of a text, one blank between two, as UTF-8."""
    pieces = text.split() if text.isascii() else _BLANKS.split(text)
    found = [_short(piece) if len(piece) <= _LONGEST_KEPT else _folded(piece) for piece in pieces]
    return b" ".join([each for each in found if each])


def _folded(piece: str) -> bytes:
    return " ".join(words(piece)).encode("utf-8", "surrogatepass")


_short = lru_cache(_PIECES_KEPT)(_folded)


def shingles_of(joined: bytes) -> HashArray:
    """Hashes of the distinct runs of three words (of single words when there are fewer), uint64, ascending."""
    parts = joined.split(b" ") if joined else []
    if len(parts) >= SHINGLE_WORDS:
        parts = [b"%b %b %b" % run for run in zip(parts, parts[1:], parts[2:], strict=False)]
    digests = b"".join([blake2b(run, digest_size=8).digest() for run in set(parts)])
    return np.sort(np.frombuffer(digests, dtype="<u8")).astype(np.uint64, copy=False)


@kernel(U8S)
def majority(hashes: HashArray) -> np.int64:
    """Charikar's fingerprint: each bit as most of the hashes have it, 0 for none; signed, as a bigint."""
    counts = np.zeros(64, dtype=np.int64)
    for each in hashes:
        for bit in range(64):
            counts[bit] += np.int64((each >> np.uint64(bit)) & np.uint64(1))
    bits = np.uint64(0)
    for bit in range(64):
        if 2 * counts[bit] > len(hashes):
            bits |= np.uint64(1) << np.uint64(bit)
    return np.int64(bits)


@kernel(U8S, U8S)
def shared(left: HashArray, right: HashArray) -> int:
    """How many hashes two ascending arrays of distinct ones have in common."""
    place, other, count = 0, 0, 0
    while place < len(left) and other < len(right):
        if left[place] == right[other]:
            count += 1
            place += 1
            other += 1
        elif left[place] < right[other]:
            place += 1
        else:
            other += 1
    return count
