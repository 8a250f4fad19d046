"""Events as columns: one row per snippet to be written."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.synthetic.spec import UNDATED

NEED_CLASSES = ("hire", "churn", "funding", "exec", "compliance", "expansion", "growth", "pain", "search")
CLASSES = (
    *NEED_CLASSES,
    "vendor_page", "vendor_social", "vendor_job", "vendor_launch", "vendor_news", "mention", "mention_job",
    "resolved_tech", "resolved_news", "zero", "spam", "bg_job", "bg_news", "bg_launch", "bg_social", "bg_review",
    "bg_tech", "bg_funding", "bg_web",
)  # fmt: skip
TRAPS = (
    "none", "vendor_talk", "zero_positions", "inactive_company", "stale", "resolved", "near_duplicate", "padded_spam",
    "date_stripped", "future_date", "keyword_mention", "undated", "invented_need",
)  # fmt: skip
PRODUCTLESS = -1

IntArray = NDArray[np.int64]


def class_of(name: str) -> int:
    """The index of a class of texts."""
    return CLASSES.index(name)


def trap_of(name: str) -> int:
    """The index of a kind of trap."""
    return TRAPS.index(name)


@dataclass(frozen=True, slots=True)
class Events:
    """Columns of m events.

    `company` is the row the evidence is filed under, `product` an index or -1, `kind` an index into CLASSES,
    `day` relative to as_of or
    UNDATED, `written` the day on which the text was written (it differs where a date was stripped or moved), `trap` an index into
    TRAPS, `honest` false for bad suppliers, `copy_of` the row of the event whose text is reposted or -1,
    `dice` decides the wording.
    """

    company: IntArray
    product: IntArray
    kind: IntArray
    day: IntArray
    written: IntArray
    trap: IntArray
    honest: NDArray[np.bool_]
    copy_of: IntArray
    dice: IntArray

    def __len__(self) -> int:
        return len(self.company)

    def take(self, rows: IntArray) -> "Events":
        """The events of these rows, in this order; `copy_of` is kept as it is."""
        return Events(
            self.company[rows], self.product[rows], self.kind[rows], self.day[rows], self.written[rows],
            self.trap[rows], self.honest[rows], self.copy_of[rows], self.dice[rows],
        )  # fmt: skip


def make_events(
    rng: np.random.Generator,
    company: IntArray,
    product: IntArray | int,
    kind: IntArray | int,
    day: IntArray,
    trap: IntArray | int = 0,
    *,
    honest: bool = True,
) -> Events:
    """Events whose text was written on the day they are dated; wording is drawn here."""
    m = len(company)

    def column(value: IntArray | int) -> IntArray:
        return np.broadcast_to(np.asarray(value, dtype=np.int64), m).copy()

    return Events(
        company.astype(np.int64), column(product), column(kind), day.astype(np.int64), day.astype(np.int64),
        column(trap), np.full(m, honest), np.full(m, -1, dtype=np.int64), rng.integers(0, 2**31, m),
    )  # fmt: skip


def join(parts: Iterable[Events]) -> Events:
    """All events, in order; `copy_of` must not yet be used in the parts."""
    rows = list(parts)
    return Events(
        *(
            np.concatenate([getattr(part, name) for part in rows])
            for name in ("company", "product", "kind", "day", "written", "trap", "honest", "copy_of", "dice")
        )
    )


def stripped(events: Events) -> IntArray:
    """int64[m] of UNDATED, as long as the events."""
    return np.full(len(events), UNDATED, dtype=np.int64)
