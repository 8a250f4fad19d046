"""Prompt -> structured query, by rules; languages are data (F-1)."""

from ranking.prompt.parser import parse

PARSER_VERSION = "4"
"""To be raised when prompts are read otherwise than before, so that parses that were kept are not used again."""

__all__ = ["PARSER_VERSION", "parse"]
