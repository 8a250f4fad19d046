"""Texts that say again what another snippet said, found as they arrive, before anything is spent on them (F-9)."""
