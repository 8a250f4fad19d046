"""A running system is found, and a dead one's remains are not mistaken for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.local import registry
from deployments.local.registry import SystemState


@pytest.fixture(autouse=True)
def own_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An index of this test's own: other systems of this user stay out of sight."""
    monkeypatch.setattr(registry, "runtime_root", lambda: tmp_path)
    monkeypatch.setattr(registry, "runtime_folder", lambda folder: tmp_path / folder.name)
    return


def make_state(folder: Path, **changes: object) -> SystemState:
    pid, started_at = registry.this_process()
    folder.mkdir(parents=True, exist_ok=True)
    state = SystemState(
        data_dir=folder,
        pid=pid,
        process_started_at=started_at,
        phase="ready",
        http_port=8000,
        dashboard_port=None,
        dashboard_token_file=None,
    )
    return state.model_copy(update=changes)


def test_a_published_system_is_found_until_it_is_withdrawn(tmp_path: Path) -> None:
    state = make_state(tmp_path / "a")
    registry.publish(state)
    assert registry.system_of(tmp_path / "a") == state
    assert registry.running_systems() == (state,)
    assert (tmp_path / "a" / "system.json").stat().st_mode & 0o777 == 0o600
    registry.withdraw(tmp_path / "a")
    assert registry.system_of(tmp_path / "a") is None
    assert registry.running_systems() == ()


def test_several_systems_come_in_the_order_of_their_folders(tmp_path: Path) -> None:
    for name in ("b", "a"):
        registry.publish(make_state(tmp_path / name))
    assert [state.data_dir.name for state in registry.running_systems()] == ["a", "b"]


def test_another_process_with_the_same_number_is_not_the_system(tmp_path: Path) -> None:
    _, started_at = registry.this_process()
    registry.publish(make_state(tmp_path / "a", process_started_at=started_at - 3600.0))
    assert registry.system_of(tmp_path / "a") is None
    assert registry.running_systems() == ()


def test_a_process_that_is_gone_is_no_system(tmp_path: Path) -> None:
    registry.publish(make_state(tmp_path / "a", pid=2**22 + 1))  # above the kernel's highest process id
    assert registry.system_of(tmp_path / "a") is None


def test_a_state_file_that_cannot_be_read_is_no_system(tmp_path: Path) -> None:
    registry.publish(make_state(tmp_path / "a"))
    (tmp_path / "a" / "system.json").write_text("{}")
    assert registry.system_of(tmp_path / "a") is None


def test_withdrawing_what_is_not_known_changes_nothing(tmp_path: Path) -> None:
    registry.withdraw(tmp_path / "never")
    assert registry.running_systems() == ()


def test_the_address_is_loopback(tmp_path: Path) -> None:
    assert make_state(tmp_path / "a", http_port=8123).base_url == "http://127.0.0.1:8123"


def test_a_killed_systems_short_folder_is_dropped_and_a_running_ones_kept(tmp_path: Path) -> None:
    for name in ("dead", "alive"):
        registry.publish(make_state(tmp_path / "data" / name))
        (tmp_path / name).mkdir()
    registry.publish(make_state(tmp_path / "data" / "dead", pid=2**22 + 1))
    registry.forget_dead()
    assert [(tmp_path / name).exists() for name in ("dead", "alive")] == [False, True]
    assert [state.data_dir.name for state in registry.running_systems()] == ["alive"]
