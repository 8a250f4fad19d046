"""Offline scoring of prompts, in parts that are written whole or not at all; `batch.py` spreads the parts over Ray Data's actors."""
