"""Folders for sockets are short, ours, and enterable."""

import os
import stat
from pathlib import Path

import pytest

from db.embedded import folders
from ranking.errors import Unavailable


def test_each_data_folder_has_a_short_folder_of_its_own(tmp_path: Path) -> None:
    first, second = folders.runtime_folder(tmp_path / "a"), folders.runtime_folder(tmp_path / "b")
    assert first != second
    assert first == folders.runtime_folder(tmp_path / "x" / ".." / "a")
    assert len(str(first)) <= len("/tmp/leads-4294967295/12345678")


def test_a_runtime_folder_goes_when_it_is_empty_only(tmp_path: Path) -> None:
    made = folders.make_runtime_folder(tmp_path)
    (made / "socket").touch()
    folders.drop_runtime_folder(tmp_path)
    assert made.exists()
    (made / "socket").unlink()
    folders.drop_runtime_folder(tmp_path)
    assert not made.exists()


def test_a_root_that_somebody_else_made_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    other = os.getuid() + 54_321
    monkeypatch.setattr(folders.os, "getuid", lambda: other)
    root = Path(f"/tmp/leads-{other}")
    try:
        with pytest.raises(Unavailable, match="belongs to somebody else"):
            folders.runtime_root()
    finally:
        root.rmdir()


def test_folders_above_become_searchable_but_not_readable(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    private = tmp_path / "home"
    inside = private / "data"
    inside.mkdir(parents=True)
    private.chmod(0o700)
    inside.chmod(0o700)
    folders.let_enter(inside)
    assert stat.S_IMODE(private.stat().st_mode) == 0o701
    assert stat.S_IMODE(inside.stat().st_mode) == 0o700
    assert f"made {private} searchable" in caplog.text
