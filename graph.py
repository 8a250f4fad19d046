"""The online composition root."""
