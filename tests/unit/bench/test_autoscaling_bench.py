"""The autoscaling scenario's configuration, its load and its verdict."""

from pathlib import Path

import yaml

from bench.arrivals import Outcome
from bench.capacity.autoscaling import SERVE_YAML, checks_of, configuration, draw, due_of, figures, phases_of
from bench.capacity.replicas import Course
from bench.measuring import Measured
from configs.schema import NODES, read_serve_file


def test_every_node_may_have_three_replicas_and_the_file_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "serve.yaml"
    path.write_text(yaml.safe_dump(configuration(SERVE_YAML)))
    for node in read_serve_file(path).applications[0].deployments:
        scaling = node.autoscaling_config
        assert (scaling.min_replicas, scaling.max_replicas) == (1, 3)


def test_load_is_low_then_high_then_low() -> None:
    phases = phases_of(100.0)
    due_s = due_of(phases, seed=3)
    assert due_s == sorted(due_s)
    start_s = 0.0
    for phase in phases:
        count = sum(start_s <= each < start_s + phase.seconds for each in due_s)
        assert abs(count - phase.rate_qps * phase.seconds) < 5.0 * (phase.rate_qps * phase.seconds) ** 0.5
        start_s += phase.seconds
    assert due_s[-1] < start_s


def course(*bm25: int) -> Course:
    counts = {node: [1] * len(bm25) for node in NODES} | {"bm25": list(bm25)}
    return Course([float(at) for at in range(len(bm25))], counts, {node: [0.0] * len(bm25) for node in NODES})


def measured(*codes: str) -> Measured:
    outcome = Outcome(
        len(codes),
        codes=list(codes),
        latencies_ms=[5.0] * len(codes),
        late_ms=[0.0] * len(codes),
        duration_s=9.0,
    )
    machine = {"others": 0.0, "stolen": 0.0}
    return Measured(outcome, {"ingress": 10.0}, machine, [float(at) for at in range(len(codes))])


def held(answers: Measured, seen: Course) -> list[bool]:
    return [check.held for check in checks_of(answers, seen)]


def test_the_verdict_wants_up_and_down_and_no_error() -> None:
    assert held(measured("200", "200"), course(1, 2, 3, 2, 1)) == [True, True, True, True]
    assert held(measured("200", "200"), course(1, 1, 1)) == [False, True, True, True]
    assert held(measured("200", "200"), course(1, 2, 2)) == [True, False, True, True]
    assert held(measured("200", "503"), course(1, 2, 1)) == [True, True, False, True]


def test_the_record_says_when_queries_failed_and_is_drawn(tmp_path: Path) -> None:
    found = figures(measured("200", "503", "200"), course(1, 2, 1), phases_of(1.0, 0.1))
    assert found["verdict"] == "missed"
    assert found["failed_at_s"] == {"503": [1.0]}
    assert found["replicas"]["bm25"] == [1, 2, 1]
    assert found["phases"][0]["latency_ms"]["p50"] == 5.0
    assert draw(found, tmp_path / "plots" / "a.png").stat().st_size > 10_000
