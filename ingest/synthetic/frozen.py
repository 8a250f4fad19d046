"""The worlds that quality is claimed on: seed and digest of the default world and of the small preset.

Frozen before any ranking was tuned. Precision@25 of the default world over its 56 English prompts: random .019,
newest on-topic .073, most on-topic .109, hand-made reference .408, oracle .771 (`docs/synthetic-world.md`, records
`difficulty-7.json`, `difficulty-11.json` and `difficulty-23.json`).
A change of these digests is a new world: measure its difficulty again, and claim nothing across the two.
"""

DEFAULT_SEED = 7
DEFAULT_SHA256 = "e64abb55e8337732a365e5feb78132a14ad3c976fdc7bcf66e0c494c07dd1821"
SMALL_SHA256 = "ee4153a7ea78303893c406783db1c29b7ae79862f5e02621a34727baf471e3ad"
