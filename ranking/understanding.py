"""Whether anything of a prompt was understood, so that its list is more than anybody in any order."""

from typing import Final

from ranking.answer import RankedList
from ranking.types import Query, Targets

_NO_TARGETS: Final = Targets()


def is_understood(query: Query, ranked: RankedList) -> bool:
    """True where a known product, a target or an exemplar is named, or evidence of some lead has the prompt's words."""
    if query.product.concepts or query.exemplars or query.include != _NO_TARGETS:
        return True
    return any(lead["signals"] for lead in ranked.leads)
