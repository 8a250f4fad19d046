"""Replicas, machines, latency and dollars for a rate and a number of leads, from the fitted model.

Every node is scaled alone; a replica is one process on one vCPU. A leaf whose index outgrows a replica's memory, or whose work
on one query outgrows its time, is cut into shards that all answer every query. Sharding is not built: the plan says from where
on it would be needed.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bench.capacity.fit import Cost, Fitted, grown
from bench.capacity.points import CALLED, REST
from bench.capacity.queues import NONE, Wait, m_d_1, quantile_s

LEAVES = (*CALLED, "embedder")
NODES = ("ingress", *LEAVES)
HOURS_PER_MONTH = 730.0
SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600.0
_MOST_REPLICAS = 100_000


@dataclass(frozen=True)
class Growth:
    """How a node grows with leads: CPU per query and lead, and memory."""

    ms_per_lead: float
    fixed_mib: float
    mib_per_lead: float


@dataclass(frozen=True)
class Assumptions:
    """What is not measured here. `measured_leads`: of the records that costs were fitted to."""

    measured_leads: float
    usd_per_vcpu_hour: float = 0.045
    gib_per_vcpu: float = 4.0
    vcpu_per_machine: int = 16
    target_utilisation: float = 0.6
    longest_item_ms: float = 20.0
    fixed_vcpu: float = 4.0


@dataclass(frozen=True)
class NodePlan:
    """One node: `shards` times `replicas` processes of `vcpu` each."""

    shards: int
    replicas: int
    utilisation: float
    vcpu: float
    mib: float

    @property
    def processes(self) -> int:
        """All of the node."""
        return self.shards * self.replicas


@dataclass(frozen=True)
class Plan:
    """One row of the table. `calls`: list calls of one hop per query."""

    rate_qps: float
    leads: float
    nodes: Mapping[str, NodePlan]
    calls: float
    vcpu: float
    machines: int
    p95_ms: float
    usd_per_month: float
    usd_per_1000: float

    def told(self) -> dict[str, Any]:
        """For a record."""
        digits = {"calls": 4, "vcpu": 1, "p95_ms": 1, "usd_per_month": 0, "usd_per_1000": 6}
        return asdict(self) | {name: round(getattr(self, name), places) for name, places in digits.items()}


def plan(
    rate_qps: float, leads: float, fitted: Fitted, growth: Mapping[str, Growth], assumed: Assumptions
) -> Plan:
    """The fewest ingresses, and of each leaf the fewest replicas, that are busy for at most the target."""
    ingresses, calls = _ingresses(rate_qps, fitted, assumed.target_utilisation)
    nodes = {"ingress": _ingress(rate_qps, leads, ingresses, calls, fitted, growth["ingress"], assumed)}
    wait, longer_ms = NONE, 0.0
    for name in LEAVES:
        nodes[name], more, extra_ms = _leaf(
            name, rate_qps, leads, ingresses, calls, fitted, growth[name], assumed
        )
        wait, longer_ms = wait + more, longer_ms + extra_ms
    rest = fitted.costs[REST]
    vcpu = assumed.fixed_vcpu + rate_qps * rest.item_ms / 1000.0 / assumed.target_utilisation
    vcpu += sum(node.processes * node.vcpu for node in nodes.values())
    usd = vcpu * assumed.usd_per_vcpu_hour * HOURS_PER_MONTH
    p95_ms = fitted.latency_ms(fitted.p95, rate_qps / ingresses) + longer_ms
    p95_ms = 1000.0 * quantile_s(p95_ms / 1000.0, wait, 0.95)
    per_1000 = 1000.0 * usd / (rate_qps * SECONDS_PER_MONTH)
    machines = math.ceil(vcpu / assumed.vcpu_per_machine)
    return Plan(rate_qps, leads, nodes, calls, vcpu, machines, p95_ms, usd, per_1000)


def shards_of(own: Growth, leads: float, assumed: Assumptions) -> int:
    """Shards that keep the part of a query's work that grows with leads, and a replica's memory, within bounds."""
    room_mib = max(1.0, assumed.gib_per_vcpu * 1024.0 - own.fixed_mib)
    by_memory, by_time = (
        own.mib_per_lead * leads / room_mib,
        own.ms_per_lead * leads / assumed.longest_item_ms,
    )
    return max(1, math.ceil(max(by_memory, by_time)))


def _ingresses(rate_qps: float, fitted: Fitted, target: float) -> tuple[int, float]:
    """How many, and calls of one hop per query then.

    Raises:
        ValueError: no number below the largest does.
    """
    count = max(1, math.ceil(rate_qps * fitted.costs["ingress"].item_ms / 1000.0 / target))
    while count <= _MOST_REPLICAS:
        each_qps = rate_qps / count
        calls = fitted.calls(each_qps)
        if fitted.busy(each_qps, calls) <= target:
            return count, calls
        count += 1
    raise ValueError(f"more than {_MOST_REPLICAS} ingresses")


def _ingress(
    rate_qps: float, leads: float, count: int, calls: float, fitted: Fitted, own: Growth, assumed: Assumptions
) -> NodePlan:
    mib = own.fixed_mib + own.mib_per_lead * leads
    return NodePlan(1, count, fitted.busy(rate_qps / count, calls), _vcpu(mib, assumed), mib)


def _leaf(
    name: str,
    rate_qps: float,
    leads: float,
    ingresses: int,
    calls: float,
    fitted: Fitted,
    own: Growth,
    assumed: Assumptions,
) -> tuple[NodePlan, Wait, float]:
    """The leaf, the wait for calls of other ingresses, and by how many ms its work on one query has become longer than measured."""
    measured, shards = fitted.costs[name], shards_of(own, leads, assumed)
    cost = grown(measured, own.ms_per_lead, assumed.measured_leads, leads / shards)
    replicas = max(1, math.ceil(rate_qps * cost.work_ms(calls) / 1000.0 / assumed.target_utilisation - 1e-9))
    mib = own.fixed_mib + own.mib_per_lead * leads / shards
    busy = rate_qps * cost.work_ms(calls) / 1000.0 / replicas
    found = NodePlan(shards, replicas, busy, _vcpu(mib, assumed), mib)
    longer_ms = max(0.0, cost.item_ms - measured.item_ms) / calls  # for all that travel in one call
    return found, _collisions(cost, rate_qps / replicas, calls, ingresses), longer_ms


def _collisions(cost: Cost, rate_qps: float, calls: float, ingresses: int) -> Wait:
    """The wait of a call behind those of other ingresses; one ingress's calls to a node follow each other."""
    others = (ingresses - 1) / ingresses
    return m_d_1(others * rate_qps * calls, cost.work_ms(calls) / calls / 1000.0)


def _vcpu(mib: float, assumed: Assumptions) -> float:
    """A replica works in one thread; memory beyond a vCPU's share is paid for in vCPUs."""
    return max(1.0, mib / 1024.0 / assumed.gib_per_vcpu)
