"""What every benchmark record says beside its figures, and the one way to write it (interfaces.md, "Benchmark record").

A record that loses requests is refused: completed + errors must be offered.
"""

import json
import math
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

RECORDS = Path(__file__).parent / "records"
SERVING_PACKAGES = ("ray", "numpy", "bm25s", "lightgbm", "onnxruntime", "torch", "asyncpg", "fastapi")
_QUANTILES = (("p50", 0.50), ("p95", 0.95), ("p99", 0.99))
_MIB = 2**20
_NUMBERS = re.compile(r"\[\s+((?:(?:-?[\d.]+(?:[eE][+-]?\d+)?|null),?\s+)+)\]")


class InvalidRecord(ValueError):
    """A record whose figures do not add up."""


def heading(
    scenario: str,
    data: Mapping[str, Any],
    load: Mapping[str, Any],
    packages: Iterable[str] = SERVING_PACKAGES,
) -> dict[str, Any]:
    """What a record says first: scenario, time, code, machine, versions, data and load."""
    return {
        "scenario": scenario,
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "git_sha": _git("rev-parse", "HEAD"),
        "dirty": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "machine": machine(),
        "versions": {"python": platform.python_version(), **_versions(packages)},
        "data": dict(data),
        "load": dict(load),
    }


def machine() -> dict[str, Any]:
    """Processor, cores, memory and the load it already bore when this was asked."""
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "gpu": None,
        "load_average_before": round(psutil.getloadavg()[0], 2),
    }


def data_of(data_dir: Path) -> dict[str, Any]:
    """Counts and content digest of the snapshot that a local system serves."""
    root = data_dir / "snapshots"
    generation = (root / "CURRENT").read_text("utf-8").strip()
    manifest = json.loads((root / generation / "manifest.json").read_text("utf-8"))
    return {**manifest["counts"], "sha256": manifest["content_hash"]}


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 and max, rounded to microseconds when the values are milliseconds; nearest rank, empty without values."""
    if not values:
        return {}
    ordered = sorted(values)
    found = {name: ordered[max(0, math.ceil(share * len(ordered)) - 1)] for name, share in _QUANTILES}
    return {name: round(value, 3) for name, value in {**found, "max": ordered[-1]}.items()}


def checked(counts: Mapping[str, Any]) -> None:
    """Raise `InvalidRecord` unless every request that was offered is counted as completed or as an error."""
    lost = counts["offered"] - counts["completed"] - sum(counts["errors"].values())
    if lost:
        raise InvalidRecord(
            f"{counts['offered']} offered, {counts['completed']} completed, "
            f"{sum(counts['errors'].values())} errors: {lost} are lost"
        )


def write(name: str, record: Mapping[str, Any], folder: Path = RECORDS) -> Path:
    """Write `record` as `<name>.json`; refuses one that loses requests, in itself or in one of its steps."""
    checked(record)
    for step in record.get("steps", ()):
        checked(step)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    text = json.dumps(record, indent=2, ensure_ascii=False)
    path.write_text(_NUMBERS.sub(_on_one_line, text) + "\n", "utf-8")
    return path


def _on_one_line(numbers: re.Match[str]) -> str:
    return f"[{' '.join(numbers[1].split())}]"


def mib(size_bytes: float) -> float:
    """Bytes as MiB, to a tenth."""
    return round(size_bytes / _MIB, 1)


def _versions(packages: Iterable[str]) -> dict[str, str]:
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "absent"
    return found


def _git(*arguments: str) -> str:
    project = Path(__file__).parents[1]
    done = subprocess.run(["git", *arguments], cwd=project, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def _cpu_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text("utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
