import json

from bench.report import PAGE, figures, page


def test_the_page_of_benchmarks_is_the_one_its_records_make():
    assert PAGE.read_text("utf-8") == page(), "run `python -m bench.report`"


def test_every_measured_value_is_shown_by_its_path_and_the_heading_is_not():
    record = {
        "scenario": "x",
        "machine": {"cores": 2},
        "latency_ms": {"p50": 1.25, "max": 1234.5},
        "met": True,
    }
    assert list(figures(record)) == [
        ("latency_ms: p50", "1.25"), ("latency_ms: max", "1,234"), ("met", "yes"),
    ]  # fmt: skip


def test_a_mean_is_shown_with_its_interval():
    record = {"precision": {"mean": 0.374, "low": 0.35, "high": 0.397, "min": 0.16}}
    assert list(figures(record)) == [("precision", "0.374 (0.35 to 0.397)")]


def test_memory_is_shown_as_what_a_process_costs():
    record = {"after_queries": {"bm25": {"rss_mib": 300.0, "pss_mib": 190.5, "uss_mib": 180.0}}}
    assert list(figures(record)) == [("after_queries: bm25", "190.5 MiB, of it its own 180")]


def test_a_ladder_is_a_table_with_a_row_per_rate(tmp_path):
    one = {
        "variant": "coalesced", "round": 1, "offered_qps": 50.0, "latency_ms": {"p50": 9.0, "p95": 20.0, "p99": 30.0},
        "errors": {"503": 1}, "degraded": 0, "cpu_ms_per_query": {"total": 7.5}, "holds": True,
    }  # fmt: skip
    record = {
        "scenario": "ladder",
        "machine": {"cpu": "c", "cores": 2, "load_average_before": 0.4},
        "steps": [one],
    }
    (tmp_path / "ladder.json").write_text(json.dumps(record))
    text = page(tmp_path)
    assert "| coalesced | 1 | 50 | 9 | 20 | 30 | 1 | 0 | 7.5 | yes |" in text
    assert "load before 0.4" in text
