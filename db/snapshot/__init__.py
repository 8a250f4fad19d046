"""The serving snapshot: immutable, memory-mapped columns built out of Postgres."""
