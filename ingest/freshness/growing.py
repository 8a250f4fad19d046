"""Companies that only have more evidence than before: what is new is read alone, against the texts that are held (F-8)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from asyncpg import Record

from db.snapshot.repeats import named
from ingest.freshness.held import Held
from ranking.duplicates import Text
from ranking.types import IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Grown:
    """New evidence that stands behind all that its companies have.

    Attributes:
        companies: int32 their rows, ascending.
        records: the new snippets, ascending by company.
        texts: by company what is held of it, in the order of precedence. `rows`: the snippet rows of these texts.
    """

    companies: IntArray
    records: list[Record]
    texts: dict[int, list[Text]]
    rows: dict[int, list[int]]


def grown(held: Held, companies: IntArray, records: Sequence[Record]) -> Grown:
    """Those of `companies`, int32 ascending, that `records`, all that is new of them, only adds to.

    Left out is whoever has a text that counts less than a new one or is as old: the order of a build may be another then.
    """
    columns = held.growth.columns
    rows = held.growth.rows_of(companies)
    last = dict.fromkeys(companies.tolist(), -np.inf)
    for company, row in zip(columns.company[rows].tolist(), rows.tolist(), strict=True):
        counts = not columns.tenant[row] and not columns.flagged[row]
        last[company] = max(last[company], columns.first_seen[row] if counts else np.inf)
    behind = set(last)
    for record in records:
        if record["tenant_id"] is not None or record["first_seen"] <= last[record["company"]]:
            behind.discard(record["company"])
    kept = rows[np.isin(columns.company[rows], np.fromiter(behind, np.int32, len(behind)))]
    texts, places = _held_texts(held, kept)
    return Grown(
        np.array(sorted(behind), dtype=np.int32),
        [record for record in records if record["company"] in behind],
        texts,
        places,
    )


def _held_texts(held: Held, rows: IntArray) -> tuple[dict[int, list[Text]], dict[int, list[int]]]:
    """By company the texts at `rows` as repeats are judged, in the order of precedence, and their rows."""
    columns = held.growth.columns
    texts, places = defaultdict[int, list[Text]](list), defaultdict[int, list[int]](list)
    observed = np.where(np.isnan(columns.observed[rows]), np.inf, columns.observed[rows])
    order = np.lexsort((rows, observed, columns.first_seen[rows], columns.company[rows]))
    ordered = rows[order].tolist()
    roles = columns.roles[ordered].astype("<u8")
    for row, mask, card in zip(ordered, roles, held.cards.snippets(ordered), strict=True):
        added, removed = columns.tech_added.row(row).tolist(), columns.tech_removed.row(row).tolist()
        names = named(added, removed, int.from_bytes(mask.tobytes(), "little"))
        company = int(columns.company[row])
        texts[company].append(Text(card.text, card.kind == "job_posting", 0, names))
        places[company].append(row)
    return texts, places
