import json
import os
from itertools import pairwise

import psutil
import pytest

from bench.arrivals import due_times
from bench.coalescing import highest_held, never_ended, ratios
from bench.processes import CpuMeter, memory, name_of, peak_rss_mib, per_query, rss_mib
from bench.variant import Variant


def test_arrivals_are_fixed_beforehand_and_come_at_the_rate():
    due = due_times(2_000, 100.0, seed=3)
    assert due == due_times(2_000, 100.0, seed=3)
    assert all(earlier < later for earlier, later in pairwise(due))
    assert due[-1] == pytest.approx(2_000 / 100.0, rel=0.1)


def step(variant: str, round_number: int, rate_qps: float, *, held: bool) -> dict[str, object]:
    return {"variant": variant, "round": round_number, "offered_qps": rate_qps, "holds": held}


def test_the_highest_rate_is_the_one_that_held_in_every_round():
    steps = [
        step("defaults", 1, 25.0, held=True), step("defaults", 1, 50.0, held=False),
        step("defaults", 2, 25.0, held=True), step("defaults", 2, 50.0, held=True),
        step("coalesced", 1, 100.0, held=True), step("coalesced", 2, 200.0, held=True),
    ]  # fmt: skip
    held = highest_held(steps)
    assert held["defaults"] == {"every_round_qps": 25.0, "best_round_qps": 50.0}
    assert ratios(held) == {"coalesced/defaults": 100.0 / 25.0}
    assert never_ended(steps) == ["coalesced"]


def test_there_is_no_ratio_to_a_variant_that_held_nothing():
    held = highest_held([step("defaults", 1, 25.0, held=False), step("coalesced", 1, 25.0, held=True)])
    assert ratios(held) == {"coalesced/defaults": None}


@pytest.mark.parametrize(
    ("program", "command", "name"),
    [
        ("ray::ServeReplica", ["ray::ServeReplica:leads:bm25"], "bm25"),
        ("ray::ServeReplica", ["ray::ServeReplica:leads:ingress.handle_request"], "ingress"),
        ("ray::ServeController", ["ray::ServeController.listen_for_change()"], "ServeController"),
        ("python", ["python", "-m", "deployments.local.application", "x.yaml"], "application"),
        ("ray::ServeReplica", ["ray::ServeReplica:leads:gbdt" + 40 * " "], "gbdt"),
        ("postgres", ["postgres: walwriter"], "postgres"),
    ],
)
def test_processes_are_named_by_what_they_do(program, command, name):
    assert name_of(program, command) == name


def test_cpu_and_memory_of_this_very_process_are_seen():
    meter = CpuMeter(os.getpid())
    sum(range(3_000_000))
    assert sum(meter.spent_ms().values()) > 0.0
    assert all(each.rss_mib >= each.uss_mib for each in memory(os.getpid()).values())


def test_the_highest_memory_of_a_process_is_at_least_what_it_has_now():
    name = name_of(psutil.Process().name(), psutil.Process().cmdline())
    assert peak_rss_mib(os.getpid())[name] >= 0.9 * rss_mib(os.getpid(), name) > 1.0
    assert rss_mib(os.getpid(), "nobody") == 0.0


def test_cpu_per_query_adds_up_with_what_is_too_small_to_show():
    assert per_query({"a": 10.0, "b": 30.0, "c": 0.001}, 10) == {"b": 3.0, "a": 1.0, "total": 4.0}


def test_a_variant_with_serve_s_limits_runs_one_replica_of_each_node(tmp_path):
    serve_yaml = tmp_path / "serve.yaml"
    serve_yaml.write_text(
        json.dumps(
            {"applications": [{"args": {"booster": "b"}, "deployments": [
                {"name": "bm25", "max_ongoing_requests": 16, "max_queued_requests": 64,
                 "autoscaling_config": {"min_replicas": 1, "max_replicas": 4}}]}]}
        )
    )  # fmt: skip
    variant = Variant("defaults", throughput=False, plain_handles=True, coalesce=False, own_limits=False)
    application = variant.configuration(serve_yaml)["applications"][0]
    assert application["args"] == {"booster": "b", "coalesce": False, "plain_handles": True}
    (node,) = application["deployments"]
    assert node["max_ongoing_requests"] == 5
    assert node["autoscaling_config"] == {"min_replicas": 1, "max_replicas": 1}
