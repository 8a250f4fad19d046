"""Which groups of parts of words stand in a text, and whether a stretch of it may be coded: one pass over its bytes, compiled.

The parts of all groups make one automaton (Aho and Corasick 1975), a table from state and byte to state.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from ranking.kernels.compiled import I8S, U1S, U2S, kernel

CODED: Final = 1 << 62
"""Bit of a text in which a run may be base64 or hexadecimal, or letters stand apart, or digits in place of letters."""
_BYTES: Final = 128


@dataclass(frozen=True, slots=True, eq=False)
class PartScan:
    """An automaton over ASCII; `nexts` uint16[states * 128], `found` int64[states], the bits of the groups that end there."""

    nexts: NDArray[np.uint16]
    found: NDArray[np.int64]

    @classmethod
    def of(cls, groups: Sequence[Sequence[str]]) -> Self:
        """The automaton of at most 62 groups of parts; the first group has bit 0."""
        children: list[dict[int, int]] = [{}]
        bits = [0]
        for number, group in enumerate(groups):
            for part in group:
                state = 0
                for byte in part.encode("ascii"):
                    if byte not in children[state]:
                        children[state][byte] = len(children)
                        children.append({})
                        bits.append(0)
                    state = children[state][byte]
                bits[state] |= 1 << number
        nexts = np.zeros((len(children), _BYTES), dtype=np.uint16)
        waiting = [(0, 0)]
        for state, fallback in waiting:  # breadth first: fallbacks are shorter and done
            if state:
                nexts[state] = nexts[fallback]
                bits[state] |= bits[fallback]
            for byte, child in children[state].items():
                waiting.append((child, int(nexts[fallback, byte]) if state else 0))
                nexts[state, byte] = child
        return cls(nexts.reshape(-1), np.array(bits, dtype=np.int64))

    def groups_in(self, text: str) -> int:
        """The groups that occur in lower-case ASCII, as bits, and `CODED`."""
        return int(_scan(np.frombuffer(text.encode("ascii"), dtype=np.uint8), self.nexts, self.found))


@kernel(U1S, U2S, I8S)
def _scan(text: NDArray[np.uint8], nexts: NDArray[np.uint16], found: NDArray[np.int64]) -> int:
    state = groups = 0
    run = hexadecimal = spelt = 0
    before_letter = before_word = before_digit = alone = False
    coded = False
    for byte in text:
        byte = min(byte, 127)  # noqa: PLW2901
        state = nexts[state * 128 + byte]
        groups |= found[state]
        is_letter = 97 <= byte <= 122
        is_digit = 48 <= byte <= 57
        is_word = is_letter or is_digit or byte == 95
        # 0 1 3 4 5 7 ! $ @
        looks_like = (is_digit and byte not in (50, 54, 56, 57)) or byte in (33, 36, 64)
        coded |= byte == 37 or (looks_like and before_letter) or (is_letter and before_digit)
        run = run + 1 if is_word or byte in (43, 45, 47) else 0
        hexadecimal = hexadecimal + 1 if is_digit or 97 <= byte <= 102 or byte in (32, 58) else 0
        coded |= run >= 24 or hexadecimal >= 24
        spelt += alone and byte == 32
        alone = is_word and not before_word
        before_letter, before_word, before_digit = is_letter, is_word, looks_like
    if coded or spelt >= 8 - 1:
        groups |= 1 << 62
    return groups
