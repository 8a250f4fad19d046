"""docs/ann.md out of the records, and its pictures: `python -m bench.ann --page`. No figure is written there by hand."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench.ann.exact import Compiled
from bench.ann.measuring import AT_ONCE, cheapest
from bench.ann.reading import WANTED, Record, best, filters, methods, records
from bench.record import RECORDS
from db.filtering.vector_codes import WORTH_BOUNDING

PAGE = Path(__file__).parents[2] / "docs" / "ann.md"
PICTURES = PAGE.parent / "images"
SERVICE = "int8 bounds, exact rest"
BETTER = 0.99
BUDGET_MS = 18.0
_QUIET = 1.0  # load average

_INTRO = f"""# Nearest companies: which search the service uses

<!-- Made by `python -m bench.ann --page` out of bench/records/{{ann,ann-1m,ann-1m-postgres}}.json; a test compares the two. -->

"Companies like Stripe" (F-2b) asks for the rows whose vectors point the same way as the exemplars', among the rows that a filter
leaves. This page compares ways to find the 100 nearest, each at the cheapest of its settings that finds at least {WANTED:.0%} of the exact
answer (recall@100), under filters that leave 100 %, 10 %, 1 % and 0.1 % of the rows: rows by chance, and rows near each other, as
those of one trade are. The lookup may take {BUDGET_MS:.0f} ms (P95).
"""

_HOW = f"""## How it was measured

- "Cheapest" means CPU per query: on one thread of an idle machine that is the latency, and on a busy one only it can be compared.
- One query at a time, one thread everywhere (Faiss, BLAS, no parallel workers in Postgres). "CPU" is this process and the database's.
  "At once" asks {AT_ONCE} queries under one filter together, in queries per second of CPU; where a method cannot, one after the other.
- Every method gets the filter as it would in use: packed bits (turning bits into rows is part of the time), in Postgres a WHERE on an
  indexed integer column. A query is the mean of one, two or three stored vectors that are near each other.
- A row counts as found when it passes the filter and its exact cosine is at least that of the last row of the exact answer, less 10⁻⁶.
- Rows "near" are those nearest to a pivot drawn from the rows; most queries lie far from them. That is the hard case for a graph:
  the walk starts at the query's neighbours, none of which pass.
- Settings are tried from cheap to dear until recall reaches {BETTER}: `efSearch` 100 to 3,200, `nprobe` 8 to 512, pgvector's
  `hnsw.ef_search` 100 to 1,000 with `hnsw.max_scan_tuples` up to all rows. Graphs have 16 links and were built with 100 candidates, IVF
  has 4√n lists. Postgres was made to use its graph, or not to, by switching the other plans off; under "planner's plan" it chooses.
- "Held" is what a process or the database keeps: index and, where they are read, the vectors.
- What did not answer all queries within the time allowed is counted in the record (`out_of_time`), not left out.
"""


def publish(folder: Path = RECORDS) -> None:
    """Write the page, and the pictures where matplotlib is installed."""
    found = records(folder)
    PAGE.write_text(page(found), "utf-8")
    if find_spec("matplotlib"):
        from bench.ann.plots import draw  # noqa: PLC0415 - only those who publish need matplotlib

        for name, each in found.items():
            draw(each, PICTURES / f"{name}.svg")


def page(found: Mapping[str, Record]) -> str:
    """The whole page."""
    parts = [_INTRO, _conclusion(found)]
    parts += [_section(name, each) for name, each in found.items()]
    return "\n".join([*parts, _HOW])


def _conclusion(found: Mapping[str, Record]) -> str:
    lines = [
        "## What came out",
        "",
        f'The service uses "{SERVICE}" (`db/filtering/vector_codes.py`): vectors in one byte per dimension bound every cosine',
        "from both sides, rows that are surely behind the wanted number of others are ruled out, and the few that are left are",
        "compared exactly; fewer than 2,000 rows are compared exactly at once. Its answer is the exact one (recall 1), there is no",
        "graph to build and to keep, and the same input gives the same answer.",
        "",
    ]
    for name, record in found.items():
        lines += [*_verdict(name, record), ""]
    return "\n".join(lines)


def _verdict(name: str, record: Record) -> Iterator[str]:
    rows = record["data"]["vectors"]
    own = {where: _service(record, where) for where, _ in filters(record)}
    least = {where: best(record, where) for where in own}
    behind = {
        where: own[where]["cpu_ms"] / least[where]["cpu_ms"]
        for where in own
        if least[where]["method"] not in _same(least[where]["rows"])
    }
    yield f"**{_title(name, record)}.** It takes the least CPU under {len(own) - len(behind)} of {len(own)} filters."
    for where, ratio in behind.items():
        other = least[where]
        yield (
            f"- {where}: {other['method']} takes {_ms(other['cpu_ms'])} (recall {other['recall']:.3f}), "
            f"ours {_ms(own[where]['cpu_ms'])}: {ratio:.1f} times as much."
        )
    spent = own["all"]["cpu_ms"]
    yield (
        f"- Without any filter it takes {_ms(spent)} of CPU, and grows with the rows: {BUDGET_MS:.0f} ms are reached at about "
        f"{_round(rows * BUDGET_MS / spent):,} rows that pass. Beyond that a graph is the choice for wide filters."
    )
    graph = cheapest(record["results"], "Faiss HNSW", "all", WANTED)
    if graph is not None:
        held = record["built"]["Faiss HNSW"]
        yield (
            f"- The graph of Faiss answers in {_ms(graph['cpu_ms'])} there, for {held['build_cpu_s']:,.0f} s of building with "
            f"every snapshot and {held['held_mib']:,.0f} MiB; "
            "under narrower filters it is slower than the scan, or does not reach the recall."
        )


def _title(name: str, record: Record) -> str:
    beside = ", ours and the database's" if name.endswith("-postgres") else ""
    return f"{record['data']['vectors']:,} vectors{beside}"


def _section(name: str, record: Record) -> str:
    machine = record["machine"]
    lines = [
        f"## {_title(name, record)}",
        "",
        f"Measured {record['started_at'][:16].replace('T', ' ')} UTC at commit `{record['git_sha'][:10]}` on {machine['cpu']}, "
        f"{machine['cores']} cores, load before {machine['load_average_before']:.1f}; {record['load']['queries']} queries per cell; "
        f"{record['completed']:,} of {record['offered']:,} searches done, the rest out of time.",
        "",
        *_warning(record),
        *_origin(record),
        "",
        f"![Recall against latency, and latency against the share of rows that pass](images/{name}.svg)",
        "",
        f"### Cheapest setting with recall of at least {WANTED}",
        "",
    ]
    for where, rows in filters(record):
        lines += [f"**{where}** ({rows:,} rows)", "", *_table(record, where), ""]
    lines += [f"### CPU ms per query with recall of at least {BETTER}", "", *_better(record), ""]
    lines += ["### Building and keeping", "", *_built(record), ""]
    return "\n".join(lines)


def _warning(record: Record) -> Iterator[str]:
    if record["machine"]["load_average_before"] > _QUIET:
        yield "The machine was busy with other work: CPU can be compared, latencies cannot."
        yield ""


def _origin(record: Record) -> Iterator[str]:
    data, moved = record["data"], record["perturbation"]
    yield (
        f"Vectors: {data['texts']:,} different texts ({data['source']}; {data['mean_characters']} characters on average) through "
        "the service's embedder, all-MiniLM-L6-v2, 384 dimensions."
    )
    if moved["copies"]:
        yield (
            f"{moved['copies']:,} of the {data['vectors']:,} are copies of these: moved up to {moved['furthest']:.0%} of the way to one "
            f"of the {moved['neighbours']} nearest neighbours, with noise of {moved['noise']} "
            "of the local distance (`bench/ann/perturbation.py`)."
        )
    yield ""
    yield "| distances | 1st neighbour (p5, p50, p95) | 10th | 100th | have an equal | intrinsic dimension |"
    yield "|---|---|---|---|---|---|"
    for what, lying in record["spread"].items():
        cells = [" ".join(f"{value:.2f}" for value in each.values()) for each in lying["distance"].values()]
        equal, dimension = lying["share_with_an_equal"], lying["intrinsic_dimension"]
        yield f"| {what.replace('_', ' ')} | {' | '.join(cells)} | {equal:.1%} | {dimension} |"


def _table(record: Record, where: str) -> Iterator[str]:
    yield "| method | setting | recall | P50 ms | P95 ms | CPU ms | at once, queries/CPU s |"
    yield "|---|---|---|---|---|---|---|"
    for method in methods(record):
        best = cheapest(record["results"], method, where, WANTED)
        if best is None:
            tried = [
                each for each in record["results"] if (each["method"], each["filter"]) == (method, where)
            ]
            why = (
                "none reaches it in the time allowed"
                if any(each["errors"] for each in tried)
                else "none reaches it"
            )
            yield f"| {method} | {why} | {max(each['recall'] for each in tried):.3f} | | | | |"
            continue
        setting = ", ".join(f"{key} {value}" for key, value in best["setting"].items() if key in _TELLING)
        latency = best["latency_ms"]
        yield (
            f"| {method} | {setting} | {best['recall']:.3f} | {latency['p50']:.2f} | {latency['p95']:.2f} | {best['cpu_ms']:.2f} "
            f"| {best['at_once_per_cpu_s']:,.0f} |"
        )


def _better(record: Record) -> Iterator[str]:
    names = [where for where, _ in filters(record)]
    yield f"| method | {' | '.join(names)} |"
    yield f"|---|{'---|' * len(names)}"
    for method in methods(record):
        best = [cheapest(record["results"], method, where, BETTER) for where in names]
        cells = ["-" if each is None else f"{each['cpu_ms']:.2f}" for each in best]
        yield f"| {method} | {' | '.join(cells)} |"


def _built(record: Record) -> Iterator[str]:
    yield "| method | built in s | CPU s | held MiB |"
    yield "|---|---|---|---|"
    for method, built in record["built"].items():
        yield f"| {method} | {built['build_s']:,.1f} | {built['build_cpu_s']:,.1f} | {built['held_mib']:,.0f} |"


_TELLING: Sequence[str] = ("efSearch", "nprobe", "ef_search", "max_scan_tuples")


def _service(record: Record, where: str) -> Mapping[str, Any]:
    found = cheapest(record["results"], SERVICE, where, WANTED)
    assert found is not None, "an exact method always reaches the recall"
    return found


def _same(rows: int) -> tuple[str, ...]:
    """The names under which the service's method ran: with few rows it is the plain compiled product."""
    return (SERVICE, Compiled.name) if rows < WORTH_BOUNDING else (SERVICE,)


def _ms(value: float) -> str:
    return f"{value:.2f} ms"


def _round(rows: float) -> int:
    digits = max(0, len(str(int(rows))) - 2)
    return round(int(rows), -digits)
