"""Approximate and exact nearest neighbours under filters, compared at equal recall (F-2b); docs/ann.md is made of its record.

Faiss is needed to run it, not to read its record.
"""

from dataclasses import replace
from pathlib import Path

from bench.options import Options
from bench.record import RECORDS

FULL_ROWS = 100_000
_DESCRIBED = "descriptions of generated companies"


def run(options: Options) -> Path:
    """Compare on the descriptions of the bench world's companies and return the record's path; any other texts: `python -m bench.ann`."""
    from bench.ann.comparison import Comparison, compare  # noqa: PLC0415 - needs Faiss
    from bench.ann.vectors import CACHE  # noqa: PLC0415

    asked = Comparison(
        texts=_companies(options),
        described=_DESCRIBED,
        cache=CACHE,
        rows=options.companies,
        embedded=options.companies,
        seed=options.seed,
        name=options.record or "ann-world",
        out=options.out or (RECORDS if options.companies == FULL_ROWS else CACHE / "records"),
    )
    return compare(asked, lambda line: print(line, flush=True))


def _companies(options: Options) -> Path:
    """The world's companies.jsonl, generated where there is none."""
    from ingest.synthetic import DEFAULT_SPEC, generate  # noqa: PLC0415 - not needed to read a record

    world = options.world or options.folder() / "world"
    path = world / "companies.jsonl"
    if not path.exists():
        generate(
            replace(DEFAULT_SPEC, companies=options.companies, snippets=options.snippets, seed=options.seed),
            world,
        )
    return path
