"""Inference and training without Ray: artefacts, embedder, lexical index, booster."""
