"""Time of the evidence computation per query, and of building and opening the lexical index, at full size.

    python bench/evidence_speed.py [--companies 100000] [--snippets 500000] [--record FILE]

The columns are random but shaped like a job board and news feed: two fifths of the snippets are job postings with one
or two roles, a tenth remove a technology, a twentieth are duplicates or flagged, a tenth are undated. 200 concepts
occur in 200 to 25,000 snippets each; a query names two or three of the sixty most frequent.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from models.lexical import LexicalIndex, build
from ranking.evidence import TermPostings, gather
from ranking.evidence_tables import EvidenceTables
from ranking.fit import pack_levels
from ranking.intent import IntentConfig
from ranking.ports import EvidenceRequest
from ranking.taxonomy import load_taxonomy
from ranking.types import SNIPPET_KINDS, Generation

DAY = 86_400.0
NOW = 1_760_000_000.0
ROLES = tuple(f"role_{number:03}" for number in range(80))
TECHNOLOGIES = tuple(f"technology_{number:03}" for number in range(500))
CONCEPTS = tuple(f"concept_{number:03}" for number in range(200))
JOB, TECH, NEWS = (SNIPPET_KINDS.index(kind) for kind in ("job_posting", "tech_change", "news"))


class Relations:
    """Six roles and fifteen technologies per concept."""

    CONCEPTS, ROLES, TECHNOLOGIES = CONCEPTS, ROLES, TECHNOLOGIES

    def concept(self, code: str) -> SimpleNamespace:
        draw = np.random.default_rng(CONCEPTS.index(code))
        roles, technologies = draw.choice(80, 6, replace=False), draw.choice(500, 15, replace=False)
        return SimpleNamespace(
            roles={ROLES[number]: 0.2 + 0.1 * place for place, number in enumerate(roles)},
            technologies={TECHNOLOGIES[number]: 1.0 for number in technologies},
        )


def columns(companies: int, snippets: int, draw: np.random.Generator) -> SimpleNamespace:
    skewed = (draw.pareto(1.2, snippets) * companies / 8).astype(np.int64)
    company = np.sort(skewed % companies).astype(np.int32)
    kind = draw.choice([JOB, TECH, NEWS], snippets, p=[0.4, 0.1, 0.5]).astype(np.uint8)
    seen = NOW - draw.exponential(120.0, snippets) * DAY
    removed = (kind == TECH).astype(np.int64)
    return SimpleNamespace(
        company=company,
        company_offsets=np.searchsorted(company, np.arange(companies + 1)).astype(np.int64),
        tenant=np.zeros(snippets, np.uint16),
        kind=kind,
        roles=roles_of(kind, draw),
        tech_added=SimpleNamespace(offsets=np.zeros(snippets + 1, np.int64), values=np.zeros(0, np.int32)),
        tech_removed=SimpleNamespace(
            offsets=np.concatenate([[0], np.cumsum(removed)]),
            values=draw.integers(0, len(TECHNOLOGIES), int(removed.sum())).astype(np.int32),
        ),
        observed=np.where(draw.random(snippets) < 0.1, np.nan, seen),
        first_seen=seen,
        source_type=draw.integers(0, 12, snippets).astype(np.uint16),
        source_types=[f"source {number}" for number in range(12)],
        miner=draw.integers(0, 40, snippets).astype(np.int32),
        original=np.arange(snippets, dtype=np.int32),
        settles=settled_concepts(snippets, draw),
        duplicate=draw.random(snippets) < 0.04,
        stuffed=np.zeros(snippets, dtype=bool),
        no_need=draw.random(snippets) < 0.05,
        flagged=draw.random(snippets) < 0.01,
        vendor_talk=draw.random(snippets) < 0.03,
        not_a_posting=draw.random(snippets) < 0.005,
    )


def settled_concepts(snippets: int, draw: np.random.Generator) -> SimpleNamespace:
    settling = draw.random(snippets) < 0.03
    offsets = np.concatenate([[0], np.cumsum(settling)])
    popular = 1.0 / np.arange(1, len(CONCEPTS) + 1)
    values = draw.choice(len(CONCEPTS), int(settling.sum()), p=popular / popular.sum())
    return SimpleNamespace(offsets=offsets, values=values.astype(np.int32))


def roles_of(kind: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    popular = 1.0 / np.arange(1, len(ROLES) + 1)
    bits = np.zeros((len(kind), 2), dtype=np.uint64)
    for _ in range(2):
        named = draw.choice(len(ROLES), len(kind), p=popular / popular.sum())
        bits[np.arange(len(kind)), named // 64] |= np.uint64(1) << (named % 64).astype(np.uint64)
    bits[kind != JOB] = 0
    return bits


class ArrayPostings:
    """Postings of 200 concepts, 200 to 25,000 snippets each."""

    def __init__(self, company: np.ndarray, draw: np.random.Generator) -> None:
        self._found = {}
        for place, code in enumerate(CONCEPTS):
            count = min(int(25_000 / (1 + place) ** 0.9) + 200, len(company))
            rows = np.sort(draw.choice(len(company), count, replace=False)).astype(np.int32)
            raw = draw.gamma(6.0, 1.0, count).astype(np.float32)
            self._found[code] = TermPostings(rows, company[rows], raw, float(np.log(len(company) / count)))

    def concept(self, code: str) -> TermPostings:
        return self._found[code]

    keyword = concept

    def kindred(self, _code: str, /) -> tuple[TermPostings, ...]:
        return ()


def requests(
    companies: int, admitted: int, count: int, draw: np.random.Generator
) -> Iterator[EvidenceRequest]:
    for _ in range(count):
        rows = np.zeros(companies, dtype=bool)
        rows[draw.choice(companies, admitted, replace=False)] = True
        level = draw.integers(0, 5, (3, admitted)).astype(np.uint8)
        named = draw.choice(CONCEPTS[:60], int(draw.integers(2, 4)), replace=False)
        yield EvidenceRequest(
            generation=Generation("bench"),
            concepts=tuple(named.tolist()),
            keywords=(),
            rows=np.packbits(rows),
            admitted=admitted,
            levels=pack_levels(level[0], level[1], level[2], np.zeros(admitted, dtype=bool)),
            fit_weights=np.array([0.4, 0.3, 0.3]),
            final_weights=np.array([0.6, 0.4]),
            pool_size=200,
            as_of_s=NOW,
        )


def timed(calls: list[Callable[[], object]]) -> dict[str, float]:
    spent = []
    cpu = time.thread_time()
    for call in calls:
        started = time.perf_counter()
        call()
        spent.append(1000.0 * (time.perf_counter() - started))
    return {
        "calls": len(spent),
        "cpu_mean_ms": round(1000.0 * (time.thread_time() - cpu) / len(spent), 3),
        "mean_ms": round(float(np.mean(spent)), 3),
        "p50_ms": round(float(np.percentile(spent, 50)), 3),
        "p95_ms": round(float(np.percentile(spent, 95)), 3),
    }


def evidence(companies: int, snippets: int) -> dict[str, object]:
    draw = np.random.default_rng(7)
    held = columns(companies, snippets, draw)
    sold = draw.integers(0, len(CONCEPTS), companies // 20).astype(np.uint16)
    beyond = np.full(companies - len(sold) + 1, len(sold))
    sells = SimpleNamespace(offsets=np.concatenate([np.arange(len(sold)), beyond]), values=sold)
    started = time.perf_counter()
    tables = EvidenceTables(held, sells, Relations())
    tables.at(NOW)
    results: dict[str, object] = {"tables_s": round(time.perf_counter() - started, 2)}
    postings = ArrayPostings(held.company, draw)
    for admitted in sorted({min(size, companies) for size in (500, 5_000, 20_000, companies)}):
        asked = list(requests(companies, admitted, 60 if admitted > 50_000 else 200, draw))
        calls = [lambda one=one: gather(one, postings, tables, IntentConfig()) for one in asked]
        timed(calls[:10])
        results[f"admitted_{admitted}"] = timed(calls)
    return results


def texts(count: int, draw: np.random.Generator) -> Iterator[str]:
    endings = ("", "ing", "ed", "ation", "s", "er", "ment", "ly", "able", "ity")
    stems = [head + middle for head in "bdfgklmnprst" for middle in ("an", "er", "ol", "it", "um")]
    common = [stem + ending for stem in stems for ending in endings]
    words = np.array(common + [f"{word}{number}" for number in range(200) for word in common])
    for _ in range(0, count, 1000):
        drawn = np.minimum(draw.pareto(0.8, (1000, 25)) * 20, len(words) - 1).astype(np.int64)
        for row, length in zip(words[drawn], draw.integers(6, 26, 1000), strict=True):
            yield "The " + " ".join(row[:length].tolist())


def lexical(companies: int, snippets: int) -> dict[str, float]:
    draw = np.random.default_rng(11)
    company = np.sort(draw.integers(0, companies, snippets)).astype(np.int32)
    with tempfile.TemporaryDirectory() as folder:
        started, cpu = time.perf_counter(), time.process_time()
        manifest = build(texts(snippets, draw), company, Path(folder), load_taxonomy())
        built_s, built_cpu_s = time.perf_counter() - started, time.process_time() - cpu
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
        opened = timed([lambda: LexicalIndex.open(Path(folder))] * 20)
        index = LexicalIndex.open(Path(folder))
        index.keyword("warm")
        first = timed([lambda word=word: index.keyword(word) for word in ("banings", "dolation", "kitable")])
        again = timed([lambda: index.keyword("banings")] * 20)
    return {
        "texts": manifest.texts,
        "terms": manifest.terms,
        "postings": manifest.postings,
        "average_length": round(manifest.average_length, 1),
        "build_s": round(built_s, 1),
        "build_cpu_s": round(built_cpu_s, 1),
        "size_mib": round(size / 2**20, 1),
        "open_p95_ms": opened["p95_ms"],
        "keyword_first_ms": first["mean_ms"],
        "keyword_again_ms": again["mean_ms"],
        "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=100_000)
    parser.add_argument("--snippets", type=int, default=500_000)
    parser.add_argument("--without-index", action="store_true", help="leave the lexical index out")
    parser.add_argument("--record", type=Path, default=Path("bench/records/evidence-speed.json"))
    arguments = parser.parse_args()
    results: dict[str, object] = {}
    if not arguments.without_index:
        results["lexical"] = lexical(arguments.companies, arguments.snippets)
    results["evidence"] = evidence(arguments.companies, arguments.snippets)
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    record = {
        "scenario": "evidence-speed",
        "started_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "git_sha": head.stdout.strip(),
        "machine": {"cpu": platform.machine(), "threads": 1, "load_average": os.getloadavg()[0]},
        "versions": {"numpy": np.__version__, "python": platform.python_version()},
        "data": {"companies": arguments.companies, "snippets": arguments.snippets},
        "targets": {"admitted_500_ms": 1.5, "all_admitted_ms": 6.0},
        "results": results,
    }
    arguments.record.parent.mkdir(parents=True, exist_ok=True)
    arguments.record.write_text(json.dumps(record, indent=1) + "\n")
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
