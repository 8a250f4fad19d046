"""`python -m bench.ann`: the comparison on any folder of texts, and docs/ann.md out of its records.

python -m bench.ann --texts FOLDER --described "what they are" [--rows 1000000 --name ann-1m] [--queries 100] [--method NAME]...
python -m bench.ann --page
"""

import argparse
from pathlib import Path

from bench.ann import page
from bench.ann.vectors import CACHE
from bench.record import RECORDS


def main() -> None:
    """Run the comparison unless only the page is asked for; write the page and its pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--texts", type=Path, help="folder or file of JSONL, CSV or text")
    parser.add_argument(
        "--described", default="texts of a folder given on the command line", help="what the texts are"
    )
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder where vectors are kept")
    parser.add_argument(
        "--rows", type=int, default=100_000, help="vectors; those beyond the texts are perturbed copies"
    )
    parser.add_argument("--embedded", type=int, default=100_000, help="texts at most")
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument(
        "--longest", type=float, default=10.0, help="seconds for all queries at one setting, at most"
    )
    parser.add_argument("--without-postgres", action="store_true")
    parser.add_argument(
        "--method", action="append", default=[], help="one to compare, by name; repeat for more"
    )
    parser.add_argument("--name", default="ann", help="name of the record")
    parser.add_argument("--out", type=Path, default=RECORDS, help="folder of the record")
    parser.add_argument(
        "--page", action="store_true", help="only write docs/ann.md out of the records that exist"
    )
    told = parser.parse_args()
    if not told.page:
        from bench.ann.comparison import Comparison, compare  # noqa: PLC0415 - needs Faiss, the page does not

        if told.texts is None:
            parser.error("--texts names what the vectors are made of")
        asked = Comparison(
            told.texts, told.described, told.cache, told.rows, told.embedded, told.queries,
            longest_s=told.longest, postgres=not told.without_postgres, methods=tuple(told.method), name=told.name, out=told.out,
        )  # fmt: skip
        print(compare(asked, lambda line: print(line, flush=True)))
    if told.out == RECORDS:
        page.publish()


if __name__ == "__main__":
    main()
