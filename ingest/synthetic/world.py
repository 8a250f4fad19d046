"""Writes a whole world: files, hidden truth and manifest."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from ingest.synthetic.archive import write_arrays
from ingest.synthetic.companies import UNKNOWN_FIELDS, Companies, make_companies
from ingest.synthetic.directory import company_records, lead_records
from ingest.synthetic.events import TRAPS, Events
from ingest.synthetic.evidence import make_evidence
from ingest.synthetic.needs import Needs, make_needs
from ingest.synthetic.outcomes import outcome_records
from ingest.synthetic.prompts import prompt_records
from ingest.synthetic.segments import Segment, inside, make_segments
from ingest.synthetic.spec import WorldManifest, WorldSpec, stream
from ingest.synthetic.vocabulary import Vocabulary, vocabulary
from ingest.synthetic.writing import SnippetWriter, company_id


def generate(spec: WorldSpec, out: Path) -> WorldManifest:
    """Write the world of `spec` into the folder `out` and answer its manifest.

    Files: companies, leads, snippets, outcomes, prompts, truth, traps (`.jsonl`), hidden.npz, manifest.json.
    The same spec gives the
    same bytes. Existing files of these names are replaced.
    """
    out.mkdir(parents=True, exist_ok=True)
    words = vocabulary()
    products = tuple(
        sorted(stream(spec.seed, "products").permutation(len(words.products))[: spec.products].tolist())
    )
    companies = make_companies(spec, words, products)
    segments = make_segments(spec, words, companies, products)
    needs = tuple(make_needs(spec, words, companies, segment) for segment in segments)
    events = make_evidence(spec, words, companies, segments, needs)
    writer = SnippetWriter(words, companies, events, spec.as_of)
    counts = {
        "companies.jsonl": _write(out / "companies.jsonl", company_records(spec, words, companies)),
        "leads.jsonl": _write(out / "leads.jsonl", lead_records(spec, words, companies)),
        "snippets.jsonl": _write(out / "snippets.jsonl", writer.records()),
        "outcomes.jsonl": _write(
            out / "outcomes.jsonl", outcome_records(spec, words, companies, segments, needs)
        ),
        "prompts.jsonl": _write(out / "prompts.jsonl", prompt_records(segments, companies, words)),
        "truth.jsonl": _write(out / "truth.jsonl", _truth(words, companies, segments, needs)),
        "traps.jsonl": _write(out / "traps.jsonl", _traps(companies, events)),
    }
    _write_hidden(out / "hidden.npz", words, companies, needs)
    return _manifest(spec, out, counts)


def _write(path: Path, records: Iterable[dict[str, Any]]) -> int:
    rows = 0
    with path.open("wb") as file:
        for record in records:
            file.write(orjson.dumps(record, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE))
            rows += 1
    return rows


def _truth(
    words: Vocabulary, companies: Companies, segments: tuple[Segment, ...], needs: tuple[Needs, ...]
) -> Iterable[dict[str, Any]]:
    live = companies.active & companies.canonical()
    aliases: dict[int, list[str]] = {}
    for row in np.flatnonzero(companies.same_as >= 0).tolist():
        aliases.setdefault(int(companies.same_as[row]), []).append(company_id(row))
    for segment, need in zip(segments, needs, strict=True):
        buyers = need.buyers(0).tolist()
        yield {
            "product_id": words.products[segment.product].key,
            "company_ids": [company_id(row) for row in buyers],
            "aliases": {company_id(row): aliases[row] for row in buyers if row in aliases},
            "candidates": int((inside(segment, companies, words) & live).sum()),
        }


def _traps(companies: Companies, events: Events) -> Iterable[dict[str, Any]]:
    for event in np.flatnonzero(events.trap > 0).tolist():
        record: dict[str, Any] = {"snippet_id": f"sn-{event:07d}", "trap": TRAPS[int(events.trap[event])]}
        if events.copy_of[event] >= 0:
            record["of"] = f"sn-{int(events.copy_of[event]):07d}"
        yield record
    for row in range(len(companies)):
        same, name = int(companies.same_as[row]), int(companies.same_name[row])
        if same >= 0:
            how = "former_name" if companies.renamed[row] else "domain"
            yield {
                "company_id": company_id(row),
                "trap": "duplicate_company",
                "of": company_id(same),
                "by": how,
            }
        elif name >= 0:
            yield {"company_id": company_id(row), "trap": "name_collision", "of": company_id(name)}
        if not companies.active[row]:
            yield {"company_id": company_id(row), "trap": "inactive_company"}
        if companies.sells[row] >= 0:
            yield {"company_id": company_id(row), "trap": "vendor"}
        for column, field in enumerate(UNKNOWN_FIELDS):
            if companies.unknown[row, column]:
                yield {"company_id": company_id(row), "trap": "unknown_field", "field": field}


def _write_hidden(path: Path, words: Vocabulary, companies: Companies, needs: tuple[Needs, ...]) -> None:
    """Uncompressed arrays; floats rounded to four places so that no library's last bit shows."""

    def column(name: str) -> Any:
        return np.concatenate([getattr(need, name) for need in needs])

    arrays: dict[str, npt.NDArray[Any]] = {
        "product_keys": np.asarray([row.key for row in words.products]),
        "product": np.concatenate(
            [np.full(len(need.company), need.product, dtype=np.int16) for need in needs]
        ),
        "company": column("company").astype(np.int32),
        "onset": column("onset").astype(np.int16),
        "end": column("end").astype(np.int16),
        "cause": column("cause").astype(np.int8),
        "intensity": _rounded(column("intensity")),
        "win": _rounded(column("win")),
        "bought": column("bought"),
        "budget": _rounded(companies.budget),
        "propensity": _rounded(companies.propensity),
        "growth": _rounded(companies.growth),
    }
    write_arrays(path, arrays)


def _rounded(values: Any) -> Any:
    return (np.rint(values * 10_000) / 10_000).astype(np.float32)


def _manifest(spec: WorldSpec, out: Path, counts: dict[str, int]) -> WorldManifest:
    files = {name: file_sha256(out / name) for name in sorted([*counts, "hidden.npz"])}
    whole = hashlib.sha256(
        "".join(f"{name} {digest}\n" for name, digest in files.items()).encode()
    ).hexdigest()
    manifest = WorldManifest(spec=spec.as_dict(), counts=counts, files=files, sha256=whole)
    document = {"spec": manifest.spec, "counts": counts, "files": files, "sha256": whole}
    option = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    (out / "manifest.json").write_bytes(orjson.dumps(document, option=option))
    return manifest


def file_sha256(path: Path) -> str:
    """The hexadecimal digest of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
