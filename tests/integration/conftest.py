"""Fixtures over a small imported world; here and not for every test, as they import the whole product."""

from tests.fixtures.served_app import served
from tests.fixtures.served_world import served_world, training_rows

__all__ = ["served", "served_world", "training_rows"]
