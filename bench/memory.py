"""Memory of each process of a local system, after queries have filled its caches.

Run from the repository root: `python -m bench.memory --data DIR` or `--url URL`; writes bench/records/memory.json. The
sum is of PSS: pages that several processes map, such as the snapshot's, count once.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import httpx2

from bench import processes, prompts, record
from bench.one_query import ask_all
from bench.running import add_options, local_system

_SEED = 43
_TIMEOUT_S = 30.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    parser.add_argument("--queries", type=int, default=300, help="asked before memory is read")
    parser.add_argument("--prompts", type=Path, help="a synthetic world's prompts.jsonl to mix in")
    parser.add_argument("--name", default="memory", help="name of the record")
    options = parser.parse_args(arguments)
    asked = prompts.unique_prompts(options.queries, _SEED, options.prompts)
    with local_system(options.url, options.data) as state:
        found = record.heading("memory", record.data_of(state.data_dir), {"kind": "closed", "in_flight": 1})
        at_rest = processes.memory(state.pid)
        with httpx2.Client(base_url=state.base_url, timeout=_TIMEOUT_S) as client:
            seen = ask_all(client, asked, 25)
        used = processes.memory(state.pid)
    found |= {
        "offered": options.queries, "completed": len(seen.latencies_ms), "errors": dict(seen.errors),
        "after_queries": _shown(used), "before_queries": _shown(at_rest),
    }  # fmt: skip
    path = record.write(options.name, found)
    print(path.name, "PSS before and after, MiB")
    for name, after in found["after_queries"].items():
        print(
            f"  {name:20s} {found['before_queries'].get(name, after)['pss_mib']:9.1f} {after['pss_mib']:9.1f}"
        )


def _shown(found: dict[str, processes.Memory]) -> dict[str, dict[str, float]]:
    """Most first, the sum last."""
    ordered = dict(sorted(found.items(), key=lambda item: -item[1].pss_mib))
    total = processes.Memory(*(round(sum(column), 1) for column in zip(*found.values(), strict=True)))
    return {name: each._asdict() for name, each in {**ordered, "total": total}.items()}


if __name__ == "__main__":
    main()
