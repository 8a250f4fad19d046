"""What is known already of the wording of snippets that are read again beside a company's new ones."""

from collections.abc import Sequence

import numpy as np
from asyncpg import Record

from db.snapshot.catalogue import pack
from db.snapshot.snippet_rows import Reading, snippet_card
from ingest.freshness.held import Held
from ranking.judgement import Judgement


def known_readings(held: Held, records: Sequence[Record]) -> dict[int, Reading]:
    """The readings of records that are held as they are, by place among `records`, which ascend by company."""
    companies = np.array([record["company"] for record in records], dtype=np.int32)
    rows, columns = held.growth.rows_of(np.unique(companies)), held.growth.columns
    cards = held.cards.display.snippets.take_raw(rows.tolist())
    row_of = {bytes(card): row for card, row in zip(cards, rows.tolist(), strict=True)}
    readings = {}
    for place, record in enumerate(records):
        row = row_of.get(pack(snippet_card(record)))
        if row is None or columns.company[row] != record["company"]:
            continue
        added = held.technologies.numbers(record["technologies_added"])
        if sorted(set(added)) != columns.tech_added.row(row).tolist():
            continue
        judged = Judgement(
            vendor_talk=bool(columns.vendor_talk[row]),
            not_a_posting=bool(columns.not_a_posting[row]),
            no_need=bool(columns.no_need[row]),
            stuffed=bool(columns.stuffed[row]),
            choices=(),
        )
        readings[place] = Reading(judged, columns.settles.row(row).tolist())
    return readings
