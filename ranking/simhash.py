"""Near-duplicate texts: 64-bit simhash over word shingles, confirmed by shingle containment (F-3, F-9)."""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from ranking.text import words

HashArray = NDArray[np.uint64]

SHINGLE_WORDS = 3
NEAR_BITS = 3
MIN_CONTAINMENT = 0.5


def shingle_hashes(text: str, size: int = SHINGLE_WORDS) -> HashArray:
    """Hashes of the distinct runs of `size` folded words (of single words when there are fewer), ascending."""
    return shingles_of_words(words(text), size)


def shingles_of_words(tokens: list[str], size: int = SHINGLE_WORDS) -> HashArray:
    """The same for words already folded."""
    width = size if len(tokens) >= size else 1
    runs = {" ".join(tokens[start : start + width]) for start in range(len(tokens) - width + 1)}
    joined = b"".join([blake2b(run.encode(), digest_size=8).digest() for run in runs])
    return np.sort(np.frombuffer(joined, dtype="<u8").astype(np.uint64))


def simhash(hashes: HashArray) -> int:
    """Charikar's 64-bit fingerprint of shingle hashes as a signed integer (a bigint); 0 for none."""
    if hashes.size == 0:
        return 0
    bits = np.unpackbits(hashes.astype("<u8").view(np.uint8).reshape(-1, 8), axis=1)
    majority = 2 * bits.sum(axis=0, dtype=np.int64) > hashes.size
    return int(np.packbits(majority).view("<i8")[0])


def distance(left: int, right: int) -> int:
    """Differing bits of two fingerprints, 0 to 64."""
    return ((left ^ right) & 0xFFFF_FFFF_FFFF_FFFF).bit_count()


def containment(left: HashArray, right: HashArray) -> float:
    """Share of the smaller set's shingles that the other holds too, in [0, 1]; 0 when either is empty."""
    smaller = min(left.size, right.size)
    if smaller == 0:
        return 0.0
    return float(np.intersect1d(left, right, assume_unique=True).size / smaller)
