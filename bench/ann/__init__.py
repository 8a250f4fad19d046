"""Approximate and exact nearest neighbours under filters, compared at equal recall (F-2b); docs/ann.md is made of its record."""
