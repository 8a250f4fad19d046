"""The generator against real servers that misbehave: every request is accounted for, none waits for another."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from bench.arrivals import Load, Outcome, due_times, offer
from bench.generator import Generator

Behaviour = Callable[[int, asyncio.StreamWriter], Awaitable[bool]]
ANSWER = json.dumps({
    "leads": [], "metadata": {"returned": 0, "degradations": [], "routes": {"bm25": 2}, "cost": {"total_usd": 0.0, "llm_ratio": 0.0}},
}).encode()  # fmt: skip


def response(body: bytes = ANSWER, status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


@asynccontextmanager
async def server(behave: Behaviour) -> AsyncIterator[str]:
    """Calls `behave(number, writer)` for every request; it says whether the connection stays."""
    numbers = iter(range(1_000_000))
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
                )
                await reader.readexactly(int(length.split(b":")[1]))
                if not await behave(next(numbers), writer):
                    break
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def sent(behave: Behaviour, count: int = 20, rate_qps: float = 400.0, **options: float) -> Outcome:
    async with server(behave) as url:
        load = Load(url, ['{"query":"x"}'] * count, due_times(count, rate_qps, 1), **options)
        return await Generator(load).run()


def accounted(outcome: Outcome) -> bool:
    return outcome.completed + sum(outcome.errors.values()) == outcome.offered == len(outcome.latencies_ms)


async def good(_number: int, writer: asyncio.StreamWriter) -> bool:
    writer.write(response())
    return True


async def test_answers_are_counted_timed_and_sampled():
    outcome = await sent(good, count=60, sample_every=20)
    assert (outcome.completed, outcome.errors) == (60, {})
    assert all(ms > 0.0 for ms in outcome.latencies_ms)
    assert outcome.samples["checked"] == 3
    assert outcome.samples["routes"] == {"bm25": 6}
    assert outcome.cpu_s > 0.0


async def test_late_answers_do_not_slow_the_arrivals():
    release, arrived = asyncio.Event(), []

    async def stalls(number: int, writer: asyncio.StreamWriter) -> bool:
        arrived.append(asyncio.get_running_loop().time())
        if number + 1 == 60:
            release.set()  # only when all have arrived is any answered: a closed loop would hang here
        await release.wait()
        writer.write(response())
        return True

    outcome = await sent(stalls, count=60, connections=2, timeout_s=20.0)
    assert outcome.completed == 60
    assert arrived[-1] - arrived[0] == pytest.approx(due_times(60, 400.0, 1)[-1], abs=0.5)
    assert min(outcome.latencies_ms) <= outcome.latencies_ms[0] == max(outcome.latencies_ms)


async def test_a_server_that_never_answers_is_timed_out_by_each_request_s_own_clock():
    async def silent(_number: int, _writer: asyncio.StreamWriter) -> bool:
        await asyncio.Event().wait()
        return True

    outcome = await sent(silent, timeout_s=0.2)
    assert outcome.errors == {"timeout": 20}
    assert accounted(outcome)
    assert all(200.0 <= ms < 2_000.0 for ms in outcome.latencies_ms)


async def test_connections_closed_without_an_answer_or_in_the_middle_of_one_are_errors():
    async def closes(number: int, writer: asyncio.StreamWriter) -> bool:
        if number % 2:
            writer.write(response()[:-10])
            await writer.drain()
        return False

    outcome = await sent(closes)
    assert outcome.errors == {"closed": 20}
    assert accounted(outcome)


async def test_a_request_that_met_a_kept_connection_being_closed_is_sent_once_more():
    used: set[asyncio.StreamWriter] = set()
    dropped: list[int] = []

    async def once(number: int, writer: asyncio.StreamWriter) -> bool:
        if writer in used:
            dropped.append(number)
            return False
        used.add(writer)
        return await good(number, writer)

    outcome = await sent(once, rate_qps=50.0, connections=1)
    assert (outcome.completed, outcome.errors) == (20, {})
    assert outcome.resent == len(dropped) > 0


async def test_what_was_begun_to_be_answered_is_not_sent_again():
    used: set[asyncio.StreamWriter] = set()

    async def halves(number: int, writer: asyncio.StreamWriter) -> bool:
        if writer in used:
            writer.write(response()[:-10])
            await writer.drain()
            return False
        used.add(writer)
        return await good(number, writer)

    outcome = await sent(halves, rate_qps=50.0, connections=1)
    assert outcome.errors == {"closed": 20 - len(used)}
    assert outcome.resent == 0
    assert accounted(outcome)


async def test_garbage_is_an_error_of_its_own():
    async def babbles(_number: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"SMTP ready\r\n\r\n")
        await writer.drain()
        return True

    outcome = await sent(babbles)
    assert outcome.errors == {"garbled": 20}
    assert accounted(outcome)


async def test_an_answer_that_ends_the_connection_is_followed_by_another_connection():
    async def once(_number: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(response(headers="Connection: close\r\n"))
        await writer.drain()
        return True

    assert (await sent(once, connections=1)).completed == 20


async def test_refusals_are_counted_by_code_and_whether_they_say_when_to_come_back():
    async def refuses(number: int, writer: asyncio.StreamWriter) -> bool:
        polite = "Retry-After: 1\r\n" if number % 2 else ""
        writer.write(response(b"{}", "503 Service Unavailable", polite))
        return True

    outcome = await sent(refuses)
    assert outcome.errors == {"503": 20}
    assert outcome.without_retry_after == 10
    assert outcome.examples["503"] == ['{"query":"x"}', "{}"]
    assert len(outcome.refused_ms()) == 20


async def test_a_stage_skipped_for_lack_of_time_marks_the_answer_but_a_missing_key_does_not():
    async def degrades(number: int, writer: asyncio.StreamWriter) -> bool:
        reason = b"deadline" if number % 4 == 0 else b"no_key"
        marked = b'"degradations":[{"stage":"gbdt","reason":"' + reason + b'"}]'
        writer.write(response(ANSWER.replace(b" ", b"").replace(b'"degradations":[]', marked)))
        return True

    outcome = await sent(degrades)
    assert outcome.completed == 20
    assert len(outcome.degraded) == 5


async def test_an_answer_in_pieces_is_put_together():
    async def pieces(_number: int, writer: asyncio.StreamWriter) -> bool:
        whole = response()
        for start in range(0, len(whole), 40):
            writer.write(whole[start : start + 40])
            await writer.drain()
        return True

    outcome = await sent(pieces, sample_every=1)
    assert outcome.completed == outcome.samples["checked"] == 20
    assert outcome.samples["faulty"] == 0


async def test_wrong_answers_in_the_sample_are_told():
    async def lies(_number: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(response(ANSWER.replace(b'"returned": 0', b'"returned": 3')))
        return True

    outcome = await sent(lies, sample_every=10)
    assert outcome.samples["faulty"] == 2
    assert outcome.samples["faults"] == ["0 leads, says 3, of 25 asked for"] * 2


async def test_nobody_listening_is_counted_and_not_lost():
    outcome = await Generator(Load("http://127.0.0.1:9", ["{}", "{}"], [0.0, 0.001], timeout_s=2.0)).run()
    assert outcome.errors == {"unreachable": 2}
    assert accounted(outcome)


async def test_a_load_of_nothing_ends_at_once():
    assert (await sent(good, count=0)).offered == 0


async def test_the_generator_runs_in_a_process_of_its_own():
    async with server(good) as url:
        load = Load(url, ['{"query":"ü"}'] * 30, due_times(30, 300.0, 2))
        outcome = await asyncio.to_thread(offer, load)
    assert (outcome.completed, outcome.errors) == (30, {})
    assert outcome.late_ms
    assert outcome.cpu_s < 1.0


def test_a_load_has_a_time_for_each_body():
    with pytest.raises(ValueError, match="2 bodies, 1 times"):
        Load("http://127.0.0.1:9", ["a", "b"], [0.0])
