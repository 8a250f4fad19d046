"""The taxonomy, read once per process."""

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from ranking.taxonomy.model import Taxonomy
from ranking.taxonomy.sources import DATA_FOLDER

if TYPE_CHECKING:
    from ranking.taxonomy.compilation import CompiledTaxonomy


@lru_cache(maxsize=1)
def load_taxonomy() -> Taxonomy:
    """Return the taxonomy that is shipped with the product; later calls return the same object."""
    compiled: CompiledTaxonomy = json.loads((DATA_FOLDER / "compiled.json").read_bytes())
    return Taxonomy(compiled)
