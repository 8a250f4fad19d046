"""Near-duplicates of one company's evidence, found while the records stream by (F-9)."""

from array import array
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from asyncpg import Record

from ranking.duplicates import Text, originals_behind
from ranking.types import IntArray

_Precedence = tuple[bool, bool, float, float, int]
_NO_NAMES: frozenset[int] = frozenset()


class Repeats:
    """Takes records in row order, company by company, and finds what each one repeats.

    Within a company shared texts come before private ones and honest ones before flagged ones, so that spam
    hides nothing; then whoever was seen first, at one moment the one dated first.

    Args:
        before: by company texts that stand elsewhere, and before all of its records, in their order.
    """

    def __init__(self, before: Mapping[int, Sequence[Text]] = MappingProxyType({})) -> None:
        self._before = before
        self._originals = array("i")
        self._company = -1
        self._texts: list[Text] = []
        self._precedence: list[_Precedence] = []
        self._tenants: dict[str | None, int] = {None: 0}

    def add(self, record: Record, names: frozenset[int], *, flagged: bool) -> None:
        """Take the next record, with what it names (`named`); `flagged` includes stuffed texts."""
        if record["company"] != self._company:
            self._settle()
            self._company = record["company"]
        tenant = self._tenants.setdefault(record["tenant_id"], len(self._tenants))
        observed = float("inf") if record["observed"] is None else record["observed"]
        self._precedence.append((tenant > 0, flagged, record["first_seen"], observed, len(self._texts)))
        self._texts.append(Text(record["text"], record["kind"] == "job_posting", tenant, names))

    def originals(self) -> IntArray:
        """int32[records] row of what each record repeats, its own when it repeats none; -1 - k for the k-th text before."""
        self._settle()
        return np.frombuffer(self._originals, dtype=np.int32)

    def _settle(self) -> None:
        """Judge the company that is complete now."""
        first = len(self._originals)
        before = self._before.get(self._company, ())
        order = [precedence[-1] for precedence in sorted(self._precedence)]
        rows = [first] * len(order)
        found = originals_behind(before, [self._texts[index] for index in order])
        for position, earlier in enumerate(found):
            known = earlier < len(before)
            rows[order[position]] = -1 - earlier if known else first + order[earlier - len(before)]
        self._originals.extend(rows)
        self._texts.clear()
        self._precedence.clear()


def named(added: Sequence[int], removed: Sequence[int], roles: int) -> frozenset[int]:
    """What a snippet names beyond its words: technologies by their numbers, roles by the bits of a mask."""
    if not (added or removed or roles):
        return _NO_NAMES
    bits = (bit for bit in range(roles.bit_length()) if roles >> bit & 1)
    return frozenset(
        (*(3 * tech for tech in added), *(3 * tech + 1 for tech in removed), *(3 * bit + 2 for bit in bits))
    )
