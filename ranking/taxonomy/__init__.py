"""What the product knows about industries, places, tools, roles and product concepts, in seven languages (F-1)."""

from ranking.taxonomy.entries import COMMON_WORD, DEMONYM, LANGUAGES, PLAIN, Concept, Entry, Kind, Match
from ranking.taxonomy.loading import load_taxonomy
from ranking.taxonomy.model import Taxonomy
from ranking.taxonomy.sizes import BUCKETS, NAMED_SIZES, employee_bucket
from ranking.taxonomy.surfaces import SurfaceIndex

__all__ = [
    "BUCKETS",
    "COMMON_WORD",
    "DEMONYM",
    "LANGUAGES",
    "NAMED_SIZES",
    "PLAIN",
    "Concept",
    "Entry",
    "Kind",
    "Match",
    "SurfaceIndex",
    "Taxonomy",
    "employee_bucket",
    "load_taxonomy",
]
