"""Postgres, Redis and the serving snapshot: the record and its read-only copy for the hot path."""
