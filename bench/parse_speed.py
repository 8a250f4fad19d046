"""CPU per parse over a mix of prompts that is printed with the figures; writes bench/records/parse-speed.json (F-1).

Run from the repository root: python -m bench.parse_speed
"""

import datetime
import hashlib
import json
import math
import os
import platform
import random
import subprocess
import time
from pathlib import Path

from ranking.prompt import parse
from ranking.taxonomy.loading import load_taxonomy

RECORD = Path("bench/records/parse-speed.json")
REPEATS = 60
SEED = 7
TARGET_MEDIAN_MS = 0.5
TARGET_P95_MS = 2.0
MIX = (
    "HR software for healthcare companies in DACH with 50-500 employees, not hospitals, like Doctolib",
    "We sell payroll software to manufacturers and logistics companies in Germany, Austria and Switzerland with more"
    " than 200 employees, but not to staffing agencies or banks",
    "mechanical contractors in Texas with 20 to 200 people, not electrical-only, paving or staffing,"
    " that need accounting software",
    "analytics like Tableau for finance companies in London and New York with at least 1,000 employees, not only banks",
    "find 30 series A or series B fintech startups in Europe hiring SDRs and using Salesforce, except companies"
    " like Stripe and Adyen",
    "VP eng series B saas california hiring kubernetes aws 50-200 not agencies remote first developer tools security",
    "I'm looking for CFOs and HR leaders at mid-market retailers in the UK and the Netherlands who need a new ERP this year",
    "CRM für Versicherungen und Banken in Deutschland, Österreich und der Schweiz mit mehr als 500 Mitarbeitern, aber keine"
    " Startups und nicht nur in Berlin",
    "logiciel de paie pour les restaurants et hôtels en France et en Belgique, de 50 à 500 salariés, sauf Paris et pas"
    " de chaînes",
    "vendemos software de contabilidad a despachos de abogados y aseguradoras en España con menos de 100 empleados, no a bancos",
    "software de RH para hospitais e clínicas em Portugal e no Brasil com mais de 200 funcionários, exceto Lisboa, sem startups",
    "vendiamo software contabile agli studi legali in Italia con meno di 50 dipendenti, non alle banche, non solo a Milano",
    "wij verkopen boekhoudsoftware aan advocatenkantoren in Nederland en België met meer dan 20 medewerkers, niet aan banken",
)


def main() -> None:
    """Measure and write the record."""
    taxonomy = load_taxonomy()
    random_order = random.Random(SEED)
    jobs = [prompt for prompt in MIX for _ in range(REPEATS)]
    random_order.shuffle(jobs)
    for prompt in MIX:
        parse(prompt, taxonomy)
    started = datetime.datetime.now(datetime.UTC)
    times_ms = [_cpu_ms(prompt, taxonomy) for prompt in jobs]
    by_prompt = {
        prompt: round(
            _quantile([spent for job, spent in zip(jobs, times_ms, strict=True) if job == prompt], 0.5), 4
        )
        for prompt in MIX
    }
    record = _record(started, times_ms, by_prompt, len(taxonomy.surfaces), taxonomy.version)
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    RECORD.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", "utf-8")
    for prompt, median in by_prompt.items():
        print(f"{median:8.3f} ms  {len(prompt.split()):3d} words  {prompt}")
    print(
        f"median {record['cpu_ms']['p50']} ms, P95 {record['cpu_ms']['p95']} ms, P99 {record['cpu_ms']['p99']} ms"
    )
    print(
        f"targets: median <= {TARGET_MEDIAN_MS} ms, P95 <= {TARGET_P95_MS} ms: {'met' if record['met'] else 'missed'}"
    )


def _cpu_ms(prompt, taxonomy):
    before = time.process_time_ns()
    parse(prompt, taxonomy)
    return (time.process_time_ns() - before) / 1e6


def _quantile(values, share):
    """Return the smallest value that at least `share` of the values do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _record(started, times_ms, by_prompt, surfaces, version):
    cpu_ms = {
        name: round(_quantile(times_ms, share), 4)
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    }
    return {
        "scenario": "parse-speed",
        "started_at": started.isoformat(timespec="seconds"),
        "git_sha": _git("rev-parse", "HEAD"),
        "dirty": bool(_git("status", "--porcelain", "--", "ranking", "bench/parse_speed.py")),
        "machine": {"cpu": _cpu_name(), "cores": os.cpu_count()},
        "versions": {"python": platform.python_version(), "taxonomy": version},
        "data": {
            "prompts": len(MIX),
            "repeats": REPEATS,
            "surfaces": surfaces,
            "sha256": hashlib.sha256("\n".join(MIX).encode()).hexdigest(),
        },
        "offered": len(times_ms),
        "completed": len(times_ms),
        "errors": {},
        "cpu_ms": cpu_ms | {"max": round(max(times_ms), 4)},
        "cpu_ms_median_by_prompt": by_prompt,
        "targets_ms": {"p50": TARGET_MEDIAN_MS, "p95": TARGET_P95_MS},
        "met": cpu_ms["p50"] <= TARGET_MEDIAN_MS and cpu_ms["p95"] <= TARGET_P95_MS,
    }


def _git(*arguments):
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout.strip()


def _cpu_name():
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    main()
