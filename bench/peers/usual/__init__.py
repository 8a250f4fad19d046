"""The cascade as the usual libraries make it: one SQL statement per rung, bm25s, sentence-transformers, LightGBM.

Written as a competent engineer writes it in a week, with our parser, fit values and weights, so that the comparison is about the
serving stack and the retrieval libraries. Where it does less than `ranking` does: docs/decisions/0019.
"""
