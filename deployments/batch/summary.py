"""The end of a batch: nothing is missing, nothing is there twice, and what it took."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from db.snapshot.layout import write_durably
from deployments.batch.manifest import BatchManifest
from deployments.batch.parts import Account, done_parts, name_of, remarks
from ranking.errors import ArtifactError

ERRORS = "errors.jsonl"
SUMMARY = "summary.json"
_HOUR_S = 3_600.0


@dataclass(frozen=True, slots=True)
class RunFigures:
    """One run's own figures: `prompts` it answered, in `wall_s` seconds with `workers` actors.

    `start_s` of them passed until the first part of `first_prompts` prompts was done.
    """

    prompts: int
    workers: int
    wall_s: float
    start_s: float
    peak_rss_mib: float
    first_prompts: int = 0


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """A finished batch. `cpu_s`, `cost_usd` are of all its parts, whichever run wrote them; workers' start is not in them.

    `remarks` counts the rows of errors.jsonl by code. A language model is never asked, so CPU time is the whole cost.
    """

    prompts: int
    leads: int
    remarks: Mapping[str, int]
    cpu_s: float
    cpu_ms_per_prompt: float
    cost_usd: float
    cost_per_lead_usd: float | None
    usd_per_cpu_hour: float
    run: RunFigures
    prompts_per_s: float | None
    parts: int
    versions: Mapping[str, str]


def finish(out: Path, manifest: BatchManifest, run: RunFigures, usd_per_cpu_hour: float) -> BatchSummary:
    """Check every part, write errors.jsonl and summary.json.

    Raises:
        ArtifactError: a part is missing or does not hold what it says.
    """
    accounts = _checked(out, manifest)
    codes: Counter[str] = Counter()
    lines = []
    for row in remarks(out):
        codes[row["code"]] += 1
        lines.append(orjson.dumps(row))
    write_durably(out / ERRORS, b"".join(line + b"\n" for line in lines))
    cpu_s = sum(each.cpu_s for each in accounts.values())
    leads = sum(each.leads for each in accounts.values())
    cost_usd = cpu_s / _HOUR_S * usd_per_cpu_hour
    summary = BatchSummary(
        prompts=manifest.prompts.rows, leads=leads, remarks=dict(codes), cpu_s=round(cpu_s, 2),
        cpu_ms_per_prompt=round(cpu_s * 1000.0 / max(1, manifest.prompts.rows), 3), cost_usd=round(cost_usd, 6),
        cost_per_lead_usd=cost_usd / leads if leads else None, usd_per_cpu_hour=usd_per_cpu_hour, run=run,
        prompts_per_s=round(run.prompts / run.wall_s, 2) if run.prompts else None, parts=manifest.parts,
        versions=manifest.versions.model_dump(),
    )  # fmt: skip
    write_durably(out / SUMMARY, orjson.dumps(asdict(summary), option=orjson.OPT_INDENT_2) + b"\n")
    return summary


def _checked(out: Path, manifest: BatchManifest) -> Mapping[int, Account]:
    accounts = done_parts(out)
    if accounts.keys() != set(range(manifest.parts)):
        lacking = sorted(set(range(manifest.parts)) - accounts.keys())
        raise ArtifactError(
            str(out), f"{len(lacking)} of {manifest.parts} parts are missing, first {lacking[:1]}"
        )
    for part, account in accounts.items():
        expected = min(manifest.part_prompts, manifest.prompts.rows - part * manifest.part_prompts)
        if account.prompts != expected:
            raise ArtifactError(name_of(part), f"has {account.prompts} prompts, not {expected}")
    return accounts
