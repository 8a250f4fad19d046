"""Suppliers of evidence: which of their texts do not count, what they are worth to customers, and what they earn (F-8, F-9)."""
