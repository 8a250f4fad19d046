"""The capacity model against hand arithmetic and simulated queues."""

import heapq
import json
import math
from pathlib import Path

import numpy as np
import pytest

from bench.capacity import model
from bench.capacity.fit import Cost, Costs, Point, fit, fit_cost, grown, growth_ms, points_of
from bench.capacity.plan import NODES, Assumptions, Growth, plan, shards_of
from bench.capacity.queues import Bulk, Wait, erlang_c, m_d_1, m_d_c, m_m_c, quantile_s
from bench.capacity.shared import compare, p95_ms

SEED = 7


def simulated(rate: float, service_s: float, servers: int, count: int = 60_000) -> float:
    """Mean wait of Poisson arrivals at servers of constant service."""
    arrivals = np.cumsum(np.random.default_rng(SEED).exponential(1.0 / rate, count))
    free = [0.0] * servers
    waited = 0.0
    for arrival in arrivals.tolist():
        start = max(arrival, heapq.heappop(free))
        waited += start - arrival
        heapq.heappush(free, start + service_s)
    return waited / count


def simulated_batches(rate: float, bulk: Bulk, count: int = 60_000) -> tuple[float, float]:
    """Mean items of a call and mean sojourn when every call takes all who wait."""
    arrivals = np.cumsum(np.random.default_rng(SEED).exponential(1.0 / rate, count)).tolist()
    at, now, calls, spent = 0, 0.0, 0, 0.0
    while at < count:
        now = max(now, arrivals[at])
        taken = at
        while taken < count and arrivals[taken] <= now and taken - at < bulk.most:
            taken += 1
        now += bulk.call_s + bulk.item_s * (taken - at)
        spent += sum(now - arrivals[each] for each in range(at, taken))
        at, calls = taken, calls + 1
    return count / calls, spent / count


def test_one_server_with_exponential_service_waits_as_the_book_says() -> None:
    wait = m_m_c(rate=8.0, service_s=0.1, servers=1)
    assert wait.mean_s == pytest.approx(0.8 / (10.0 - 8.0))
    assert wait.variance_s2 == pytest.approx(0.8 * 1.2 / 2.0**2)


def test_two_servers_at_half_load_are_both_busy_for_one_in_three() -> None:
    assert erlang_c(2, 0.5) == pytest.approx(1.0 / 3.0)
    assert m_m_c(rate=10.0, service_s=0.1, servers=2).mean_s == pytest.approx(1.0 / 3.0 * 0.1 / (2 * 0.5))


def test_constant_service_halves_the_wait() -> None:
    assert m_d_1(8.0, 0.1).mean_s == pytest.approx(0.5 * m_m_c(8.0, 0.1, 1).mean_s)
    assert m_d_c(8.0, 0.1, 1) == m_d_1(8.0, 0.1)
    assert m_d_c(0.0, 0.1, 3).mean_s == 0.0


@pytest.mark.parametrize(("servers", "rho"), [(1, 0.6), (2, 0.6), (2, 0.8), (5, 0.8)])
def test_waits_at_constant_servers_are_those_of_a_simulation(servers: int, rho: float) -> None:
    rate = rho * servers / 0.01
    assert m_d_c(rate, 0.01, servers).mean_s == pytest.approx(simulated(rate, 0.01, servers), rel=0.06)


@pytest.mark.parametrize("queue", [m_m_c(20.0, 0.1, 2), m_d_1(10.0, 0.1), m_d_c(30.0, 0.1, 3)])
def test_a_queue_that_cannot_keep_up_waits_for_ever(queue: Wait) -> None:
    assert math.isinf(queue.mean_s)
    assert math.isinf(quantile_s(0.01, queue, 0.95))
    assert erlang_c(2, 1.0) == 1.0


@pytest.mark.parametrize(("rate", "tolerance"), [(20.0, 0.15), (400.0, 0.25), (800.0, 0.1)])
def test_calls_carry_what_gathers_during_the_call_before(rate: float, tolerance: float) -> None:
    bulk = Bulk(call_s=0.004, item_s=0.001)
    size, sojourn_s = simulated_batches(rate, bulk)
    assert bulk.batch(rate) == pytest.approx(size, rel=tolerance)
    assert bulk.sojourn(rate).mean_s == pytest.approx(sojourn_s, rel=0.25)


def test_batches_by_hand() -> None:
    bulk = Bulk(call_s=0.004, item_s=0.001, linger_s=0.02)
    assert bulk.batch(10.0) == 1.0
    assert bulk.batch(100.0) == pytest.approx(100.0 * 0.02)
    assert bulk.batch(900.0) == pytest.approx(900.0 * 0.004 / (1.0 - 0.9))
    assert bulk.batch(1100.0) == 64.0
    assert bulk.rho(100.0) == pytest.approx(100.0 * (0.004 / 2.0 + 0.001))
    assert math.isinf(bulk.sojourn(1100.0).mean_s)
    assert Bulk(0.004, 0.001).delay(1e-9).mean_s == pytest.approx(0.0, abs=1e-9)


def test_a_quantile_of_an_exponential_wait() -> None:
    assert quantile_s(0.5, Wait(1.0, 1.0), 0.95) == pytest.approx(0.5 + math.log(20.0))
    assert quantile_s(0.5, Wait(0.0, 0.0), 0.95) == 0.5
    assert Wait(1.0, 2.0) + Wait(3.0, 4.0) == Wait(4.0, 6.0)


def test_costs_are_found_again() -> None:
    true = Cost(idle_ms_per_s=20.0, call_ms=3.0, item_ms=0.5)
    rates = [5.0, 20.0, 80.0, 200.0, 400.0]
    seen = [true.per_query_ms(rate, true.bulk(20.0).batch(rate)) for rate in rates]
    found = fit_cost(rates, seen, 20.0, leaf=True)
    assert (found.idle_ms_per_s, found.call_ms, found.item_ms) == pytest.approx((20.0, 3.0, 0.5), rel=0.03)
    assert fit_cost([50.0], [2.0], 0.0, leaf=True) == Cost(0.0, 0.0, 2.0)


def test_work_grows_by_the_lead() -> None:
    slope = growth_ms(2.0, 3.0, 100_000, 200_000)
    assert slope == pytest.approx(1e-5)
    assert grown(Cost(0.0, 1.0, 3.0), slope, 200_000, 400_000).item_ms == pytest.approx(3.0 + 2.0)
    assert growth_ms(3.0, 2.0, 1, 2) == growth_ms(1.0, 2.0, 5, 5) == 0.0


def costs(**changed: Cost) -> Costs:
    by_process = dict.fromkeys(NODES, Cost(0.0, 0.0, 0.1)) | {"ingress": Cost(0.0, 0.0, 3.0)} | changed
    return Costs(by_process, 0.0, 10.0, 12.0)


NO_GROWTH = dict.fromkeys(NODES, Growth(0.0, 100.0, 0.0))
ASSUMED = Assumptions(measured_leads=200_000.0, usd_per_vcpu_hour=0.05)


def test_replicas_and_dollars_by_hand() -> None:
    found = plan(1000.0, 200_000.0, costs(), NO_GROWTH, ASSUMED)
    assert found.nodes["ingress"].replicas == 5  # 1000 x 3 ms / 0.6
    assert found.nodes["bm25"].replicas == 1
    assert found.nodes["ingress"].utilisation == pytest.approx(0.6)
    usd = (4.0 + 5 + 4) * 0.05 * 730.0
    assert found.usd_per_month == pytest.approx(usd)
    assert found.usd_per_1000 == pytest.approx(1000.0 * usd / (1000.0 * 730.0 * 3600.0))
    assert 12.0 < found.p95_ms < 25.0


def test_an_index_too_large_for_a_replica_is_cut() -> None:
    own = Growth(ms_per_lead=0.0, fixed_mib=96.0, mib_per_lead=0.001)
    assert shards_of(own, 3_000_000.0, ASSUMED) == 1
    assert shards_of(own, 10_000_000.0, ASSUMED) == 3  # 10,000 MiB in 4,000 each
    slow = Growth(ms_per_lead=1e-5, fixed_mib=96.0, mib_per_lead=0.0)
    assert shards_of(slow, 5_000_000.0, ASSUMED) == 3  # 50 ms of at most 20 ms
    found = plan(
        100.0, 5_000_000.0, costs(bm25=Cost(0.0, 0.0, 2.0)), NO_GROWTH | {"bm25": slow}, ASSUMED
    ).nodes["bm25"]
    assert (found.shards, found.replicas) == (3, 3)  # 100 x 5/3 M leads x 1e-5 ms = 1.67 busy, / 0.6
    assert found.processes == 9


def test_what_no_number_of_replicas_can_do_is_refused() -> None:
    with pytest.raises(ValueError, match="more than"):
        plan(1.0, 200_000.0, costs(bm25=Cost(0.0, 1e10, 0.0)), NO_GROWTH, ASSUMED)


def point(rate: float, p95: float) -> Point:
    cpu = {"ingress": 3.0 + 40.0 / rate, "bm25": 1.0, "total": 4.0 + 40.0 / rate}
    return Point(rate, cpu, {"p50": 10.0, "p95": p95})


def test_a_load_is_predicted_from_the_others() -> None:
    points = [point(20.0, 14.0), point(50.0, 15.0), point(100.0, 18.0)]
    found = compare(points, Point(50.0, {}, {"p50": 10.0, "p95": 12.0}), 0.0, cores=2)
    assert [each.held_out for each in found] == [True, True, True]
    assert found[2].predicted_cpu_ms == pytest.approx(3.4 + 1.0, rel=0.01)
    assert found[2].told()["p95_ms"] == 18.0
    assert not compare(points[:2], points[0], 0.0, cores=2)[0].held_out


def test_latency_on_one_machine_grows_and_ends() -> None:
    fitted = fit([point(20.0, 14.0), point(100.0, 18.0)], Point(50.0, {}, {"p50": 10.0, "p95": 12.0}), 0.0)
    found = [p95_ms(fitted, rate, cores=2) for rate in (1.0, 100.0, 200.0, 300.0)]
    assert found == sorted(found)
    assert found[0] >= 10.0
    assert math.isinf(p95_ms(fitted, 1000.0, cores=2))


def test_records_of_either_kind_give_points() -> None:
    step = {
        "offered_qps": 10.0,
        "completed": 5,
        "cpu_ms_per_query": {"ingress": 1.0},
        "latency_ms": {"p50": 4.0},
    }
    plain = {"variant": "defaults", **step}
    assert [each.rate_qps for each in points_of({"steps": [step, plain, {**step, "completed": 0}]})] == [10.0]
    closed = {
        "load": {"kind": "closed"},
        "completed": 1,
        "cpu_ms_per_query": {"a": 1.0},
        "latency_ms": {"p50": 20.0},
    }
    assert points_of(closed)[0].rate_qps == 50.0


def record_file(folder: Path, name: str, leads: int, **more: object) -> str:
    path = folder / name
    machine = {"machine": {"cores": 2}, "data": {"leads": leads}, "completed": 9, "load": {}}
    path.write_text(json.dumps(machine | more))
    return str(path)


def test_the_record_says_what_it_read_and_assumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cpu = dict.fromkeys(NODES, 1.0)
    step = {"completed": 9, "cpu_ms_per_query": cpu, "latency_ms": {"p50": 10.0, "p95": 20.0}}
    loads = record_file(
        tmp_path, "step.json", 200, steps=[{"offered_qps": rate, **step} for rate in (20.0, 50.0, 90.0)]
    )
    alone = record_file(tmp_path, "alone.json", 200, **{**step, "load": {}})
    memory = record_file(
        tmp_path, "memory.json", 200, after_queries={name: {"pss_mib": 200.0} for name in NODES}
    )
    options = [
        "--loads",
        loads,
        "--alone",
        alone,
        "--memory",
        memory,
        "--out",
        str(tmp_path),
        "--linger-ms",
        "0",
    ]
    model.main(options)
    found = json.loads((tmp_path / "capacity.json").read_text())
    assert found["read"] == ["step.json", "alone.json", "memory.json"]
    assert len(found["plans"]) == len(model.RATES_QPS) * len(model.LEADS)
    assert found["compared"][0]["held_out"]
    assert (tmp_path / "plots" / "capacity.png").stat().st_size > 10_000
    told = capsys.readouterr().out
    assert "| 100,000 | 250 |" in told
    assert "not a measurement" in told
    other = record_file(tmp_path, "other.json", 300, steps=[])
    with pytest.raises(SystemExit, match="different data"):
        model.main([*options, "--loads", other])
