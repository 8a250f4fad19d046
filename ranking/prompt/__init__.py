"""Prompt -> structured query, by rules; languages are data (F-1)."""

from ranking.prompt.parser import parse

__all__ = ["parse"]
