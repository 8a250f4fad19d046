"""Every address HAProxy listens on becomes loopback, or HAProxy does not start."""

from pathlib import Path

import pytest

from deployments.local.haproxy_config import bind_to_loopback, main


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("    bind :9101", "    bind 127.0.0.1:9101"),
        ("  bind *:8404", "  bind 127.0.0.1:8404"),
        ("    bind 0.0.0.0:8000", "    bind 127.0.0.1:8000"),
        ("    bind [::]:9000 proto h2", "    bind 127.0.0.1:9000 proto h2"),
        ("    bind 127.0.0.1:8000", "    bind 127.0.0.1:8000"),
        ("    bind /run/x.sock", "    bind /run/x.sock"),
    ],
)
def test_a_bind_line_is_moved_to_loopback(written: str, wanted: str) -> None:
    assert (
        bind_to_loopback(f"frontend f\n{written}\n    mode http\n")
        == f"frontend f\n{wanted}\n    mode http\n"
    )


def test_other_lines_are_left_alone() -> None:
    config = "backend b\n    server s 10.0.0.7:30000 check\n    # bind *:1 in a comment\n"
    assert bind_to_loopback(config) == config


@pytest.mark.parametrize("address", ["192.0.2.7:80", "eth0:80", "ipv6@:::80", "*:80,:::81"])
def test_an_address_that_stays_open_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="HAProxy would listen on"):
        bind_to_loopback(f"frontend f\n    bind {address}\n")


def test_the_file_after_f_is_rewritten_in_place(tmp_path: Path) -> None:
    config = tmp_path / "cfg"
    config.write_text("listen stats\n  bind *:8404\n")
    main(["-db", "-f", str(config), "-sf", "17"])
    assert config.read_text() == "listen stats\n  bind 127.0.0.1:8404\n"
    assert [path.name for path in tmp_path.iterdir()] == ["cfg"]
