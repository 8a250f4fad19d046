"""What `leads batch` refuses before anything is read or started."""

from pathlib import Path

import pytest

import cli
from commands.batching import driver_environment
from deployments.batch.manifest import write_manifest
from tests.fixtures.batch_manifests import manifest


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    with pytest.raises(SystemExit) as ended:
        cli.main(["batch", *map(str, arguments)])
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_both_paths_are_needed_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prompts = tmp_path / "p.csv"
    assert "OUT is missing" in refused(capsys, prompts)
    assert "PROMPTS is given twice" in refused(capsys, prompts, tmp_path, "--prompts", prompts)


def test_a_folder_with_a_batch_needs_resume_and_one_without_has_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts, data = tmp_path / "p.csv", ("--data", tmp_path)
    assert "holds no batch to resume" in refused(capsys, prompts, tmp_path / "out", "--resume", *data)
    write_manifest(tmp_path / "out", manifest(3))
    assert "give --resume" in refused(capsys, prompts, tmp_path / "out", *data)
    (tmp_path / "out" / "manifest.json").write_text("{}")
    assert "no manifest of this version" in refused(capsys, prompts, tmp_path / "out", "--resume", *data)


def test_a_driver_finds_what_ray_data_needs_and_listens_on_loopback_only() -> None:
    own = driver_environment({"PYTHONPATH": "/mine", "HOME": "/h"})
    assert own["PYTHONPATH"].split(":")[1].endswith("/batch")
    assert own["PYTHONPATH"].endswith(":/mine")
    assert own["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] == "0"
    assert "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER" not in driver_environment({"RAY_ADDRESS": "10.0.0.1:6379"})


def test_prompts_that_cannot_be_read_and_a_folder_without_a_snapshot_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts, data = tmp_path / "p.csv", ("--data", tmp_path / "none")
    assert "p.csv: there is no such file" in refused(capsys, prompts, tmp_path / "out", *data)
    prompts.write_text("prompt\n")
    assert "has no prompts" in refused(capsys, prompts, tmp_path / "out", *data)
    prompts.write_text("prompt\npayroll\n")
    with pytest.raises(SystemExit) as ended:
        cli.main(["batch", str(prompts), str(tmp_path / "out"), "--data", str(tmp_path / "none")])
    assert ended.value.code == 1
    assert "nothing is published yet" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
