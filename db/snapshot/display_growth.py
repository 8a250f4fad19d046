"""Cards that additions bring, read together with a generation's."""

from dataclasses import fields

import numpy as np

from db.snapshot.catalogue import DisplayColumns
from db.snapshot.joined import JoinedStrings
from db.snapshot.tables import StringTable
from ranking.growing import Growing


class DisplayGrowth:
    """The display store of a generation and of its additions so far; one thread adds, what `columns` gave stays valid."""

    def __init__(self, built: DisplayColumns) -> None:
        self._built = built
        self._later = {field.name: _Strings() for field in fields(DisplayColumns)}

    def add(self, more: DisplayColumns) -> None:
        """Append the cards of one addition."""
        for name, strings in self._later.items():
            strings.add(getattr(more, name))

    def columns(self) -> DisplayColumns:
        """All cards until now."""
        joined = {}
        for name, strings in self._later.items():
            built: StringTable = getattr(self._built, name)
            joined[name] = JoinedStrings(built.offsets, built.blob, strings.table()) if strings else built
        return DisplayColumns(**joined)


class _Strings:
    """A growing `StringTable`."""

    def __init__(self) -> None:
        self._offsets = Growing(np.zeros(1, dtype=np.int64))
        self._blob = Growing(np.zeros(0, dtype=np.uint8))

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def add(self, more: StringTable) -> None:
        self._offsets.append(more.offsets[1:] + len(self._blob))
        self._blob.append(more.blob)

    def table(self) -> StringTable:
        return StringTable(self._offsets.view(), self._blob.view())
