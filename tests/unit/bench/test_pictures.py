import json
from typing import Any

import pytest
from PIL import Image

from bench import compare, plots, scoreboard
from bench.record import write

LATENCY = {"p50": 20.0, "p95": 80.0, "p99": 120.0, "max": 300.0}


def record(**changes: Any) -> dict[str, Any]:
    steps = [
        {"offered_qps": rate, "latency_ms": LATENCY, "errors": {}, "degraded": 0, "offered": 100, "completed": 100}
        for rate in (25.0, 50.0, 50.0)
    ]  # fmt: skip
    found = {
        "scenario": "unique", "verdict": "held", "data": {"companies": 100_000, "snippets": 500_000, "sha256": "a"},
        "machine": {"cpu": "c", "cores": 2}, "load": {"kind": "open", "offered_qps": 250.0, "duration_s": 120.0},
        "offered": 300, "completed": 300, "errors": {}, "latency_ms": LATENCY,
        "cpu_ms_per_query": {"ingress": 2.0, "bm25": 1.0, "total": 3.1}, "generator": {"cpu_ms_per_query": 0.2},
        "peak_rss_mib": {"ingress": 300.0, "bm25": 200.0},
        "per_second": {"offered": [9, 9], "completed": [9, 8], "failed": [0, 1], "p50_ms": [20.0, None], "p95_ms": [80.0, None]},
        "latency_cdf": {"share": [0.02, 0.5, 1.0], "ms": [5.0, 20.0, 300.0]}, "steps": steps,
        "checks": [{"what": "P95 ms", "value": 80.0, "limit": 400.0, "held": True}],
    }  # fmt: skip
    return found | changes


BURST = record(
    steps=[{"round": 1, "deadline_ms": 350, "offered": 10, "completed": 4, "errors": {"503": 5, "504": 1}}],
    ingress_rss_mib={"before": 300.0, "after_each_round": [310.0, 311.0]},
    load={"kind": "open", "offered_qps": None, "at_once": 1_000},
)
OVERLOAD = record(
    steps=[{"factor": 1.0, "offered_qps": 100.0, "goodput_qps": 95.0, "latency_ms": LATENCY}],
    capacity_qps=100.0, recovery_s=2, per_second_at="3x",
)  # fmt: skip


@pytest.mark.parametrize(
    "drawn", [record(), BURST, OVERLOAD, {"scenario": "x"}], ids=["load", "burst", "overload", "bare"]
)
def test_a_record_becomes_a_png_of_readable_size(tmp_path, drawn):
    path = plots.draw(drawn, tmp_path / "plots" / "x.png")
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.width == 1_080
        assert 300 <= image.height <= 900
        colors = image.convert("RGB").getcolors(1_000_000)
    assert colors is not None
    assert max(count for count, _ in colors) < 0.99 * 1_080 * 900
    assert path.stat().st_size < 150_000


def test_the_title_says_what_was_measured_and_how_far_to_trust_it():
    told = plots.title(record(shortened={"seconds": 5.0}, doubts=["late"]))
    for part in (
        "unique",
        "250/s for 120 s",
        "100,000 companies, 500,000 snippets",
        "held",
        "SHORTENED",
        "doubtful",
    ):
        assert part in told
    assert "1,000 at once" in plots.title(BURST)


def test_a_picture_is_drawn_again_from_the_record_alone(tmp_path, capsys):
    path = write("x", record(), tmp_path)
    plots.main([str(path)])
    assert capsys.readouterr().out.strip() == str(tmp_path / "plots" / "x.png")


def test_numbers_of_a_series_stand_on_one_line(tmp_path):
    text = write(
        "x", {"offered": 0, "completed": 0, "errors": {}, "series": [1.5, None, -2e-06, 3]}, tmp_path
    ).read_text()
    assert '"series": [1.5, null, -2e-06, 3]' in text
    assert json.loads(text)["series"] == [1.5, None, -2e-06, 3]


def test_two_records_are_compared_figure_by_figure():
    faster = record(latency_ms=LATENCY | {"p95": 40.0}, cpu_ms_per_query={"ingress": 1.0, "total": 1.5})
    found = {name: values for name, *values in compare.rows(record(), faster)}
    assert found["latency_ms: p95"] == [80.0, 40.0, 0.5]
    assert found["cpu_ms_per_query: bm25"] == [1.0, None, None]
    assert found["errors"] == [0, 0, None]


def test_what_makes_two_records_incomparable_is_said():
    assert compare.warnings(record(), record()) == []
    other = record(
        scenario="mixed", machine={"cpu": "c", "cores": 8}, data={"sha256": "b"}, doubts=["late"],
        load={"kind": "open", "offered_qps": 100.0, "duration_s": 120.0}, shortened={"rate_qps": 100.0},
    )  # fmt: skip
    told = "\n".join(compare.warnings(record(), other))
    for part in (
        "scenario",
        "cores is 2 and 8",
        "not the same content",
        "offered_qps",
        "shortened",
        "doubtful: late",
    ):
        assert part in told


def test_the_comparison_is_printed_as_a_table(tmp_path, capsys):
    paths = [str(write(name, record(), tmp_path)) for name in ("a", "b")]
    compare.main(paths)
    assert "latency_ms: p95" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="usage"):
        compare.main(paths[:1])


def test_the_scoreboard_names_ours_peers_ratio_and_whether_it_held():
    peers = {
        "highest_held_qps": {"ours": {"mean": 200.0}, "fastapi": {"mean": 25.0}},
        "ratios": {
            "ours/fastapi": {"value": 8.0, "low": 7.1, "high": 9.0, "at_least": True},
            "ours/litserve": None,
        },
    }
    lines = {
        line.split("|")[1].strip(): line for line in scoreboard.table({"unique": record(), "peers": peers})
    }
    assert "P50 20, P95 80, P99 120 ms at 250/s, 3.1 ms of CPU per query" in lines["[unique](#unique)"]
    assert "| P95 ms: 400 | held |" in lines["[unique](#unique)"]
    assert (
        "200/s | fastapi 25/s | fastapi at least 8 (7.1 to 9), litserve not measured"
        in lines["[peers](#peers)"]
    )
    assert "not measured" in lines["mixed"]


def test_a_missed_or_shortened_scenario_says_so():
    missed = [{"what": "P95 ms", "value": 900.0, "limit": 400.0, "held": False}]
    told = scoreboard.held(record(checks=missed, shortened={"seconds": 5.0}, doubts=["late"]))
    assert told == "missed: P95 ms (shortened, doubtful)"
    assert scoreboard.held({}) == "nothing asked"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (BURST, "4 answered at 350 ms; ingress 300 to 311 MiB"),
        (OVERLOAD, "capacity 100/s; timely answers 95/s at 1x; recovered after 2 s"),
        (OVERLOAD | {"recovery_s": None}, "did not recover"),
        (record(highest_held_qps={"p95_below_400_ms": 251.0}), "251/s with p95 below 400 ms; 3.1 ms of CPU"),
        (record(first_answer_s=31.5), "first answer after 31.5 s; first 300: P50 20"),
        ({"offered": 3, "completed": 0}, "no answer in time"),
        ({"results": []}, "see below"),
    ],
)
def test_the_headline_answers_the_scenario_s_question(found, said):
    assert said in scoreboard.headline(found)
