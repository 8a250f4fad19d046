"""The capacity model against hand arithmetic, simulated calls, and systems whose costs are known."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from bench.capacity.__main__ import main
from bench.capacity.calls import Counted, counted, read
from bench.capacity.fit import Cost, Fitted, Latency, fit, grown, growth_ms
from bench.capacity.model import LEADS, RATES_QPS, grown_nodes
from bench.capacity.page import page
from bench.capacity.plan import LEAVES, NODES, Assumptions, Growth, plan, shards_of
from bench.capacity.points import PROCESSES, Point, points_of, rates_of
from bench.capacity.queues import Cycle, Wait, m_d_1, quantile_s
from bench.capacity.shared import compare, largest_miss
from bench.record import RECORDS

SEED = 7
DOCS = Path(__file__).parents[3] / "docs"


def simulated_wait_s(rate: float, service_s: float, count: int = 60_000) -> float:
    """Mean wait of Poisson arrivals at one server of constant service."""
    now = waited = 0.0
    for arrival in np.cumsum(np.random.default_rng(SEED).exponential(1.0 / rate, count)).tolist():
        waited += max(0.0, now - arrival)
        now = max(now, arrival) + service_s
    return waited / count


def simulated_calls(rate: float, gap_s: float, count: int = 60_000) -> tuple[float, float]:
    """Mean queries of a call and their mean wait, when no two calls leave within `gap_s`."""
    arrivals = np.cumsum(np.random.default_rng(SEED).exponential(1.0 / rate, count)).tolist()
    at, leaves_s, calls, waited = 0, -math.inf, 0, 0.0
    while at < count:
        leaves_s, first = max(leaves_s + gap_s, arrivals[at]), at
        while at < count and arrivals[at] <= leaves_s:
            waited += leaves_s - arrivals[at]
            at += 1
        assert at > first
        calls += 1
    return count / calls, waited / count


def test_constant_service_waits_as_in_a_simulation() -> None:
    assert m_d_1(60.0, 0.01).mean_s == pytest.approx(simulated_wait_s(60.0, 0.01), rel=0.05)
    assert m_d_1(8.0, 0.1).mean_s == pytest.approx(0.8 * 0.1 / (2.0 * 0.2))


def test_a_queue_that_cannot_keep_up_waits_for_ever() -> None:
    assert math.isinf(m_d_1(10.0, 0.1).mean_s)
    assert math.isinf(quantile_s(0.01, m_d_1(10.0, 0.1), 0.95))


def test_a_quantile_of_an_exponential_wait() -> None:
    assert quantile_s(0.5, Wait(1.0, 1.0), 0.95) == pytest.approx(0.5 + math.log(20.0))
    assert quantile_s(0.5, Wait(0.0, 0.0), 0.95) == 0.5
    assert Wait(1.0, 2.0) + Wait(3.0, 4.0) == Wait(4.0, 6.0)


@pytest.mark.parametrize("rate", [20.0, 80.0, 300.0])
def test_calls_that_keep_their_distance_carry_what_a_simulation_says(rate: float) -> None:
    cycle = Cycle(call_ms=0.0, item_ms=0.0, linger_ms=15.0, most_linger_ms=15.0, most=1000)
    size, wait_s = simulated_calls(rate, 0.015)
    assert cycle.batch(rate) == pytest.approx(size, rel=0.02)
    assert cycle.wait_ms(rate) == pytest.approx(1000.0 * wait_s, rel=0.03)


def test_calls_grow_with_the_rate_and_end_at_the_most() -> None:
    cycle = Cycle(call_ms=16.0, item_ms=2.0, linger_ms=10.0, most_linger_ms=10.0, most=32)
    assert cycle.gap_ms(250.0) == pytest.approx(16.0 / (1.0 - 0.5))
    assert cycle.gap_ms(250.0, lanes=2.0) == pytest.approx(16.0)
    assert cycle.gap_ms(250.0, lanes=9.0) == 10.0
    assert cycle.batch(1.0) == pytest.approx(1.0, abs=0.01)
    assert cycle.batch(490.0) == cycle.batch(2_000.0) == pytest.approx(32.0)


COSTS = {
    "ingress": Cost(40.0, 2.5, 3.0), "retrieval": Cost(10.0, 0.5, 1.5), "bm25": Cost(10.0, 0.6, 1.5), "gbdt": Cost(10.0, 0.2, 1.2),
    "embedder": Cost(8.0, 0.0, 0.0), "rest": Cost(90.0, 0.8, 0.0),
}  # fmt: skip
TRUE = Fitted(COSTS, Cycle(12.0, 2.0, 10.0, 10.0), Latency(15.0, 4.0, 1.0), Latency(20.0, 6.0, 3.0), 0.0)
RATES = [25.0, 50.0, 100.0, 150.0, 200.0, 250.0, 300.0]


def point(rate: float, *, counted: bool = False) -> Point:
    calls = TRUE.calls(rate) if counted else None
    latencies = (TRUE.latency_ms(quantile, rate) for quantile in (TRUE.p50, TRUE.p95))
    return Point(rate, TRUE.cpu_ms(rate), *latencies, calls)


@pytest.mark.parametrize("counted", [True, False])
def test_a_rate_is_predicted_from_the_others(counted: bool) -> None:
    compared = compare([point(rate, counted=counted) for rate in RATES], TRUE.cycle)
    assert all(each.held_out for each in compared)
    for each in compared:
        assert each.cpu_ms == pytest.approx(each.point.total_cpu_ms, rel=0.05)
    for each in compared[1:-1]:  # between rates that were measured
        assert each.p95_ms == pytest.approx(each.point.p95_ms, rel=0.15)
    assert largest_miss(compared) < 0.05


def test_the_ingress_s_one_thread_is_the_limit() -> None:
    found = fit([point(rate) for rate in RATES], TRUE.cycle)
    assert found.most_qps() == pytest.approx(TRUE.most_qps(), rel=0.05)
    assert math.isinf(found.latency_ms(found.p95, 1.1 * TRUE.most_qps()))
    assert found.calls(20.0) > 0.9 > 0.3 > found.calls(250.0)


def test_a_load_that_was_measured_twice_is_not_told_of_itself() -> None:
    compared = compare([point(rate) for rate in (50.0, 50.2, 150.0, 250.0)], TRUE.cycle)
    assert [each.held_out for each in compared] == [False, False, False, False]
    assert largest_miss(compared) is None
    assert rates_of(point(rate) for rate in (50.0, 50.2, 150.0)) == 2


def test_two_rates_are_too_few() -> None:
    with pytest.raises(ValueError, match="2 rates measured; the model needs 3"):
        fit([point(50.0), point(100.0)], TRUE.cycle)


def test_work_grows_by_the_lead() -> None:
    slope = growth_ms(2.0, 3.0, 100_000, 200_000)
    assert slope == pytest.approx(1e-5)
    assert grown(Cost(0.0, 3.0, 1.0), slope, 200_000, 400_000).item_ms == pytest.approx(3.0 + 2.0)
    assert growth_ms(3.0, 2.0, 1, 2) == growth_ms(1.0, 2.0, 5, 5) == 0.0


NO_GROWTH = dict.fromkeys(NODES, Growth(0.0, 100.0, 0.0))
ASSUMED = Assumptions(measured_leads=200_000.0, usd_per_vcpu_hour=0.05)


def test_replicas_machines_and_dollars_by_hand() -> None:
    found = plan(2_000.0, 200_000.0, TRUE, NO_GROWTH, ASSUMED)
    ingresses = found.nodes["ingress"].replicas
    each_qps = 2_000.0 / ingresses
    calls = 1.0 / TRUE.cycle.batch(each_qps)
    assert found.calls == pytest.approx(calls)
    assert found.nodes["ingress"].utilisation == pytest.approx(each_qps * (2.5 + 3.0 * calls) / 1000.0)
    assert (
        found.nodes["ingress"].utilisation <= 0.6 < 2_000.0 * (2.5 + 3.0 * calls) / (ingresses - 1) / 1000.0
    )
    assert found.nodes["bm25"].replicas == math.ceil(2_000.0 * (0.6 + 1.5 * calls) / 600.0)
    nodes = ingresses + sum(found.nodes[name].replicas for name in LEAVES)
    vcpu = nodes + 4.0 + 2_000.0 * 0.0008 / 0.6
    assert (found.vcpu, found.machines) == (pytest.approx(vcpu), math.ceil(vcpu / 16))
    assert found.usd_per_month == pytest.approx(vcpu * 0.05 * 730.0)
    assert found.usd_per_1000 == pytest.approx(found.usd_per_month / (2_000.0 * 730.0 * 3.6))
    assert found.p95_ms > TRUE.latency_ms(TRUE.p95, each_qps)


def test_one_ingress_meets_no_calls_of_others() -> None:
    found = plan(50.0, 200_000.0, TRUE, NO_GROWTH, ASSUMED)
    assert found.nodes["ingress"].replicas == 1
    assert found.p95_ms == pytest.approx(TRUE.latency_ms(TRUE.p95, 50.0))


def test_an_index_too_large_for_a_replica_is_cut() -> None:
    own = Growth(ms_per_lead=0.0, fixed_mib=96.0, mib_per_lead=0.001)
    assert shards_of(own, 3_000_000.0, ASSUMED) == 1
    assert shards_of(own, 10_000_000.0, ASSUMED) == 3  # 10,000 MiB in 4,000 each
    slow = Growth(ms_per_lead=1e-5, fixed_mib=96.0, mib_per_lead=0.0)
    assert shards_of(slow, 5_000_000.0, ASSUMED) == 3  # 50 ms of at most 20 ms
    found = plan(100.0, 5_000_000.0, TRUE, NO_GROWTH | {"bm25": slow}, ASSUMED)
    assert found.nodes["bm25"].shards == 3
    assert found.nodes["bm25"].processes == 3 * found.nodes["bm25"].replicas
    assert found.p95_ms > plan(100.0, 200_000.0, TRUE, NO_GROWTH, ASSUMED).p95_ms + 15.0


@pytest.mark.parametrize(("many_ms", "slope"), [(2.0, 1.0 / 190_000.0), (50.0, 0.6 / 200_000.0)])
def test_work_grows_by_at_most_all_that_it_is(many_ms: float, slope: float) -> None:
    costs = {**COSTS, "bm25": Cost(0.0, 0.6 if many_ms > 2.0 else 9.0, 1.0)}
    fitted = Fitted(costs, TRUE.cycle, TRUE.p50, TRUE.p95, 0.0)
    few, many = ({"data": {"leads": leads}, "cpu_ms_per_query": dict.fromkeys(NODES, ms)}
                 for leads, ms in ((10_000, 1.0), (200_000, many_ms)))  # fmt: skip
    memory = {"data": {"leads": 100_000}, "after_queries": {name: {"pss_mib": 260.0} for name in NODES}}
    found = grown_nodes(many, few, memory, fitted, ASSUMED)
    assert found["bm25"] == Growth(pytest.approx(slope), 160.0, pytest.approx(0.001))
    assert found["gbdt"] == Growth(0.0, 260.0, 0.0)
    assert found["ingress"].ms_per_lead == 0.0


def test_what_no_number_of_ingresses_can_do_is_refused() -> None:
    endless = Fitted(COSTS | {"ingress": Cost(0.0, 1.0, 1e12)}, TRUE.cycle, TRUE.p50, TRUE.p95, 0.0)
    with pytest.raises(ValueError, match="more than"):
        plan(1.0, 200_000.0, endless, NO_GROWTH, ASSUMED)


def step(rate: float, **changed: object) -> dict[str, object]:
    seen = point(rate)
    cpu = {**seen.cpu_ms, "haproxy": seen.cpu_ms["rest"], "total": seen.total_cpu_ms}
    del cpu["rest"]
    return {
        "offered_qps": rate, "offered": 100, "completed": 100, "errors": {}, "degraded": 0, "throughput_qps": rate,
        "cpu_ms_per_query": cpu, "latency_ms": {"p50": seen.p50_ms, "p95": seen.p95_ms}, **changed,
    }  # fmt: skip


def test_only_loads_that_were_kept_up_with_are_points() -> None:
    steps = [
        step(100.0), step(50.0), step(200.0, completed=97, errors={"503": 3}), step(300.0, throughput_qps=250.0),
        step(150.0, degraded=2), step(400.0, completed=0, errors={"504": 100}, latency_ms={}),
    ]  # fmt: skip
    found = points_of({"steps": steps})
    assert [each.rate_qps for each in found] == [50.0, 100.0]
    assert found[0].cpu_ms == pytest.approx(point(50.0).cpu_ms)
    assert tuple(found[0].cpu_ms) == PROCESSES
    alone = step(80.0, load={"offered_qps": 80.0})
    del alone["offered_qps"]
    assert points_of(alone)[0].rate_qps == 80.0


METRICS = """# TYPE leads_coalescer_batch_size histogram
leads_coalescer_batch_size_bucket{le="1.0",node="bm25"} 4.0
leads_coalescer_batch_size_count{node="bm25"} 5.0
leads_coalescer_batch_size_sum{node="bm25"} 20.0
leads_coalescer_batch_size_count{node="gbdt"} 10.0
leads_coalescer_batch_size_sum{node="gbdt"} 20.0
leads_coalescer_batch_size_count{node="embedder"} 3.0
leads_coalescer_batch_size_sum{node="embedder"} 3.0
"""


def test_calls_per_query_are_read_from_the_service_s_own_counters() -> None:
    found = read(METRICS)
    assert found == Counted(calls=15.0, items=40.0)
    assert found.since(Counted(5.0, 20.0)) == 0.5
    assert found.since(Counted(15.0, 39.0)) is None


def test_a_service_that_does_not_tell_its_calls_is_measured_without() -> None:
    assert counted("http://127.0.0.1:9") == Counted(0.0, 0.0)


def test_counted_calls_are_part_of_the_point() -> None:
    (found,) = points_of(step(100.0, calls_per_query=0.25))
    assert found.calls == 0.25


def written(folder: Path, name: str, leads: int, **more: object) -> str:
    path = folder / name
    path.write_text(json.dumps({"data": {"leads": leads, "snippets": leads}, **more}))
    return str(path)


def options_of(folder: Path, rates: list[float]) -> list[str]:
    cpu = dict.fromkeys(NODES, 2.0)
    loads = written(folder, "step.json", 200, steps=[step(rate) for rate in rates])
    large = written(folder, "large.json", 100, cpu_ms_per_query=cpu)
    small = written(folder, "small.json", 10, cpu_ms_per_query=dict.fromkeys(NODES, 1.5))
    memory = written(folder, "memory.json", 200, after_queries={name: {"pss_mib": 200.0} for name in NODES})
    places = ["--large", large, "--small", small, "--memory", memory, "--out", str(folder)]
    return ["--loads", loads, *places, "--page", str(folder / "capacity.md")]


def test_the_command_writes_record_plot_and_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = options_of(tmp_path, RATES)
    assert main(options) == 0
    found = json.loads((tmp_path / "capacity.json").read_text())
    assert found["read"] == ["step.json", "large.json", "small.json", "memory.json"]
    assert len(found["plans"]) == len(RATES_QPS) * len(LEADS)
    assert found["largest_held_out_cpu_miss"] < 0.08
    assert any("one query at a time of 100" in note for note in found["notes"])
    assert (tmp_path / "plots" / "capacity.png").stat().st_size > 10_000
    told = (tmp_path / "capacity.md").read_text()
    assert told == page(found)
    assert "| 100,000,000 | 25,000 |" in told
    assert "not a measurement" in told
    assert str(tmp_path / "capacity.json") in capsys.readouterr().out


def test_records_that_do_not_allow_a_model_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = options_of(tmp_path, [50.0, 100.0])
    assert main(options) == 1
    assert "2 rates measured" in capsys.readouterr().err
    assert main([*options, "--loads", written(tmp_path, "other.json", 300, steps=[step(150.0)])]) == 1
    assert "different data" in capsys.readouterr().err
    assert main([*options, "--loads", str(tmp_path / "none.json")]) == 1
    assert "leads bench step" in capsys.readouterr().err


def test_the_page_is_that_of_the_record() -> None:
    record, kept = RECORDS / "capacity.json", DOCS / "capacity.md"
    assert record.exists() == kept.exists()
    assert not record.exists() or kept.read_text("utf-8") == page(json.loads(record.read_text("utf-8")))
