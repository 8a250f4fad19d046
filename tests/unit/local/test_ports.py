"""A system's ports are its own, whether anything listens on them yet or not."""

import socket

import pytest

from deployments.local import ports
from deployments.local.ports import PortBlock, claimed_block, is_free
from ranking.errors import Unavailable


def test_every_port_of_a_block_has_one_use() -> None:
    block = PortBlock(20_000)
    named = [
        block.gcs,
        block.dashboard,
        block.dashboard_agent,
        block.dashboard_metrics,
        block.node_metrics,
        block.fallback_proxy,
        block.haproxy_metrics,
        block.haproxy_stats,
        *block.replicas,
    ]
    assert sorted(named) == list(range(20_000, 20_032))


def test_two_claims_get_different_blocks_and_one_given_back_is_taken_again() -> None:
    with claimed_block() as first:
        with claimed_block() as second:
            assert abs(first.first - second.first) >= 32
        with claimed_block() as third:
            assert third == second


def test_a_block_with_a_busy_port_is_passed_over() -> None:
    with claimed_block() as first:
        pass
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", first.replicas[3]))
        listener.listen()
        with claimed_block() as second:
            assert second.first > first.first


def test_a_listener_on_all_interfaces_makes_a_port_busy() -> None:
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)


def test_no_free_block_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "is_free", lambda port: False)
    with pytest.raises(Unavailable, match="no 32 neighbouring ports are free"), claimed_block():
        pass
