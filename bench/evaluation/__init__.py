"""The bench of ranking quality: what is measured, on which truth, and how sure one may be of it (`leads evaluate`)."""

PARTS = (
    "variants",
    "slices",
    "languages",
    "reach",
    "ladder",
    "routes",
    "traits",
    "calibration",
    "halves",
    "real",
)
"""Keys of a record of quality that docs/quality.md shows as tables."""
