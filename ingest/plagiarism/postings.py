"""A hash table from keys to the texts that hold them: open addressing in one flat array, compiled.

An entry is one uint64: the 40 high bits of the spread key, then the text's number + 1 in 24 bits; 0 is a free slot. A key's home slot is
its high bits scaled to the table, so that entries move into a larger table without their keys.
"""

from typing import Final

import numpy as np
from numba import types
from numpy.typing import NDArray

from ranking.kernels.compiled import F8, I8, I8S, INTO_I4S, U8S, inlined, kernel
from ranking.types import FloatArray, IntArray

Table = NDArray[np.uint64]
KeyArray = NDArray[np.uint64]
LongArray = NDArray[np.int64]

MOST_TEXTS: Final = 2**24 - 2
# About another company so many shingles must be shared; a text with fewer is everybody's.
LEAST_ELSEWHERE: Final = 24
_INTO_U8S, _INTO_I8S, _INTO_F8S = types.uint64[::1], types.int64[::1], types.float64[::1]
# Fibonacci hashing: keys of a sketch are the smallest hashes of a text, so their high bits are alike.
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)
_TEXT_BITS: Final = np.uint64(24)
_TEXT_MASK: Final = np.uint64(2**24 - 1)
_HALF: Final = np.uint64(32)


@inlined
def _home(entry: np.uint64, slots: int) -> int:
    return int(np.int64(((entry >> _HALF) * np.uint64(slots)) >> _HALF))


@inlined
def _enter(table: Table, key: np.uint64, text: int, most: int) -> int:
    """Enter one text under one key; 1 when it took a slot, 0 when `most` hold the key already."""
    slots = len(table)
    tag = (key * _SPREAD) >> _TEXT_BITS
    slot = _home(tag << _TEXT_BITS, slots)
    held = 0
    while table[slot] != 0:
        held += table[slot] >> _TEXT_BITS == tag
        if held >= most:
            return 0
        slot = slot + 1 if slot + 1 < slots else 0
    table[slot] = (tag << _TEXT_BITS) | np.uint64(text + 1)
    return 1


@inlined
def _holders(table: Table, key: np.uint64, found: IntArray, count: int) -> int:
    """Write the texts that hold a key to `found` from `count` on; where they end."""
    slots = len(table)
    tag = (key * _SPREAD) >> _TEXT_BITS
    slot = _home(tag << _TEXT_BITS, slots)
    while table[slot] != 0 and count < len(found):
        if table[slot] >> _TEXT_BITS == tag:
            found[count] = np.int32(table[slot] & _TEXT_MASK) - 1
            count += 1
        slot = slot + 1 if slot + 1 < slots else 0
    return count


@inlined
def _differing(left: int, right: int) -> np.int64:
    bits = np.uint64(left) ^ np.uint64(right)
    bits -= (bits >> np.uint64(1)) & np.uint64(0x5555555555555555)
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((bits * np.uint64(0x0101010101010101)) >> np.uint64(56))


@kernel(_INTO_U8S, U8S, I8S, I8S, I8S, I8, I8)
def enter_texts(
    table: Table,
    keys: KeyArray,
    counts: LongArray,
    wordings: LongArray,
    refs: LongArray,
    first: int,
    most: int,
) -> int:
    """Enter texts `first`, `first` + 1, ... under their keys, wordings and references; how many slots that took.

    Args:
        table: uint64[slots], with room for all of them.
        keys: uint64[n * width]; of each text the first `counts` of its row count.
        counts: int64[n].
        wordings: int64[n].
        refs: int64[n].
        first: number of the first text.
        most: a key that so many texts hold takes no more.
    """
    width = len(keys) // max(1, len(counts))
    taken = 0
    for place in range(len(counts)):
        text = first + place
        for each in range(counts[place]):
            taken += _enter(table, keys[place * width + each], text, most)
        taken += _enter(table, np.uint64(wordings[place]), text, most)
        taken += _enter(table, np.uint64(refs[place]), text, most)
    return taken


@kernel(U8S, _INTO_U8S)
def move(old: Table, new: Table) -> None:
    """Enter all that `old` holds into `new`, which is empty and larger."""
    slots = len(new)
    for entry in old:
        if entry != 0:
            slot = _home(entry, slots)
            while new[slot] != 0:
                slot = slot + 1 if slot + 1 < slots else 0
            new[slot] = entry


@kernel(U8S, I8S, I8S, _INTO_I8S, INTO_I4S)
def forget_texts(table: Table, wanted: LongArray, refs: LongArray, sizes: LongArray, found: IntArray) -> int:
    """Set the size of the texts with the references `wanted` to -1; how many were known."""
    known = 0
    for ref in wanted:
        count = _holders(table, np.uint64(ref), found, 0)
        for place in range(count):
            text = found[place]
            if refs[text] == ref and sizes[text] >= 0:
                sizes[text] = -1
                known += 1
    return known


@inlined
def _keep(ref: int, score: float, best: LongArray, scores: FloatArray, kept: int) -> int:
    """Insert by score, then by reference, as far as there is room; how many are kept."""
    place = kept
    while place > 0 and (scores[place - 1] < score or (scores[place - 1] == score and best[place - 1] > ref)):
        place -= 1
    if place == len(best):
        return kept
    kept = min(kept + 1, len(best))
    for other in range(kept - 1, place, -1):
        best[other], scores[other] = best[other - 1], scores[other - 1]
    best[place], scores[place] = ref, score
    return kept


@kernel(U8S, U8S, I8, I8, I8, I8, I8S, I8S, I8S, I8S, I8S, I8, I8, I8, F8, INTO_I4S, _INTO_I8S, _INTO_F8S)
def look_up(
    table: Table,
    shingles: KeyArray,
    ref: int,
    wording: int,
    print_: int,
    company: int,
    refs: LongArray,
    wordings: LongArray,
    sizes: LongArray,
    prints: LongArray,
    companies: LongArray,
    width: int,
    most: int,
    far_bits: int,
    containment: float,
    found: IntArray,
    best: LongArray,
    scores: FloatArray,
) -> int:
    """Write the references of the texts that a new one may repeat, likeliest first, to `best`; how many there are.

    Args:
        table: uint64[slots].
        shingles: uint64[k] of the new text.
        ref, wording, print_, company: of the new text.
        refs, wordings, sizes, prints, companies: int64[texts]; a size counts shingles, -1 what is forgotten.
        width: keys that a text is entered under at most.
        most: keys that so many texts hold name nobody.
        far_bits: texts farther apart come only when they seem to hold most of each other.
        containment: least share of the smaller text that counts.
        found: int32[m], room to work in; what does not fit is left out.
        best: int64[b], written, at most so many; scores: float64[b], written: the share met of what is expected.
    """
    count = _holders(table, np.uint64(wording), found, 0)
    kept = 0
    for place in range(count):
        text = found[place]
        if wordings[text] == wording and sizes[text] >= 0 and refs[text] != ref:
            kept = _keep(refs[text], np.inf, best, scores, kept)
    count = 0
    for key in shingles:
        end = _holders(table, key, found, count)
        count = end if end - count < most else count
    met = np.sort(found[:count])
    place = 0
    while place < count:
        text = met[place]
        start = place
        while place < count and met[place] == text:
            place += 1
        size = sizes[text]
        if size < 0 or refs[text] == ref or wordings[text] == wording or place - start < 2:
            continue
        smaller = min(size, len(shingles))
        expected = containment * min(size, width) * smaller / size
        share = (place - start) / expected
        if share < 0.5 or (share < 1.0 and _differing(prints[text], print_) > far_bits):
            continue
        if smaller >= LEAST_ELSEWHERE or companies[text] == company:
            kept = _keep(refs[text], share, best, scores, kept)
    return kept
