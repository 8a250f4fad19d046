"""How hard a synthetic world is: Precision@25 of random, trivial, hand-made and oracle rankings.

Reads the files that `ingest.synthetic.generate` wrote. Only the oracle sees the hidden state. The reference
ranker uses what a reader of the
snippets could use, and the world's own lexicon, nothing of the product's ranking code.

    python -m bench.difficulty FOLDER [--records bench/records] [--split heldout]
"""

import argparse
import json
import re
import zlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from ingest.synthetic.spec import HORIZON_DAYS
from ingest.synthetic.vocabulary import Product, Vocabulary, vocabulary

K = 25
_SELLING = re.compile(
    r"book a demo|free trial|see pricing|request a quote|talk to our|contact sales|case study|"
    r"free consultation|download the guide|webinar|"
    r"whitepaper|dm us|our clients|customers save|reseller|implementation partner|is the .* solution for|"
    r"provider of|maker of|specialist for|"
    r"account executive|solutions consultant|our .* (product|platform|engine)|launch|presents|releases|"
    r"just launched|now live|struggling|"
    r"demo|gratis|kostenlos|gratuit|devis|angebot anfordern|preventivo|presupuesto|orçamento|offerte aan|"
    r"kunden|klanten|clienti|clientes|clients|"
    r"introduces|rolls out|operates|delivers|offers|trust|helps|solve that"
)
_NO_NEED = re.compile(
    r"happy with|relies on|has been using|no change|renewed early|we recently replaced|is done|"
    r"finally live|great work|speaks|spoke|award|prize|"
    r"completed|finished|sees no need|training day|team event|glossary|from our blog|"
    r"colleague of the month|ten years|retires|nice to have|"
    r"runs smoothly|settled team|good shape|parental leave|working student|replacement: |internship|"
    r"apprenticeship|trainee|our stack|selects|"
    r"chooses|signs with|goes live|has introduced|made a success|faster with|across|zufrieden|seit jahren|"
    r"vortrag|elternzeit|läuft|entscheidet|"
    r"lexikon|ratgeber|satisfait|depuis des années|terminé|congé|choisit|signe|déploie|encantada|"
    r"desde hace años|terminado|sustitución|elige|"
    r"firma con|implanta|satisfeita|há anos|concluiu|licença|escolhe|assina|soddisfatta|da anni|concluso|"
    r"maternità|sceglie|introduce|blij met|"
    r"al jaren|afgerond|zwangerschap|kiest|tekent|0 open|no open roles|0 jobs|0 of 0|no vacancies|"
    r"0 offene|0 poste|0 vacantes|0 vagas|0 posizioni|"
    r"0 vacatures|keine freien|spricht|intervien|hablará|fala em|parla a|spreekt|added|newly detected|"
    r"first seen|appeared|is new on|now runs"
)
_STUFFED = re.compile(
    r"hot lead|verified|ready to buy|high intent|score 99|purchase expected|hiring now|vendor shortlist| now .* urgent need "
)
_DECIDED = re.compile(
    r"selects|chooses|signs with|goes live|has introduced|rolls out|entscheidet|führt ein|startet mit|"
    r"choisit|signe avec|déploie|elige|firma con|"
    r"implanta|escolhe|assina|sceglie|firma con|introduce|kiest voor|tekent met|gaat live"
)
_WEIGHTS = {
    "job_posting": 1.0,
    "tech_change": 1.0,
    "funding": 1.2,
    "news": 0.9,
    "web_page": 0.8,
    "social": 0.9,
    "review": 0.7,
    "other": 1.3,
}


@dataclass(frozen=True)
class World:
    """The written files, indexed."""

    folder: Path
    as_of: date
    companies: list[dict[str, Any]]
    snippets: dict[str, list[dict[str, Any]]]
    prompts: list[dict[str, Any]]
    truth: dict[str, dict[str, Any]]
    bad_miners: frozenset[str]


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read_world(folder: Path) -> World:
    """Snippets are joined by id or domain; records with one domain, and renamed ones, count as one company (the first)."""
    manifest = json.loads((folder / "manifest.json").read_text())
    as_of = date.fromisoformat(manifest["spec"]["as_of"])
    companies = _rows(folder / "companies.jsonl")
    by_domain: dict[str, str] = {}
    merged: dict[str, str] = {}
    for row in companies:
        merged[row["company_id"]] = by_domain.setdefault(row["domain"], row["company_id"])
    snippets: dict[str, list[dict[str, Any]]] = defaultdict(list)
    seen: set[tuple[str, str]] = set()
    for row in _rows(folder / "snippets.jsonl"):
        company = merged[row["company_id"]] if "company_id" in row else by_domain[row["domain"]]
        stamp = row["observed_at"]
        row["age"] = None if stamp is None else (as_of - date.fromisoformat(stamp[:10])).days
        row["lower"] = row["text"].lower()
        row["spam"] = _is_spam(row["lower"])
        row["again"] = (company, row["lower"][:40]) in seen
        seen.add((company, row["lower"][:40]))
        snippets[company].append(row)
    prompts = [row for row in _rows(folder / "prompts.jsonl") if row["language"] == "en"]
    truth = {}
    for row in _rows(folder / "truth.jsonl"):
        ids = {merged[company] for company in row["company_ids"]}
        truth[row["product_id"]] = {**row, "ids": ids | set(row["company_ids"])}
    kept = [row for row in companies if merged[row["company_id"]] == row["company_id"]]
    return World(folder, as_of, kept, snippets, prompts, truth, _bad_miners(snippets))


def _is_spam(text: str) -> bool:
    words = text.split()
    return bool(_STUFFED.search(text)) or (len(words) > 12 and len(set(words)) / len(words) < 0.72)


def _bad_miners(snippets: dict[str, list[dict[str, Any]]]) -> frozenset[str]:
    """Suppliers of whose snippets more than a tenth look like spam."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for rows in snippets.values():
        for row in rows:
            counts[row["miner_id"]][0] += 1
            counts[row["miner_id"]][1] += row["spam"]
    return frozenset(miner for miner, (total, spam) in counts.items() if spam > 0.1 * total)


def candidates(world: World, truth: dict[str, Any], words: Vocabulary) -> list[dict[str, Any]]:
    """Active companies that meet the stated filters by their written fields; unknown fields pass."""
    spelling = {word: row.words[0] for row in words.industries for word in row.words}
    kept = []
    for row in world.companies:
        industry, country, size = spelling.get(row["industry"] or ""), row["country"], row["employee_count"]
        low, high = truth["employee_min"], truth["employee_max"]
        if (
            row["is_active"]
            and (not truth["industries"] or industry is None or industry in truth["industries"])
            and (not truth["countries"] or country is None or country in truth["countries"])
            and (low is None or size is None or low <= size <= high)
            and country not in truth["not_countries"]
            and row["sub_industry"] not in truth["not_sub_industries"]
            and row["company_id"] not in truth["exemplar_company_ids"]
        ):
            kept.append(row)
    return kept


class Terms:
    """Whole-word search for any of some lower-case terms."""

    def __init__(self, terms: tuple[str, ...]) -> None:
        self._terms = tuple(term.lower() for term in terms)
        self._pattern = re.compile(
            "|".join(
                rf"(?<!\w){re.escape(term)}(?!\w)" for term in sorted(self._terms, key=len, reverse=True)
            )
        )

    def search(self, text: str) -> bool:
        return any(term in text for term in self._terms) and self._pattern.search(text) is not None


def _age(row: dict[str, Any]) -> float | None:
    """Age in days, unknown dates old; None for dates that lie ahead."""
    if row["age"] is None:
        return 240.0
    return None if row["age"] < -1 else max(0.0, float(row["age"]))


def trivial_scores(rows: list[dict[str, Any]], topic: Terms) -> tuple[float, float]:
    """(recency of the newest on-topic snippet, number of on-topic snippets)."""
    ages = [0.0 if row["age"] is None else float(row["age"]) for row in rows if topic.search(row["lower"])]
    return (1000.0 - max(0.0, min(ages)) if ages else 0.0), float(len(ages))


def reference_score(
    company: dict[str, Any],
    rows: list[dict[str, Any]],
    product: Product,
    patterns: dict[str, Terms],
    world: World,
    cues: bool,
) -> float:
    """Evidence of need, weighed by age and source, doubled by means (funding seen), nothing for sellers of the product."""
    description = (company["description"] or "").lower()
    if patterns["topic"].search(description):
        return 0.0
    points, funded = [], 0.0
    decided = min((age for row in rows if (age := _decision_age(row, product)) is not None), default=1e9)
    for row in rows:
        age = _age(row)
        if age is None or row["spam"] or row["again"] or row["miner_id"] in world.bad_miners:
            continue
        if row["kind"] == "funding" and age < 300:
            funded = 1.0
        about = _about(row, product, patterns)
        if about == 0.0 or (cues and (_idle(row) or age > decided - 3)):
            continue
        points.append(about * _WEIGHTS.get(row["kind"], 0.5) * float(np.exp(-age / 75.0)))
    points.sort(reverse=True)
    known = sum(company[name] is not None for name in ("industry", "country", "employee_count")) / 3
    return sum(point * 0.6**place for place, point in enumerate(points[:5])) * (1.0 + 0.5 * funded) * known**2


def _about(row: dict[str, Any], product: Product, patterns: dict[str, Terms]) -> float:
    if row["kind"] == "tech_change":
        return 1.0 if set(row["technologies_removed"]) & set(product.tools) else 0.0
    topical, role = patterns["topic"].search(row["lower"]), patterns["role"].search(row["lower"])
    pain = patterns["pain"].search(row["lower"])
    return min(1.5, 0.8 * topical + 0.8 * role + 0.9 * pain)


def _decision_age(row: dict[str, Any], product: Product) -> float | None:
    """Days since the company took a product of the category into use, None when this row does not say so."""
    if row["kind"] == "tech_change":
        return _age(row) if set(row["technologies_added"]) & set(product.tools) else None
    named = _DECIDED.search(row["lower"]) and any(tool.lower() in row["lower"] for tool in product.tools)
    return _age(row) if named else None


def _idle(row: dict[str, Any]) -> bool:
    return bool(_SELLING.search(row["lower"]) or _NO_NEED.search(row["lower"]))


def oracle_scores(world: World, product: str, ids: list[str]) -> np.ndarray[Any, Any]:
    """The hidden odds of a purchase within the horizon."""
    hidden = np.load(world.folder / "hidden.npz")
    index = hidden["product_keys"].tolist().index(product)
    due = (hidden["product"] == index) & (hidden["end"] > 0) & (hidden["end"] <= HORIZON_DAYS)
    odds = dict(zip(hidden["company"][due].tolist(), hidden["win"][due].tolist(), strict=True))
    return np.asarray([odds.get(int(company.rsplit("-", 1)[1]), 0.0) for company in ids])


def precision(scores: np.ndarray[Any, Any], hits: np.ndarray[Any, Any], rng: np.random.Generator) -> float:
    """Precision@25, ties broken at random."""
    order = np.lexsort((rng.random(len(scores)), -scores))[:K]
    return float(hits[order].sum() / K)


def measure_prompt(world: World, prompt: dict[str, Any], words: Vocabulary) -> dict[str, float]:
    """Precision@25 of every ranking for one prompt, the number of candidates and the base rate."""
    product = next(row for row in words.products if row.key == prompt["product_id"])
    rows = candidates(world, prompt["truth"], words)
    ids = [row["company_id"] for row in rows]
    buyers = world.truth[product.key]["ids"]
    hits = np.asarray([company in buyers for company in ids])
    patterns = {"topic": Terms(product.lexicon()), "role": Terms(product.roles), "pain": Terms(product.pains)}
    rng = np.random.default_rng(zlib.crc32(product.key.encode()))
    trivial = np.asarray(
        [trivial_scores(world.snippets.get(company, []), patterns["topic"]) for company in ids]
    )
    made = {
        cues: np.asarray(
            [
                reference_score(
                    row, world.snippets.get(row["company_id"], []), product, patterns, world, cues
                )
                for row in rows
            ]
        )
        for cues in (True, False)
    }
    return {
        "candidates": float(len(ids)),
        "base_rate": float(hits.mean()),
        "random": float(np.mean([precision(np.zeros(len(ids)), hits, rng) for _ in range(20)])),
        "newest_on_topic": precision(trivial[:, 0], hits, rng),
        "most_on_topic": precision(trivial[:, 1], hits, rng),
        "reference_without_cues": precision(made[False], hits, rng),
        "reference": precision(made[True], hits, rng),
        "oracle": precision(oracle_scores(world, product.key, ids), hits, rng),
    }


def interval(values: np.ndarray[Any, Any], seed: int = 0) -> tuple[float, float]:
    """95 % bootstrap interval of the mean over prompts, 2,000 draws."""
    rng = np.random.default_rng(seed)
    means = values[rng.integers(0, len(values), (2000, len(values)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def measure(folder: Path, split: str) -> dict[str, Any]:
    """The record of one world: each ranking's mean Precision@25 with its interval."""
    world, words = read_world(folder), vocabulary()
    chosen = [row for row in world.prompts if split in ("all", row["split"])]
    rows = [measure_prompt(world, row, words) for row in chosen]
    manifest = json.loads((folder / "manifest.json").read_text())
    summary = {}
    for name in rows[0]:
        values = np.asarray([row[name] for row in rows])
        low, high = interval(values)
        summary[name] = {
            "mean": round(float(values.mean()), 4),
            "low": round(low, 4),
            "high": round(high, 4),
            "min": round(float(values.min()), 4),
        }
    return {
        "scenario": "difficulty",
        "split": split,
        "prompts": len(rows),
        "data": {
            **{name.split(".")[0]: count for name, count in manifest["counts"].items()},
            "sha256": manifest["sha256"],
        },
        "spec": manifest["spec"],
        "rankings": summary,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--records", type=Path, default=Path("bench/records"))
    parser.add_argument("--split", choices=("all", "train", "heldout"), default="all")
    options = parser.parse_args()
    record = measure(options.folder, options.split)
    options.records.mkdir(parents=True, exist_ok=True)
    name = f"difficulty-{record['spec']['seed']}.json"
    (options.records / name).write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    for ranking, row in record["rankings"].items():
        print(
            f"{ranking:24s} {row['mean']:10.3f}   [{row['low']:.3f}, {row['high']:.3f}]   least {row['min']:.3f}"
        )


if __name__ == "__main__":
    main()
