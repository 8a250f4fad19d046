"""What an intake has let go of goes back to the system."""

import subprocess
import sys
from pathlib import Path

import pytest

from commands import intake
from configs.streams import StreamSettings
from ingest.streams.connecting import Connection
from ranking.errors import Unavailable

# Two arrays that grow by a quarter by copying, as those of the index of near-duplicates do, and a little that stays behind each step.
# Without the setting 13 MiB more are held than the two arrays have.
_GROWING = """
from commands.allocation import return_large_blocks

def resident():
    with open("/proc/self/statm") as told:
        return int(told.read().split()[1]) * 4096

assert return_large_blocks()
before, size, kept = resident(), 1 << 20, []
large, small = b"x" * (4 * size), b"y" * size
while size < 8 << 20:
    size = size * 5 // 4
    large = b"x" * (4 * size)
    small = b"y" * size
    kept.append(bytes([len(kept)]) * 3_000)
print(resident() - before - len(large) - len(small))
"""
_MOST_BYTES = 3 << 20


def test_arrays_that_grow_by_copying_leave_no_holes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _GROWING], cwd=Path(__file__).parents[3], capture_output=True, check=True
    )
    assert int(done.stdout) < _MOST_BYTES


async def test_an_intake_begins_with_that(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(intake, "return_large_blocks", lambda: asked.append(True))
    nowhere = Connection("127.0.0.1:1", StreamSettings())
    with pytest.raises(Unavailable):
        await intake.take_in(
            "postgresql://127.0.0.1:1/nowhere", nowhere, None, until_empty=True, announce=lambda: None
        )
    assert asked == [True]
