"""Fails below the coverage floors: 80 % overall, 95 % of branches in the parser and the scoring formulas."""

import json
import sys
from pathlib import Path

OVERALL = 80.0
BRANCHES = 95.0
PARSER_AND_FORMULAS = (
    "ranking/prompt/", "ranking/fit.py", "ranking/decay.py", "ranking/evidence", "ranking/boosts.py", "ranking/trim.py",
    "ranking/intent.py", "ranking/fusion.py", "ranking/relaxation.py", "ranking/collapse.py", "ranking/cascade.py",
    "ranking/features.py", "ranking/explain.py", "ranking/hits.py", "ranking/contributions.py", "ranking/events.py",
    "ranking/kernels/admission.py", "ranking/kernels/hits.py", "ranking/kernels/weighing.py", "ranking/kernels/pool.py",
    "ranking/kernels/trimming.py", "ranking/asking.py", "ranking/asked_share.py", "ranking/account.py", "ranking/tab.py",
    "ranking/prices.py",
)  # fmt: skip


def branch_share(files: dict[str, dict], prefixes: tuple[str, ...]) -> float:
    """Percent of branches taken in the files whose paths begin with one of the prefixes."""
    totals = [each["summary"] for path, each in files.items() if path.startswith(prefixes)]
    branches = sum(each["num_branches"] for each in totals)
    if not branches:
        raise SystemExit("coverage floor: no branches of the parser and the formulas were measured")
    return 100.0 * sum(each["covered_branches"] for each in totals) / branches


def main(report: Path) -> int:
    """Compare the report with the floors; the exit code."""
    measured = json.loads(report.read_text())
    overall = measured["totals"]["percent_covered"]
    branches = branch_share(measured["files"], PARSER_AND_FORMULAS)
    sys.stdout.write(
        f"coverage {overall:.1f} % (floor {OVERALL}), parser and formulas {branches:.1f} % of branches "
    )
    sys.stdout.write(f"(floor {BRANCHES})\n")
    return int(overall < OVERALL or branches < BRANCHES)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
