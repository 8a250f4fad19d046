"""What the ingest scenario makes of what it saw."""

import pytest

from bench.ingest import Look, figures


def look(at_s: float, messages: int, rss_mib: float, cpu_s: float, index_mib: float = 0.0) -> Look:
    done = {"stored": messages - 1.0, "future_date": 1.0} if messages else {}
    return Look(at_s, done, {"intake": rss_mib}, {"intake": cpu_s}, index_mib * 2**20)


def test_throughput_is_from_the_first_messages_done_to_the_last_and_start_up_does_not_count() -> None:
    looks = [
        look(0.0, 0, 10.0, 0.0), look(9.0, 1_000, 100.0, 4.0), look(10.0, 6_000, 108.5, 5.0, 0.5),
        look(13.0, 11_000, 110.0, 7.0, 1.9), look(14.0, 11_000, 110.0, 7.5, 1.9),
    ]  # fmt: skip
    found = figures(looks, 11_000)
    assert found["messages_per_s"] == 10_000 / 4.0
    assert found["cpu_ms_per_message"] == {"intake": 1000.0 * 3.0 / 10_000}
    assert (found["offered"], found["completed"], found["errors"]) == (11_000, 10_999, {"future_date": 1})
    assert [check["held"] for check in found["checks"]] == [True, True, True]


def test_an_intake_that_keeps_what_it_reads_is_found_out() -> None:
    looks = [look(1.0, 1_000, 100.0, 1.0), look(2.0, 6_000, 110.0, 2.0), look(3.0, 10_000, 118.0, 3.0)]
    checks = figures(looks, 10_000)["checks"]
    assert checks[1]["value"] == pytest.approx(
        8 * 2**20 / 4_000, rel=1e-4
    )  # half of them is reached at 6,000
    assert [check["held"] for check in checks] == [True, False, False]


def test_what_grows_beside_the_index_is_told_apart_from_it() -> None:
    looks = [
        look(1.0, 1_000, 100.0, 1.0),
        look(2.0, 5_000, 101.0, 2.0, 1.0),
        look(3.0, 10_000, 102.6, 3.0, 2.2),
    ]
    total, other = figures(looks, 10_000)["checks"][1:]
    assert (total["value"], total["held"]) == (pytest.approx(1.6 * 2**20 / 5_000, rel=1e-4), True)
    assert (other["value"], other["held"]) == (pytest.approx(0.4 * 2**20 / 5_000, rel=1e-4), False)
