"""Fixtures for every test, and how a test is interrupted."""

import signal

pytest_plugins = ["tests.fixtures.postgres", "tests.fixtures.object_store"]


def pytest_runtest_setup() -> None:
    """Let Ctrl-C raise as by default, by a handler that is not the default one.

    In the default's place `asyncio.Runner` puts one of its own, and looking at that one, Python 3.11 writes out the task that it
    holds with all that the task has returned, twice a run (`signal._int_to_enum`): 0.1 s and more for a pool of candidates.
    """
    signal.signal(signal.SIGINT, _interrupt)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
