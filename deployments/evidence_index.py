"""What the bm25 leaf holds of a generation: postings and evidence tables, and how additions change them."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from db.snapshot import Snapshot
from db.snapshot.growth import SnippetGrowth, live_rows
from db.snapshot.merging import company_count
from models.lexical import LexicalIndex
from models.lexical.later import LaterTexts
from models.lexical.later_index import LaterIndex
from ranking.evidence_renewal import Renewal
from ranking.evidence_tables import EvidenceTables
from ranking.taxonomy import load_taxonomy
from ranking.types import IntArray


@dataclass(frozen=True, slots=True, eq=False)
class EvidenceIndex:
    """Postings and tables of a generation with its first `additions`; `growth` is shared with those that follow."""

    index: LexicalIndex | LaterIndex
    tables: EvidenceTables
    growth: SnippetGrowth
    additions: int = 0

    @classmethod
    def of(cls, snapshot: Snapshot) -> "EvidenceIndex":
        """Open a generation without additions."""
        index, tables = open_evidence(snapshot)
        return cls(index, tables, SnippetGrowth(snapshot.snippets))

    def followed(self, snapshot: Snapshot) -> "EvidenceIndex":
        """The same with the further additions of `snapshot`; all at once, however many there are."""
        more, growth = snapshot.additions[self.additions :], self.growth
        index = LaterIndex(self.index) if isinstance(self.index, LexicalIndex) else self.index
        for addition in more:
            growth.add(addition.snippets, addition.gone_snippets)
            index = index.extended(LaterTexts.of_arrays(addition.lexical), growth.later_gone)
        touched = _distinct([addition.touched for addition in more])
        gone = _distinct([addition.gone_snippets for addition in more])
        columns = growth.columns
        renewal = Renewal(columns, touched, growth.rows_of(touched), gone, company_count(snapshot))
        sells = [addition.new.companies.sells for addition in more if addition.new is not None]
        tables = self.tables.renewed(renewal, partial(live_rows, columns, growth.gone), sells)
        return EvidenceIndex(index, tables, growth, len(snapshot.additions))


def open_evidence(snapshot: Snapshot) -> tuple[LexicalIndex, EvidenceTables]:
    """The lexical index of a snapshot and the tables that evidence scoring derives from its columns."""
    taxonomy = load_taxonomy()
    index = LexicalIndex.open(snapshot.lexical)
    return index, EvidenceTables(snapshot.snippets, snapshot.companies.sells, taxonomy)


def _distinct(rows: list[IntArray]) -> IntArray:
    return np.unique(np.concatenate([np.zeros(0, dtype=np.int32), *rows])).astype(np.int32)
