"""The `leads` command."""
