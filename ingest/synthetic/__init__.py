"""A synthetic B2B world with known truth: who needs what, what leaks of it, and who buys.

`generate(spec, out)` writes the files; `docs/synthetic-world.md` tells the causal story.
"""

from ingest.synthetic.spec import DEFAULT_SPEC, SMALL_SPEC, Difficulty, WorldManifest, WorldSpec
from ingest.synthetic.world import generate

__all__ = ["DEFAULT_SPEC", "SMALL_SPEC", "Difficulty", "WorldManifest", "WorldSpec", "generate"]
