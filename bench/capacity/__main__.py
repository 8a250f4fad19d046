"""`python -m bench.capacity`: fit the capacity model to the records; writes capacity.json, its plot, docs/capacity.md and benchmarks.md.

Needs loads at three rates or more, as `leads bench step` records them.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from bench import record, report
from bench.capacity.model import Sources, built
from bench.capacity.page import draw, page
from bench.capacity.plan import Assumptions

PAGE = Path(__file__).parents[2] / "docs" / "capacity.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, write, print where; 1 when the records do not allow it."""
    options = _options(arguments)
    sources = Sources(
        options.loads or [record.RECORDS / "step.json"], options.large, options.small, options.memory
    )
    try:
        found = built(sources, options.usd_per_vcpu_hour)
    except FileNotFoundError as err:
        print(f"no record {err.filename}; `leads bench step` makes step.json", file=sys.stderr)
        return 1
    except ValueError as err:
        print(err, file=sys.stderr)
        return 1
    path = record.write("capacity", found, options.out)
    draw(found, options.out / "plots" / "capacity.png")
    options.page.write_text(page(found), "utf-8")
    if options.out == record.RECORDS:
        report.main()
    print(path, options.page, sep="\n")
    return 0  # fmt: skip


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    price = next(each.default for each in fields(Assumptions) if each.name == "usd_per_vcpu_hour")
    kept = record.RECORDS
    parser = argparse.ArgumentParser(prog="python -m bench.capacity", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--loads", type=Path, action="append", help="record with loads at several rates (step.json)"
    )
    parser.add_argument(
        "--large", type=Path, default=kept / "one-query-100k.json", help="one query at a time"
    )
    parser.add_argument(
        "--small", type=Path, default=kept / "one-query-startups.json", help="the same on fewer leads"
    )
    parser.add_argument("--memory", type=Path, default=kept / "memory-100k.json", help="memory by process")
    parser.add_argument("--usd-per-vcpu-hour", type=float, default=price)
    parser.add_argument("--out", type=Path, default=kept, help="folder of record and plot")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to write")
    return parser.parse_args(arguments)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
