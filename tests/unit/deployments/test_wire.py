"""Calls between processes of one machine: real sockets, callers that give up, doors that close, leaves that die."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.wire.door import Door
from deployments.wire.frames import MOST_BODY_BYTES, FrameProtocol, Kind, packed
from deployments.wire.lines import Line, Lines
from deployments.wire.places import door_path, meeting_place, secure
from ranking.errors import ArtifactError, DependencyError, Overloaded
from tests.fixtures.processes import child


class Leaf:
    """Methods of a leaf: `echo` answers, `hold` when it is let go."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.let_go = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def echo(self, items: Sequence[Any], remaining_ms: Sequence[float]) -> list[Any]:
        return [*zip(items, remaining_ms, strict=True)]

    async def hold(self, items: Sequence[Any], _remaining_ms: Sequence[float]) -> list[Any]:
        self.begun.set()
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return list(items)

    async def fail(self, _items: Sequence[Any], _remaining_ms: Sequence[float]) -> list[Any]:
        raise ValueError("secret")

    async def strange(self, _items: Sequence[Any], _remaining_ms: Sequence[float]) -> list[Any]:
        return [lambda: None]

    def methods(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("echo", "hold", "fail", "strange")}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, as a socket's path must be."""
    with tempfile.TemporaryDirectory(prefix="w") as root:
        yield meeting_place("cluster", "leads", Path(root))


def doors(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@asynccontextmanager
async def met(folder: Path, leaf: Leaf, node: str = "bm25") -> AsyncIterator[tuple[Door, Lines]]:
    door, lines = Door(folder, node, leaf.methods()), Lines(folder, poll_s=60.0)
    await door.stay_open()
    async with lines.followed():
        yield door, lines
    await door.close(farewell_s=1.0)


def line_of(lines: Lines, node: str = "bm25", below: int = 8) -> Line:
    line = lines.least_busy(node, below)
    assert line is not None
    return line


async def test_a_call_is_answered_as_it_was_made(folder: Path) -> None:
    table = np.arange(400_000, dtype=np.float32).reshape(1000, 400)  # larger than a socket takes at once
    async with met(folder, Leaf()) as (_, lines):
        ((back, left_ms), (text, _)) = await line_of(lines).call("echo", [table, "ü"], [50.0, 60.0])
    assert np.array_equal(back, table)
    assert (text, left_ms) == ("ü", 50.0)


async def test_calls_overlap_and_each_gets_its_own_answer(folder: Path) -> None:
    leaf = Leaf()
    async with met(folder, leaf) as (_, lines):
        line = line_of(lines)
        held = asyncio.create_task(line.call("hold", ["slow"], [1.0]))
        await leaf.begun.wait()
        answers = await asyncio.gather(*(line.call("echo", [n], [float(n)]) for n in range(20)))
        assert answers == [[(n, float(n))] for n in range(20)]
        assert (line.in_flight, held.done()) == (1, False)
        leaf.let_go.set()
        assert await held == ["slow"]


@pytest.mark.parametrize(
    ("method", "reason"),
    [("fail", "ValueError"), ("__init__", "KeyError"), ("strange", "PicklingError|AttributeError")],
)
async def test_a_failing_call_tells_what_failed_and_no_more(folder: Path, method: str, reason: str) -> None:
    async with met(folder, Leaf()) as (_, lines):
        with pytest.raises(DependencyError, match=reason) as raised:
            await line_of(lines).call(method, [1], [50.0])
        assert "secret" not in str(raised.value)
        assert await line_of(lines).call("echo", [1], [2.0]) == [(1, 2.0)]


async def test_our_own_errors_travel_as_outcomes(folder: Path) -> None:
    async with met(folder, Leaf()) as (_, lines):
        ((error, _),) = await line_of(lines).call("echo", [Overloaded("bm25")], [1.0])
    assert isinstance(error, Overloaded)


async def test_a_caller_that_gives_up_ends_the_work_and_counts_until_the_leaf_knows(folder: Path) -> None:
    leaf = Leaf()
    async with met(folder, leaf) as (_, lines):
        line = line_of(lines)
        call = asyncio.create_task(line.call("hold", [1], [1.0]))
        await leaf.begun.wait()
        call.cancel()
        with suppress(asyncio.CancelledError):
            await call
        assert line.in_flight == 1
        await leaf.cancelled.wait()
        assert await line.call("echo", [1], [2.0]) == [(1, 2.0)]
        assert line.in_flight == 0


async def test_a_closing_door_answers_what_it_was_asked_and_is_asked_no_more(folder: Path) -> None:
    leaf = Leaf()
    async with met(folder, leaf) as (door, lines):
        call = asyncio.create_task(line_of(lines).call("hold", [1], [1.0]))
        await leaf.begun.wait()
        closing = asyncio.create_task(door.close())
        await asyncio.sleep(0.05)
        await lines.look()
        assert lines.least_busy("bm25", 8) is None
        assert not closing.done()
        leaf.let_go.set()
        assert await call == [1]
        await closing
    with pytest.raises(FileNotFoundError):
        doors(folder)


async def test_who_does_not_hang_up_is_not_waited_for_for_ever(folder: Path) -> None:
    leaf = Leaf()
    async with met(folder, leaf) as (door, lines):
        call = asyncio.create_task(line_of(lines).call("hold", [1], [1.0]))
        await leaf.begun.wait()
        await door.close(farewell_s=0.05)
        with pytest.raises(ConnectionError):
            await call


async def test_the_least_busy_replica_is_called_and_none_beyond_its_bound(folder: Path) -> None:
    first, second = Leaf(), Leaf()
    async with met(folder, first) as (_, lines):
        other = Door(folder, "bm25", second.methods())
        await other.stay_open()
        await lines.look()
        calls = []
        for leaf in range(2):
            calls.append(asyncio.create_task(line_of(lines, below=1).call("hold", [leaf], [1.0])))
            await asyncio.sleep(0)
        await asyncio.gather(first.begun.wait(), second.begun.wait())
        assert lines.least_busy("bm25", 1) is None
        assert lines.least_busy("bm25", 2) is not None
        assert lines.least_busy("gbdt", 2) is None
        first.let_go.set()
        second.let_go.set()
        await asyncio.gather(*calls)
        await other.close()


_REPLICA = """
import asyncio, sys
from pathlib import Path
from deployments.wire.door import Door

async def hang(items, remaining_ms):
    print("called", flush=True)
    await asyncio.Event().wait()

async def main():
    await Door(Path(sys.argv[1]), "bm25", {"hang": hang}).stay_open()
    print("open", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_killed_replica_fails_its_calls_and_its_socket_is_swept_away(folder: Path) -> None:
    lines = Lines(folder, poll_s=60.0)
    with child(_REPLICA, str(folder)) as replica:
        assert await asyncio.to_thread(replica.readline) == "open\n"
        async with lines.followed():
            call = asyncio.create_task(line_of(lines).call("hang", [1], [1.0]))
            assert await asyncio.to_thread(replica.readline) == "called\n"
            os.kill(replica.pid, signal.SIGKILL)
            with pytest.raises(ConnectionError):
                await call
            assert lines.least_busy("bm25", 8) is None
            await asyncio.to_thread(replica.wait)  # while it dies its socket may still take callers in
            assert len(doors(folder)) == 1
            await lines.look()
            assert doors(folder) == []


async def test_a_door_whose_socket_was_swept_away_opens_anew(folder: Path) -> None:
    async with met(folder, Leaf()) as (door, lines):
        assert await line_of(lines).call("echo", [1], [2.0]) == [(1, 2.0)]
        for path in doors(folder):
            os.unlink(path)
        await door.stay_open()
        late = Lines(folder)
        async with late.followed():
            assert await line_of(late).call("echo", [1], [2.0]) == [(1, 2.0)]


def test_only_ours_alone_will_do(folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    with pytest.raises(ArtifactError, match="only this user"):
        asyncio.run(Door(folder, "bm25", {}).stay_open())
    folder.rmdir()
    with tempfile.TemporaryDirectory() as elsewhere:
        folder.symlink_to(elsewhere)
        with pytest.raises(ArtifactError, match="only this user"):
            secure(folder)


async def test_what_is_no_frame_ends_the_connection_and_nobody_elses(folder: Path) -> None:
    async with met(folder, Leaf()) as (_, lines):
        (path,) = doors(folder)
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await reader.read() == b""
        writer.close()
        assert await line_of(lines).call("echo", [1], [2.0]) == [(1, 2.0)]


def test_a_path_that_is_too_long_is_an_os_error_and_no_silence(folder: Path) -> None:
    far = folder.parent / ("x" * 100)
    with pytest.raises(OSError, match="too long"):
        asyncio.run(Door(far, "bm25", {}).stay_open())


def test_applications_and_clusters_do_not_meet() -> None:
    places = {meeting_place(cluster, name) for cluster in ("a:1", "a:2") for name in ("leads", "other")}
    assert len(places) == 4
    assert all(len(str(door_path(each, "retrieval", "0" * 8))) < 100 for each in places)


class _Heard(FrameProtocol):
    def __init__(self) -> None:
        super().__init__()
        self.frames: list[tuple[Kind, int, bytes]] = []

    def frame(self, kind: Kind, number: int, body: bytes) -> None:
        self.frames.append((kind, number, body))


@given(
    st.lists(st.tuples(st.sampled_from(Kind), st.integers(0, 2**32 - 1), st.binary(max_size=50)), max_size=8),
    st.lists(st.integers(1, 30), min_size=1),
)
def test_frames_are_found_however_the_bytes_arrive(
    frames: list[tuple[Kind, int, bytes]], cuts: list[int]
) -> None:
    sent, heard, at = b"".join(packed(*each) for each in frames), _Heard(), 0
    for turn in range(len(sent)):
        if at >= len(sent):
            break
        step = cuts[turn % len(cuts)]
        heard.data_received(sent[at : at + step])
        at += step
    assert heard.frames == frames


def test_a_body_has_a_largest_size() -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return MOST_BODY_BYTES + 1

    with pytest.raises(ValueError, match="too large"):
        packed(Kind.CALL, 1, Huge())
