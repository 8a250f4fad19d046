"""Evidence records of Postgres as columns."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from asyncpg import Record

from db.snapshot.building import Lists, id_index, string_table
from db.snapshot.catalogue import pack
from db.snapshot.columns import SnippetColumns, snippet_key
from db.snapshot.gathering import Codes, Interner, RoleMasks, StringFile
from db.snapshot.layout import save_columns
from db.snapshot.repeats import Repeats, named
from ranking.cards import SnippetCard
from ranking.duplicates import Text
from ranking.judgement import Judgement, judge
from ranking.settling import Settlements
from ranking.taxonomy import Taxonomy
from ranking.types import SNIPPET_KINDS, BoolArray

_FLAGS = ("duplicate", "flagged", "stuffed", "no_need", "vendor_talk", "not_a_posting")


class Reading(NamedTuple):
    """What a snippet's wording tells: its judgement, whose `choices` are not read any more, and the concepts it settles."""

    judged: Judgement
    settles: Iterable[int]


def snippet_card(record: Record) -> SnippetCard:
    """What is shown of a record."""
    return SnippetCard(
        snippet_id=record["snippet_id"],
        kind=record["kind"] if record["kind"] in SNIPPET_KINDS else "other",
        text=record["text"],
        source_url=record["source_url"] or None,
        observed_s=record["observed"],
        miner_id=record["miner_id"],
    )


class SnippetRows:
    """Takes records in row order and writes the snippet columns and cards; use as a context manager.

    Technologies are numbered by the companies' interner, which must be saved afterwards. Of companies in `before` only
    the records behind these texts are taken; `original` is -1 - k for what repeats the k-th of them.
    """

    def __init__(
        self,
        folder: Path,
        taxonomy: Taxonomy,
        tenants: Sequence[str],
        technologies: Interner,
        source_types: Interner | None = None,
        miners: Interner | None = None,
        before: Mapping[int, Sequence[Text]] = MappingProxyType({}),
    ) -> None:
        self._folder = folder
        self._technologies = technologies
        self._keys: list[str] = []
        self._company, self._miner = array("i"), array("i")
        self._observed, self._first_seen = array("d"), array("d")
        self._tenant, self._tenants = array("H"), Codes(("", *tenants), 0)
        self._kind, self._kinds = array("B"), Codes(SNIPPET_KINDS, SNIPPET_KINDS.index("other"))
        self._source_type, self._source_types = array("H"), source_types or Interner([""])
        self._miners = miners or Interner()
        self._roles = RoleMasks(taxonomy.ROLES)
        self._added, self._removed = Lists(), Lists()
        self._settlements, self._settles = Settlements(taxonomy), Lists()
        self._repeats = Repeats(before)
        self._flags = {name: array("B") for name in _FLAGS}
        self._cards = StringFile(folder, "display.snippets")

    def __enter__(self) -> "SnippetRows":
        self._cards.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._cards.__exit__()

    def __len__(self) -> int:
        return len(self._keys)

    def extend(self, records: Sequence[Record], read: Mapping[int, Reading] = MappingProxyType({})) -> None:
        """Take the next records; `read` tells of some, by place among them, what is known of their wording already."""
        for place, record in enumerate(records):
            self._add(record, read.get(place))
        self._cards.extend([pack(snippet_card(record)) for record in records])

    def _add(self, record: Record, reading: Reading | None) -> None:
        self._keys.append(snippet_key(record["miner_id"], record["snippet_id"]))
        self._company.append(record["company"])
        self._tenant.append(self._tenants.number(record["tenant_id"]))
        self._kind.append(self._kinds.number(record["kind"]))
        self._observed.append(float("nan") if record["observed"] is None else record["observed"])
        self._first_seen.append(record["first_seen"])
        self._source_type.append(self._source_types.number(record["source_type"]))
        self._miner.append(self._miners.number(record["miner_id"]))
        roles = self._roles.add(record["role_codes"])
        added = self._technologies.numbers(record["technologies_added"])
        removed = self._technologies.numbers(record["technologies_removed"])
        self._added.add(added)
        self._removed.add(removed)
        judged, settles = reading or self._read(record)
        flagged = record["is_flagged"] or judged.stuffed
        self._repeats.add(record, named(added, removed, roles), flagged=flagged)
        self._settles.add(settles)
        self._flags["duplicate"].append(record["is_duplicate"])
        self._flags["flagged"].append(flagged)
        self._flags["stuffed"].append(judged.stuffed)
        self._flags["no_need"].append(judged.no_need)
        self._flags["vendor_talk"].append(judged.vendor_talk)
        self._flags["not_a_posting"].append(judged.not_a_posting)

    def _read(self, record: Record) -> Reading:
        kind = record["kind"]
        judged = judge(record["text"], kind)
        return Reading(judged, self._settlements.of(kind, judged.choices, record["technologies_added"]))

    def save(self, companies: int) -> None:
        """Write the columns for a snapshot of `companies` rows."""
        company = np.frombuffer(self._company, dtype=np.int32)
        original = self._repeats.originals()
        columns = SnippetColumns(
            keys=string_table(self._keys),
            by_key=id_index(self._keys),
            company=company,
            company_offsets=np.searchsorted(company, np.arange(companies + 1)).astype(np.int64),
            tenant=np.frombuffer(self._tenant, dtype=np.uint16),
            kind=np.frombuffer(self._kind, dtype=np.uint8),
            observed=np.frombuffer(self._observed, dtype=np.float64),
            first_seen=np.frombuffer(self._first_seen, dtype=np.float64),
            source_type=np.frombuffer(self._source_type, dtype=np.uint16),
            source_types=string_table(self._source_types.names()),
            miner=np.frombuffer(self._miner, dtype=np.int32),
            miners=string_table(self._miners.names()),
            roles=self._roles.masks(),
            tech_added=self._added.csr(),
            tech_removed=self._removed.csr(),
            original=original,
            duplicate=self._flag("duplicate") | (original != np.arange(len(original))),
            flagged=self._flag("flagged"),
            stuffed=self._flag("stuffed"),
            no_need=self._flag("no_need"),
            settles=self._settles.csr(),
            vendor_talk=self._flag("vendor_talk"),
            not_a_posting=self._flag("not_a_posting"),
        )
        save_columns(self._folder, "snippets", columns)

    def _flag(self, name: str) -> BoolArray:
        return np.frombuffer(self._flags[name], dtype=np.uint8).astype(np.bool_)
