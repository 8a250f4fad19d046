"""What a surface form can mean, and what the taxonomy knows about a product concept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

Kind = Literal[
    "industry", "country", "region", "city", "technology", "stage", "seniority", "role", "concept", "size"
]
LANGUAGES: Final = ("en", "de", "fr", "es", "pt", "it", "nl")

PLAIN: Final = 1.0
DEMONYM: Final = 0.7
COMMON_WORD: Final = 0.3


class Entry(NamedTuple):
    """One meaning of a surface form.

    `lang` is ISO 639-1, "" for a name that is the same everywhere. `weight` is 1.0 for a plain naming, 0.7 for a demonym ("German") and
    0.3 for a form that is an ordinary word too ("go", "front", "us"): take the latter only with a capital letter or other support.
    """

    kind: Kind
    code: str
    lang: str
    weight: float


class Match(NamedTuple):
    """Tokens [start, end) that form a known surface, with all its meanings."""

    start: int
    end: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Concept:
    """A product category as sellers and buyers write about it.

    Attributes:
        code: lower_snake slug.
        name: English display name.
        surfaces: language -> folded phrases (words joined by one space), inflected forms included, ordinary words left out.
        strong: folded phrases of any language that alone name the product.
        need: folded phrases that show the need in a buyer's text ("hiring plan", "payroll errors").
        roles: role code -> relevance in [0, 1] of a company that hires it (F-6).
        technologies: technology code -> relevance in [0, 1] of a company that has, adds or drops it; 1.0 for the concept's own tools (F-6).
        industries: industry codes of the vendors.
        parent: code of a broader concept, None at the top.
    """

    code: str
    name: str
    surfaces: Mapping[str, tuple[str, ...]]
    strong: frozenset[str]
    need: tuple[str, ...]
    roles: Mapping[str, float]
    technologies: Mapping[str, float]
    industries: tuple[str, ...]
    parent: str | None
