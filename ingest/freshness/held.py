"""What the follower knows of the generation it adds to: rows, names and cards, its own additions included."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from db.snapshot import Catalogue, Snapshot, open_snapshot
from db.snapshot.additions import Addition, last_number, read_addition
from db.snapshot.columns import CompanyColumns
from db.snapshot.display_growth import DisplayGrowth
from db.snapshot.gathering import Interner
from db.snapshot.growth import SnippetGrowth
from db.snapshot.merging import merged
from models.lexical import LexicalIndex
from models.lexical.later import LaterTexts, LaterWriter
from ranking.ragged import places_of
from ranking.taxonomy import Taxonomy
from ranking.types import IntArray


class Held:
    """A generation with its additions, as whoever writes the next one needs it.

    Attributes:
        companies: columns of all company rows. `growth`: of all snippets. `cards`: what is shown of them.
        lexical: makes the next batch of the lexical index.
        technologies, source_types, miners: names by number; new names get the next numbers.
    """

    def __init__(self, root: Path, taxonomy: Taxonomy) -> None:
        """Open what CURRENT names.

        Raises:
            ArtifactError: nothing usable is published, or one of the additions cannot be read.
        """
        self.snapshot = open_snapshot(root, taxonomy_version=taxonomy.version, verify=False)
        self.folder = root / self.snapshot.generation
        self.companies = self.snapshot.companies
        self.growth = SnippetGrowth(self.snapshot.snippets)
        self._display = DisplayGrowth(self.snapshot.catalogue.display)
        self.cards = self.snapshot.catalogue
        self.lexical = LaterWriter(LexicalIndex.open(self.snapshot.lexical), taxonomy)
        self.technologies = Interner(self.snapshot.companies.technology_names.all())
        self.built_technologies = len(self.snapshot.companies.technology_names)
        self.source_types = Interner(self.snapshot.snippets.source_types.all())
        self.miners = Interner(self.snapshot.snippets.miners.all())
        for number in range(1, (last_number(self.folder) or 0) + 1):
            addition = read_addition(self.folder, number)
            self.lexical.follow(LaterTexts.of_arrays(addition.lexical))
            self.technologies.numbers(addition.technologies.all())
            self.source_types.numbers(addition.snippets.source_types.all())
            self.miners.numbers(addition.snippets.miners.all())
            self.take(addition)

    @property
    def built(self) -> Snapshot:
        """The generation without additions."""
        return self.snapshot.built

    @property
    def later_snippets(self) -> int:
        """How many snippet rows the additions have."""
        return len(self.growth) - len(self.built.snippets.kind)

    @property
    def later_companies(self) -> int:
        """How many company rows the additions have."""
        return len(self.companies.active) - len(self.built.companies.active)

    def take(self, addition: Addition) -> None:
        """Hold one more addition; its names and terms are known already."""
        self.snapshot = self.snapshot.extended((addition,))
        self.growth.add(addition.snippets, addition.gone_snippets)
        self._display.add(addition.display)
        self.cards = Catalogue(self._display.columns())
        if addition.new is not None or len(addition.gone_companies):
            self.companies = merged(self.snapshot).companies
        # the columns of additions are in what has grown; only companies are merged anew from all of them
        slim = replace(addition, lexical={}, display=self.built.catalogue.display)
        self.snapshot = replace(self.snapshot, additions=(*self.snapshot.additions[:-1], slim))

    def rows_of(self, ids: list[str]) -> IntArray:
        """int32[len(ids)] company rows, -1 for who is not there."""
        return self.companies.by_id.rows_of(ids, self.companies.ids)

    def mates(self, rows: IntArray) -> IntArray:
        """int32 rows of all records of the businesses that the records at `rows` belong to, ascending."""
        return members_of(self.companies, np.unique(self.companies.cluster[rows]))


def members_of(companies: CompanyColumns, representatives: IntArray) -> IntArray:
    """int32 rows of all records that are represented by these, ascending."""
    members = companies.members
    return np.sort(members.values[places_of(members.offsets, representatives)])
