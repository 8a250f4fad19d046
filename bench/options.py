"""What a run of a scenario is told, from the command line or by `make bench`."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bench.record import RECORDS

BENCH_FOLDER = Path(".data") / "bench"
QUICK_RECORDS = BENCH_FOLDER / "records"


@dataclass(frozen=True)
class Options:
    """One run.

    `data`: folder of a local system; without it a world of the sizes below is made under `.data/bench/`, once. `world`: folder whose
    prompts are mixed in. `seconds` and `rate_qps` replace the scenario's own, `capacity_qps` spares `overload` its search.
    `record`: name of the record, the scenario's when None. `out`: folder of records; None: `bench/records/` for a full run,
    `.data/bench/records/` for a shortened one.
    """

    scenario: str
    data: Path | None = None
    world: Path | None = None
    companies: int = 100_000
    snippets: int = 500_000
    seed: int = 47
    record: str | None = None
    seconds: float | None = None
    rate_qps: float | None = None
    capacity_qps: float | None = None
    out: Path | None = None

    def overrides(self) -> dict[str, Any]:
        """What makes this run another than the full one, by option."""
        named = ("seconds", "rate_qps", "capacity_qps")
        sizes = () if self.data is not None else ("companies", "snippets")
        default = {field.name: field.default for field in fields(self)}
        return {
            name: getattr(self, name) for name in (*named, *sizes) if getattr(self, name) != default[name]
        }

    @property
    def records(self) -> Path:
        """Where its record goes."""
        return self.out or (QUICK_RECORDS if self.overrides() else RECORDS)

    @property
    def record_name(self) -> str:
        """What its record is called."""
        return self.record or self.scenario

    def folder(self) -> Path:
        """The data folder that is measured."""
        own = BENCH_FOLDER / f"{self.companies}-{self.snippets}-{self.seed}"
        return (self.data or own).resolve()

    def prompts(self) -> Path | None:
        """The world's prompts.jsonl, None where there is none."""
        path = (self.world or self.folder() / "world") / "prompts.jsonl"
        return path if path.exists() else None
