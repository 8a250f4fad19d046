"""Dead letters carry the message as it came, with origin and reason beside it."""

from dataclasses import replace
from datetime import UTC, datetime

from ingest.streams.dead_letters import headers_of, read_letter, set_aside
from ingest.streams.records import Fault, Record
from tests.fixtures.streaming import record

NOW = datetime(2024, 11, 21, tzinfo=UTC)
FAULT = Fault("unknown_company", "company_id", "unknown company: 'é'")


def test_a_letter_is_read_as_it_was_set_aside() -> None:
    original = replace(record(b"{}"), headers=(("traceparent", b"00-1"),))
    letter = set_aside(original, FAULT, 100, 10, NOW)
    carried = Record(
        "miner.snippets.dlq", 3, 99, 5, letter.original.key, letter.original.value, tuple(headers_of(letter))
    )
    assert read_letter(carried) == letter
    assert letter.whole
    assert letter.origin == ("miner.snippets", 0, 7)


def test_a_value_that_is_too_large_is_cut_and_says_so() -> None:
    letter = set_aside(record(b"x" * 1_000), FAULT, 100, 10, NOW)
    assert letter.original.value == b"x" * 10
    assert (letter.value_bytes, letter.whole) == (1_000, False)


def test_headers_beyond_their_bound_are_dropped() -> None:
    letter = set_aside(replace(record(b"{}"), headers=(("h", b"x" * 20_000),)), FAULT, 100, 10, NOW)
    assert letter.original.headers == ()


def test_a_record_that_is_no_letter_is_none() -> None:
    assert read_letter(record(b"{}")) is None
