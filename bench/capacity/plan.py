"""Replicas, utilisation, latency and dollars for a rate and a number of leads, from fitted costs.

Every node is scaled alone. A replica is one process on one vCPU; a leaf whose index outgrows a replica's memory, or whose scan
outgrows its time, is cut into shards that all answer every query. Sharding is not built: the plan says from where on it
would be needed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bench.capacity.fit import LEAVES, Cost, Costs, grown
from bench.capacity.queues import NONE, Wait, m_d_1, quantile_s

NODES = ("ingress", *LEAVES)
HOURS_PER_MONTH = 730.0
SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600.0
_MOST_REPLICAS = 100_000


@dataclass(frozen=True)
class Growth:
    """How a node grows with leads: CPU per item and lead, and memory."""

    ms_per_lead: float
    fixed_mib: float
    mib_per_lead: float


@dataclass(frozen=True)
class Assumptions:
    """What is not measured here. `measured_leads`: of the records that costs were fitted to."""

    measured_leads: float
    usd_per_vcpu_hour: float = 0.045
    gib_per_vcpu: float = 4.0
    target_utilisation: float = 0.6
    longest_item_ms: float = 20.0
    fixed_vcpu: float = 4.0


@dataclass(frozen=True)
class NodePlan:
    """One node: `shards` times `replicas` processes of `vcpu` each."""

    shards: int
    replicas: int
    utilisation: float
    batch: float
    vcpu: float
    mib: float

    @property
    def processes(self) -> int:
        """All of the node."""
        return self.shards * self.replicas


@dataclass(frozen=True)
class Plan:
    """One row of the table."""

    rate_qps: float
    leads: float
    nodes: Mapping[str, NodePlan]
    p95_ms: float
    usd_per_month: float
    usd_per_1000: float


def plan(
    rate_qps: float, leads: float, costs: Costs, growth: Mapping[str, Growth], assumed: Assumptions
) -> Plan:
    """The smallest number of replicas of each node below the target utilisation, and what comes of it."""
    nodes, wait, floor_ms = {}, NONE, costs.floor_ms
    for name in NODES:
        nodes[name], more, extra_ms = _node(name, rate_qps, leads, costs, growth[name], assumed)
        wait, floor_ms = wait + more, floor_ms + extra_ms
    vcpu = assumed.fixed_vcpu + sum(node.processes * node.vcpu for node in nodes.values())
    usd = vcpu * assumed.usd_per_vcpu_hour * HOURS_PER_MONTH
    spread_ms = max(0.0, costs.floor_p95_ms - costs.floor_ms) / 1.645
    p95_s = quantile_s(floor_ms / 1000.0, wait + Wait(0.0, (spread_ms / 1000.0) ** 2), 0.95)
    per_1000 = 1000.0 * usd / (rate_qps * SECONDS_PER_MONTH)
    return Plan(rate_qps, leads, nodes, round(1000.0 * p95_s, 1), round(usd, 2), per_1000)


def shards_of(own: Growth, leads: float, assumed: Assumptions) -> int:
    """Shards that keep the part of an item's work that grows with leads, and a replica's memory, within bounds."""
    room_mib = max(1.0, assumed.gib_per_vcpu * 1024.0 - own.fixed_mib)
    by_memory, by_time = (
        own.mib_per_lead * leads / room_mib,
        own.ms_per_lead * leads / assumed.longest_item_ms,
    )
    return max(1, math.ceil(max(by_memory, by_time)))


def _node(
    name: str, rate_qps: float, leads: float, costs: Costs, own: Growth, assumed: Assumptions
) -> tuple[NodePlan, Wait, float]:
    """The node, the wait it adds, and by how many ms its work on one query has become longer than measured."""
    measured, leaf = costs.by_process[name], name in LEAVES
    shards = shards_of(own, leads, assumed) if leaf else 1
    cost = grown(measured, own.ms_per_lead, assumed.measured_leads, leads / shards)
    replicas = _replicas(
        cost, rate_qps, costs.linger_ms if leaf else 0.0, assumed.target_utilisation, leaf=leaf
    )
    each_qps = rate_qps / replicas
    mib = own.fixed_mib + own.mib_per_lead * leads / shards
    vcpu = max(1.0, mib / 1024.0 / assumed.gib_per_vcpu)
    longer_ms = cost.item_ms - measured.item_ms
    if not leaf:
        service_s = (cost.call_ms + cost.item_ms) / 1000.0
        return (
            NodePlan(1, replicas, each_qps * service_s, 1.0, vcpu, mib),
            m_d_1(each_qps, service_s),
            longer_ms,
        )
    queue = cost.bulk(costs.linger_ms)
    found = NodePlan(shards, replicas, queue.rho(each_qps), queue.batch(each_qps), vcpu, mib)
    return found, queue.delay(each_qps), longer_ms


def _replicas(cost: Cost, rate_qps: float, linger_ms: float, target: float, *, leaf: bool) -> int:
    """The fewest, to 5 %, that are busy for at most `target` of their time.

    Raises:
        ValueError: no number below the largest does.
    """
    queue = cost.bulk(linger_ms)
    replicas = max(1, math.ceil(rate_qps * cost.item_ms / 1000.0 / target))
    while replicas <= _MOST_REPLICAS:
        each_qps = rate_qps / replicas
        rho = queue.rho(each_qps) if leaf else each_qps * (cost.call_ms + cost.item_ms) / 1000.0
        if rho <= target:
            return replicas
        replicas += max(1, replicas // 20)
    raise ValueError(f"more than {_MOST_REPLICAS} replicas")
