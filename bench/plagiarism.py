"""Reposts found and innocents flagged among 100,000 stored texts; writes bench/records/plagiarism.json (F-9).

Run from the repository root: python -m bench.plagiarism --texts FOLDER

Half of the companies' real texts are stored, filled up by texts recombined from their sentences; reposts of them must be found, and
each text of the other half of the companies is innocent. Then the halves change places: every bound was chosen with the first half
stored, the second was held out. The record holds no text.
"""

import argparse
import hashlib
import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from bench import record, report
from bench.plagiarism_texts import RealText, real_texts, recombined
from bench.reposts import EDITS, STRENGTHS, repost
from ingest.plagiarism.detection import Judging, Repeat
from ingest.plagiarism.fingerprint import Fingerprint
from ingest.plagiarism.index import SKETCH_KEYS, Sketches, SketchIndex
from ranking.kernels.compiled import compile_declared

STORED = 100_000
LARGE = 1_000_000
PAGE = 200_000
REPOSTS = 2
LEAST_WORDS = 30
KINDS = ("post", "page", "description")
DESCRIPTIONS = 200
BOUNDS = {"light": 0.95, "medium": 0.80}
MOST_FLAGGED = 0.001
_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Store:
    """Texts remembered as the service remembers them: repeats are left out."""

    index: SketchIndex
    known: dict[int, Fingerprint]
    originals: dict[int, RealText]

    def repeats(self, text: Fingerprint) -> list[Repeat]:
        """What judging the text would bring to light."""
        judging = Judging(self.index)
        wanted = judging.wanted((text,))
        judging.judge((text,), {ref: self.known[ref] for ref in wanted if ref in self.known})
        return list(judging.repeats.values())


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--texts", type=Path, required=True, help="folder with the layout of the evaluation data"
    )
    parser.add_argument("--stored", type=int, default=STORED)
    parser.add_argument(
        "--halves",
        type=int,
        nargs="+",
        default=(0, 1),
        choices=(0, 1),
        help="halves of the companies to store",
    )
    parser.add_argument("--show", action="store_true", help="print the innocents that were flagged")
    options = parser.parse_args(arguments)
    compile_declared()
    texts = real_texts(options.texts)
    measured = measure(texts, options.stored, options.halves, show=options.show)
    offered = sum(
        each["innocents"]["checked"] + sum(found["offered"] for found in each["recall"].values())
        for each in measured["halves"].values()
    )
    digest = hashlib.sha256("\x1e".join(text.text for text in texts).encode("utf-8", "surrogatepass"))
    heading = record.heading(
        "plagiarism",
        {"real_texts": dict(Counter(text.source for text in texts)), "sha256": digest.hexdigest()},
        {
            "kind": "closed",
            "stored": options.stored,
            "edits": {name: vars(edit) for name, edit in EDITS.items()},
        },
        ("numpy", "numba"),
    )
    counts = {"offered": offered, "completed": offered, "errors": {}}
    path = record.write("plagiarism", {**heading, **counts, **measured})
    report.main()
    print(f"written: {path}")


def measure(texts: list[RealText], stored: int, halves: Sequence[int], *, show: bool) -> dict:
    """What is found and flagged with each half of the companies stored, and what look-ups cost."""
    by_half = {f"half {half} stored": _half(texts, stored, half, show=show) for half in halves}
    measured = by_half.values()
    return {
        "reposts_found": {
            half: {kind: found["found"] for kind, found in each["recall"].items()}
            for half, each in by_half.items()
        },
        "innocents_flagged": {
            half: {name: each["innocents"][name] for name in ("checked", "flagged", "flagged_share")}
            for half, each in by_half.items()
        },
        "halves": by_half,
        "look_up_at_large": _large(texts),
        "held": {
            **{
                f"recall_{name}": all(each["recall"][f"{name} post"]["found"] >= least for each in measured)
                for name, least in BOUNDS.items()
            },
            "innocents": all(each["innocents"]["flagged_share"] <= MOST_FLAGGED for each in measured),
        },
    }


def _half(texts: list[RealText], stored: int, half: int, *, show: bool) -> dict:
    own, others = [t for t in texts if t.fold == half], [t for t in texts if t.fold != half]
    flagged: list[dict] = []
    checked: Counter[str] = Counter()
    found: Counter[tuple[str, str, str]] = Counter()
    store, cost = _filled(own, stored, half)
    cost |= _innocents(store, others, checked, flagged, show=show)
    _reposts(store, own, found)
    measured = {
        "recall": _recalls(found),
        "innocents": {
            "checked": checked.total(),
            "checked_by_kind": dict(checked),
            "flagged": len(flagged),
            "flagged_share": round(len(flagged) / checked.total(), 6),
            "flagged_as": flagged,
        },
        "look_up": cost,
    }
    print(measured, flush=True)
    return measured


def _fingerprint(text: str, group: str, number: int, miner: str = "first") -> Fingerprint:
    seen_at = _START + timedelta(seconds=number)
    return Fingerprint.of(text, company_id=group, miner_id=miner, snippet_id=str(number), seen_at=seen_at)


def _filled(own: list[RealText], stored: int, fold: int) -> tuple[Store, dict]:
    store = Store(SketchIndex(2 * stored), {}, {})
    spent = Counter()
    number = 0
    for text in _supply(own, fold):
        number += 1
        before = time.process_time()
        fingerprint = _fingerprint(text.text, text.group, number)
        between = time.process_time()
        repeats = store.repeats(fingerprint)
        if not repeats:
            store.index.add(fingerprint)
        spent["fingerprint"] += between - before
        spent["judge"] += time.process_time() - between
        if not repeats:
            store.known[fingerprint.ref] = fingerprint
            store.originals[fingerprint.ref] = text
        if len(store.index) >= stored:
            break
    costs = {f"{what}_cpu_ms": round(1e3 * seconds / number, 4) for what, seconds in spent.items()}
    return store, {"stored": len(store.index), "offered_to_store": number, **costs}


def _supply(own: list[RealText], fold: int) -> Iterable[RealText]:
    yield from own
    yield from recombined(own, 10 * STORED, fold)


def _innocents(
    store: Store, others: list[RealText], checked: Counter[str], flagged: list[dict], *, show: bool
) -> dict:
    times = []
    for number, text in enumerate(others):
        fingerprint = _fingerprint(text.text, text.group, 10_000_000 + number, "second")
        before = time.process_time()
        wanted = store.index.candidates(fingerprint)
        times.append(1e3 * (time.process_time() - before))
        repeats = store.repeats(fingerprint)
        checked[text.source] += 1
        if repeats:
            like = repeats[0].likeness
            if show:
                first = store.originals[repeats[0].original.ref]
                print("FLAGGED", text.group, text.text[:200], "AS", first.group, first.text[:200], flush=True)
            flagged.append({
                "kind": text.source, "as": store.originals[repeats[0].original.ref].source,
                "distance": like.distance, "contained": round(like.contained, 3), "candidates": len(wanted),
            })  # fmt: skip
    return {"look_up_cpu_ms": record.quantiles(times), "index_mib": record.mib(store.index.memory_bytes)}


def _reposts(store: Store, own: list[RealText], found: Counter[tuple[str, str, str]]) -> None:
    vocabulary = [word for text in own if text.source == "post" for word in text.text.split()]
    for ref, text in _tried(store):
        for strength in STRENGTHS:
            for seed in range(REPOSTS if text.source == "post" else 1):
                edited = repost(text.text, strength, seed + REPOSTS * (ref & 0xFFFF), vocabulary)
                copy = _fingerprint(edited, text.group, 20_000_000 + seed, "second")
                elsewhere = replace(copy, company_id="another company", company_key=0)
                key = (strength, text.source)
                found[*key, "offered"] += 1
                repeats = store.repeats(copy)
                found[*key, "found"] += bool(repeats)
                found[*key, "named"] += any(repeat.original.ref == ref for repeat in repeats)
                found[*key, "elsewhere"] += bool(store.repeats(elsewhere))
                found[*key, "candidate"] += ref in store.index.candidates(copy)


def _tried(store: Store) -> list[tuple[int, RealText]]:
    """Stored real texts of some length: all posts and pages, some of the many descriptions."""
    long = [pair for pair in store.originals.items() if len(pair[1].text.split()) >= LEAST_WORDS]
    by_kind = {kind: [pair for pair in long if pair[1].source == kind] for kind in KINDS}
    return [*by_kind["post"], *by_kind["page"], *by_kind["description"][:DESCRIPTIONS]]


def _recalls(found: Counter[tuple[str, str, str]]) -> dict[str, dict]:
    return {
        f"{strength} {source}": _recall(found, strength, source) for strength in STRENGTHS for source in KINDS
    }


def _recall(found: Counter[tuple[str, str, str]], strength: str, source: str) -> dict:
    offered = found[strength, source, "offered"]
    parts = {
        "found": "found", "the_original_named": "named", "filed_under_another_company": "elsewhere",
        "among_candidates": "candidate",
    }  # fmt: skip
    return {
        "offered": offered,
        **{name: round(found[strength, source, part] / max(offered, 1), 4) for name, part in parts.items()},
    }


def _large(texts: list[RealText]) -> dict:
    """CPU per look-up with a million sketches stored, of which all but the real ones are drawn."""
    index = SketchIndex(2 * LARGE)
    fingerprints = [_fingerprint(text.text, text.group, number) for number, text in enumerate(texts[::16])]
    for fingerprint in fingerprints:
        index.add(fingerprint)
    dice = np.random.default_rng(1)
    rest = LARGE - len(index)
    columns = dice.integers(-(2**63), 2**63 - 1, (5, rest))
    columns[2] = 120
    drawn = Sketches(columns, dice.integers(0, 2**64, (rest, SKETCH_KEYS), dtype=np.uint64))
    resident_mib, before = _resident_mib(), time.process_time()
    for start in range(0, rest, PAGE):
        index.extend(drawn.part(start, start + PAGE))
    built = time.process_time() - before
    times = []
    for fingerprint in fingerprints:
        before = time.process_time()
        index.candidates(fingerprint)
        times.append(1e3 * (time.process_time() - before))
    return {
        "stored": len(index),
        "look_up_cpu_ms": record.quantiles(times),
        "index_mib": record.mib(index.memory_bytes),
        "resident_mib_grown": round(_resident_mib() - resident_mib, 1),
        "build_from_sketches_cpu_s": round(built, 1),
    }


def _resident_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
