"""Fixtures for every test."""

pytest_plugins = [
    "tests.fixtures.postgres",
    "tests.fixtures.served_world",
    "tests.fixtures.served_app",
]
