"""Serve takes the middleware from where the environment says; what it does is in tests/integration/test_ways_to_a_query.py."""

from pathlib import Path

import pytest
from ray.serve._private import http_util
from ray.serve.config import HTTPOptions

from deployments.front import Front
from deployments.local.loopback import RayFolders, environment
from deployments.local.ports import PortBlock

NAME = "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH"


def test_serve_puts_it_around_its_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = environment(RayFolders(tmp_path), PortBlock(20_000))[NAME]
    assert hasattr(http_util, NAME)
    monkeypatch.setattr(http_util, NAME, where)
    assert [each.cls for each in http_util.configure_http_middlewares(HTTPOptions()).middlewares] == [Front]


def test_with_threads_of_serves_it_stays_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        http_util, NAME, environment(RayFolders(tmp_path), PortBlock(20_000), throughput=False)[NAME]
    )
    assert http_util.configure_http_middlewares(HTTPOptions()).middlewares == []
