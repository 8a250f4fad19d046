"""Prompts for a language model that judges how much companies need a product, and the reading of its replies. Pure."""
