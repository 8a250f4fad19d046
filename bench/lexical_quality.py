"""nDCG@10 of the lexical leg on Cranfield and CACM, used as the service uses it: free words of the prompt as
keywords; `_eight_words` shows what a limit of eight would cost.

    python bench/lexical_quality.py FOLDER [--record bench/records/lexical-quality.json]

FOLDER holds `cranfield/` and `cacm/` in their usual files. Gains are binary; CACM queries without judgements are left out.
"""

import argparse
import json
import math
import platform
import re
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import bm25s
import numpy as np

from models.lexical import LexicalIndex, build
from models.lexical.language import stop_words
from ranking.admitted import Admitted
from ranking.contributions import unite
from ranking.hits import TermLimits, chosen_terms
from ranking.taxonomy import load_taxonomy
from ranking.text import words

DEPTH = 10


class Collection(NamedTuple):
    """Texts by number, queries by number, relevant text numbers by query number."""

    texts: Mapping[int, str]
    queries: Mapping[int, str]
    relevant: Mapping[int, frozenset[int]]


def cranfield(folder: Path) -> Collection:
    source = (folder / "cran.all.1400.xml").read_text()
    texts = {
        int(number): f"{title}\n{body}"
        for number, title, body in re.findall(
            r"<docno>\s*(\d+)\s*</docno>.*?<title>(.*?)</title>.*?<text>(.*?)</text>", source, re.DOTALL
        )
    }
    found = re.findall(r"<title>(.*?)</title>", (folder / "cran.qry.xml").read_text(), re.DOTALL)
    judged: dict[int, set[int]] = {}
    for line in (folder / "cranqrel.trec.txt").read_text().splitlines():
        query, _, text, grade = line.split()
        if int(grade) > 0:
            judged.setdefault(int(query), set()).add(int(text))
    # the file numbers queries with gaps, the judgements count them 1..225
    return Collection(texts, dict(enumerate(found, start=1)), _frozen(judged))


def cacm(folder: Path) -> Collection:
    texts = {
        number: "\n".join(fields.get(mark, "") for mark in ("T", "W", "K"))
        for number, fields in _marked((folder / "cacm.all").read_text())
    }
    queries = {number: fields.get("W", "") for number, fields in _marked((folder / "query.text").read_text())}
    judged: dict[int, set[int]] = {}
    for line in (folder / "qrels.text").read_text().splitlines():
        query, text = line.split()[:2]
        judged.setdefault(int(query), set()).add(int(text))
    return Collection(texts, queries, _frozen(judged))


def _marked(text: str) -> Iterable[tuple[int, dict[str, str]]]:
    for entry in re.split(r"^\.I ", text, flags=re.MULTILINE)[1:]:
        number, _, rest = entry.partition("\n")
        parts = re.split(r"^\.([A-Z])\s*$", rest, flags=re.MULTILINE)
        yield int(number), dict(zip(parts[1::2], parts[2::2], strict=True))


def _frozen(judged: Mapping[int, set[int]]) -> dict[int, frozenset[int]]:
    return {query: frozenset(texts) for query, texts in judged.items()}


def ndcg(ranked: list[int], relevant: frozenset[int]) -> float:
    gain = sum(1.0 / math.log2(place + 2) for place, text in enumerate(ranked[:DEPTH]) if text in relevant)
    return gain / sum(1.0 / math.log2(place + 2) for place in range(min(DEPTH, len(relevant))))


def average_precision(ranked: list[int], relevant: frozenset[int]) -> float:
    hits = [place for place, text in enumerate(ranked, start=1) if text in relevant]
    return sum(number / place for number, place in enumerate(hits, start=1)) / len(relevant)


def score(index: LexicalIndex, text: str, limits: TermLimits) -> np.ndarray:
    """float64[texts] raw scores of a free-text query, by the code that the service runs."""
    keywords = tuple(word for word in words(text) if word not in stop_words()["en"])
    rows = index.manifest.texts
    everybody = Admitted.of(np.packbits(np.ones(rows, dtype=bool)), rows)
    hits = unite([found for _, found in chosen_terms((), keywords, index, limits)], everybody)
    scores = np.zeros(rows)
    scores[hits.rows] = hits.raw
    return scores


def evaluate(collection: Collection, limits: TermLimits) -> dict[str, float]:
    numbers = list(collection.texts)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        rows = np.arange(len(numbers), dtype=np.int32)
        build(collection.texts.values(), rows, Path(folder), load_taxonomy())
        built_s = time.perf_counter() - started
        index = LexicalIndex.open(Path(folder))
        gains, precisions, spent = [], [], 0.0
        for query, text in collection.queries.items():
            relevant = collection.relevant.get(query)
            if not relevant:
                continue
            started = time.perf_counter()
            scores = score(index, text, limits)
            spent += time.perf_counter() - started
            order = np.argsort(-scores, kind="stable")
            ranked = [numbers[row] for row in order[:1000] if scores[row] > 0]
            gains.append(ndcg(ranked, relevant))
            precisions.append(average_precision(ranked, relevant))
    return {
        "texts": len(numbers),
        "queries": len(gains),
        "ndcg_at_10": round(float(np.mean(gains)), 4),
        "mean_average_precision": round(float(np.mean(precisions)), 4),
        "build_s": round(built_s, 2),
        "query_ms": round(1000.0 * spent / len(gains), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--record", type=Path, default=Path("bench/records/lexical-quality.json"))
    arguments = parser.parse_args()
    collections = {
        "cranfield": cranfield(arguments.folder / "cranfield"),
        "cacm": cacm(arguments.folder / "cacm"),
    }
    limits = {"": TermLimits(), "_eight_words": TermLimits(keywords=8)}
    results = {
        name + suffix: evaluate(collection, choice)
        for name, collection in collections.items()
        for suffix, choice in limits.items()
    }
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    record = {
        "scenario": "lexical-quality",
        "started_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "git_sha": head.stdout.strip(),
        "versions": {"bm25s": bm25s.__version__, "python": platform.python_version()},
        "targets": {"cranfield": 0.38, "cacm": 0.47},
        "results": results,
    }
    arguments.record.parent.mkdir(parents=True, exist_ok=True)
    arguments.record.write_text(json.dumps(record, indent=1) + "\n")
    for name, result in results.items():
        print(name, result)


if __name__ == "__main__":
    main()
