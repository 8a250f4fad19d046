"""Postings and companies found against rows labelled by hand; writes bench/records/sources.json (F-6, F-3).

Run from the repository root: python -m bench.source_rules --texts FOLDER

The labels were given before the rules were written. Rules were first chosen on one half of the postings alone (the other then measured
precision 1.000, recall 0.951); later changes saw both (decision 0044). Texts are not kept here, labels name them by their hash.
"""

import argparse
import csv
import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import record
from ingest.importers.canonical import Canonicaliser
from ingest.importers.rows import RawRow
from ingest.sources.attribution import Attribution, attribute
from ingest.sources.known_companies import CompanyDirectory, directory_from_files
from ingest.sources.listings import listing
from ingest.sources.mentions import mention
from ingest.sources.openings import Opening, read_openings
from ranking.taxonomy import load_taxonomy

LABELS = Path("tests/fixtures")
NOW = datetime(2026, 11, 23, tzinfo=UTC)
LISTED = ("active", "company_name", "date_posted", "is_visible", "title")
Rows = Iterator[tuple[str, str, dict[str, Any]]]


def main() -> None:
    """Measure and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--texts", type=Path, required=True, help="folder with the layout of the evaluation data"
    )
    folder = parser.parse_args().texts
    canonical = Canonicaliser(load_taxonomy())
    started_s = time.process_time()
    postings = measure_postings(folder, canonical)
    known = directory_from_files([folder / "startup_world/companies.jsonl"], canonical, NOW)
    companies = measure_companies(folder, canonical, known)
    offered = sum(sum(each["counts"].values()) for each in (*postings.values(), *companies.values()))
    heading = record.heading(
        "sources", {"labels": offered}, {"kind": "closed"}, ("numpy", "publicsuffixlist")
    )
    counts: dict[str, Any] = {"offered": offered, "completed": offered, "errors": {}}
    measured = {
        "postings": postings,
        "companies": companies,
        "cpu_s": round(time.process_time() - started_s, 1),
    }
    path = record.write("sources", {**heading, **counts, **measured})
    print(json.dumps(measured, indent=1))
    print(f"written: {path}")


def measure_postings(folder: Path, canonical: Canonicaliser) -> dict[str, Any]:
    """Precision and recall of "is a posting", by half."""
    found: dict[str, Counter[str]] = {}
    labels = {row["text"]: row for row in read_labels("labelled_postings.tsv")}
    for digest, shape, row in distinct(posting_rows(folder)):
        label = labels.pop(digest, None)
        if label is not None and label["shape"] == shape:
            is_posting = isinstance(read_openings(listing(RawRow(1, row), NOW), canonical), Opening)
            truth = label["is_posting"] == "1"
            found.setdefault(label["half"], Counter())[outcome(truth, is_posting, is_posting == truth)] += 1
    assert not labels, f"{len(labels)} labelled rows are not in {folder}"
    return {half: quality(counts) for half, counts in sorted(found.items())}


def measure_companies(folder: Path, canonical: Canonicaliser, known: CompanyDirectory) -> dict[str, Any]:
    """Precision and recall of the company named, by source."""
    found: dict[str, Counter[str]] = {}
    labels = {(row["source"], row["row"]): row["company_id"] for row in read_labels("labelled_mentions.tsv")}
    for digest, source, row in distinct(mention_rows(folder)):
        truth = labels.pop((source, digest), None)
        if truth is not None:
            told = attribute(mention(listing(RawRow(1, row), NOW), canonical), known)
            named = told.company_id if isinstance(told, Attribution) else "-"
            found.setdefault(source, Counter())[outcome(truth != "-", named != "-", named == truth)] += 1
    assert not labels, f"{len(labels)} labelled rows are not in {folder}"
    return {source: quality(counts) for source, counts in sorted(found.items())}


def outcome(truth: bool, told: bool, right: bool) -> str:
    """What became of one row; "wrong" when a company was named that is not the one."""
    if told:
        return "found" if right else "wrong"
    return "missed" if truth else "left"


def quality(counts: Counter[str]) -> dict[str, Any]:
    """Precision and recall with what they are made of; a wrong answer counts against both."""
    told = counts["found"] + counts["wrong"]
    wanted = counts["found"] + counts["missed"]
    return {
        "precision": round(counts["found"] / told, 4) if told else None,
        "recall": round(counts["found"] / wanted, 4) if wanted else None,
        "counts": dict(sorted(counts.items())),
    }


def posting_rows(folder: Path) -> Rows:
    """(hash, shape, raw row) of every row that may be labelled as a posting or none."""
    forum = [row["text"] for row in lines(folder / "startup_world/unjoined_job_posts.jsonl")]
    forum += [
        row["text"]
        for row in lines(folder / "startup_world/snippets.jsonl")
        if row["miner_id"] == "forum-feed"
    ]
    pages = [row["sections"].get("How to apply") for row in lines(folder / "messy/remote_companies.jsonl")]
    described = [
        row.get("description")
        for name in ("messy/accelerator_companies.jsonl", "startup_world/companies.jsonl")
        for row in lines(folder / name)
    ]
    for shape, texts in (("hn", forum), ("page", pages), ("description", described)):
        yield from ((hashed(text), shape, {"text": text}) for text in texts if text)
    for row in lines(folder / "messy/job_listings.jsonl"):
        kept = {name: row[name] for name in LISTED}
        yield hashed(json.dumps(kept, sort_keys=True)), "listing", kept


def mention_rows(folder: Path) -> Rows:
    """(hash, source, raw row) of every row whose company may be labelled."""
    for row in lines(folder / "startup_world/unjoined_job_posts.jsonl"):
        yield hashed(row["text"]), "unjoined", row
    for row in lines(folder / "startup_world/snippets.jsonl"):
        if row["miner_id"] == "forum-feed":
            yield hashed(row["text"]), "joined", {"text": row["text"], "source_url": row["source_url"]}
    for row in lines(folder / "messy/accelerator_companies.jsonl"):
        spoken = {
            "company": row["name"],
            "website": row.get("website"),
            "text": row.get("description") or row["name"],
            "location": (row.get("location") or "").split(",")[0],
        }
        yield hashed(f"{row['name']}\n{row.get('website')}"), "accelerator", spoken


def distinct(rows: Rows) -> Rows:
    """Each hash of a kind once: some rows are put up twice."""
    seen: set[tuple[str, str]] = set()
    for digest, kind, row in rows:
        if (digest, kind) not in seen:
            seen.add((digest, kind))
            yield digest, kind, row


def read_labels(name: str) -> list[Mapping[str, str]]:
    """The rows of a label file."""
    with (LABELS / name).open(encoding="utf8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSONL file; only "\\n" ends a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf8").split("\n") if line.strip()]


def hashed(text: str) -> str:
    """What a label calls a text by."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


if __name__ == "__main__":
    main()
