"""Near-duplicates of one company's evidence, found while the records stream by (F-9)."""

from array import array

import numpy as np
from asyncpg import Record

from ranking.duplicates import Text, originals
from ranking.simhash import shingle_hashes, simhash
from ranking.types import IntArray

_Precedence = tuple[bool, bool, float, float, int]


class Repeats:
    """Takes records in row order, company by company, and finds what each one repeats.

    Within a company shared texts come before private ones and honest ones before flagged ones, so that spam
    hides nothing; then whoever was seen first, at one moment the one dated first.
    """

    def __init__(self) -> None:
        self._originals = array("i")
        self._company = -1
        self._texts: list[Text] = []
        self._precedence: list[_Precedence] = []
        self._tenants: dict[str | None, int] = {None: 0}

    def add(self, record: Record, *, flagged: bool) -> None:
        """Take the next record; `flagged` includes stuffed texts."""
        if record["company"] != self._company:
            self._settle()
            self._company = record["company"]
        tenant = self._tenants.setdefault(record["tenant_id"], len(self._tenants))
        observed = float("inf") if record["observed"] is None else record["observed"]
        self._precedence.append((tenant > 0, flagged, record["first_seen"], observed, len(self._texts)))
        self._texts.append(_text(record, tenant))

    def originals(self) -> IntArray:
        """int32[records] row of what each record repeats, its own when it repeats none."""
        self._settle()
        return np.frombuffer(self._originals, dtype=np.int32)

    def _settle(self) -> None:
        """Judge the company that is complete now."""
        first = len(self._originals)
        order = [precedence[-1] for precedence in sorted(self._precedence)]
        rows = [first] * len(order)
        for position, earlier in enumerate(originals([self._texts[index] for index in order])):
            rows[order[position]] = first + order[earlier]
        self._originals.extend(rows)
        self._texts.clear()
        self._precedence.clear()


def _text(record: Record, tenant: int) -> Text:
    names = (
        *(f"added {code}" for code in record["technologies_added"]),
        *(f"removed {code}" for code in record["technologies_removed"]),
        *(f"role {code}" for code in record["role_codes"]),
    )
    fingerprint = record["simhash"]
    return Text(
        text=record["text"],
        is_posting=record["kind"] == "job_posting",
        owner=tenant,
        simhash=simhash(shingle_hashes(record["text"])) if fingerprint is None else fingerprint,
        names=frozenset(names),
    )
