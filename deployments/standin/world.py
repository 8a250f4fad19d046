"""The hidden side of a synthetic world, as the stand-in's knowledge: how much each company needs each product."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranking.text import domain_key, fold


@dataclass(frozen=True, slots=True)
class HiddenWorld:
    """Who buys and who needs what.

    Attributes:
        products: folded English category words -> product id.
        prompts: folded prompts in all languages, with the product each is about.
        companies: registrable domain -> row; a domain of two companies belongs to the first.
        needs: product id -> company rows with a live need and their odds of buying, float64[n, 2].
        buyers: product id -> rows of companies that buy within the horizon.
    """

    products: Mapping[str, str]
    prompts: Sequence[tuple[str, str]]
    companies: Mapping[str, int]
    needs: Mapping[str, Mapping[int, float]]
    buyers: Mapping[str, frozenset[int]]

    @classmethod
    def open(cls, folder: Path) -> "HiddenWorld":
        """Read a folder that `leads generate` has written."""
        companies: dict[str, int] = {}
        rows: dict[str, int] = {}
        for row, record in enumerate(_lines(folder / "companies.jsonl")):
            rows[str(record["company_id"])] = row
            if record.get("domain"):
                companies.setdefault(domain_key(str(record["domain"])), row)
        asked = list(_lines(folder / "prompts.jsonl"))
        products = {fold(str(record["category"])): str(record["product_id"]) for record in asked}
        prompts = [(fold(str(record["prompt"])), str(record["product_id"])) for record in asked]
        buyers = {
            str(record["product_id"]): frozenset(rows[each] for each in record["company_ids"])
            for record in _lines(folder / "truth.jsonl")
        }
        with np.load(folder / "hidden.npz") as hidden:
            needs = _live_needs(
                {name: hidden[name] for name in ("product_keys", "product", "company", "onset", "end", "win")}
            )
        return cls(products, prompts, companies, needs, buyers)

    def product_of(self, words: str) -> str | None:
        """The product that these words name in any language: its English name, else words that only its prompts contain."""
        folded = fold(words).strip()
        found = {self.products[folded]} if folded in self.products else set()
        if folded and not found:
            found = {product for prompt, product in self.prompts if folded in prompt}
        return found.pop() if len(found) == 1 else None

    def expected(self, key: str | None, domain: str) -> float | None:
        """The score a perfect judge would give, None where the product or the company is unknown.

        Buyers 80, others with a live need 35 to 65 by their odds, everybody else 8.
        """
        row = self.companies.get(domain_key(domain))
        if key is None or row is None:
            return None
        if row in self.buyers.get(key, ()):
            return 80.0
        odds = self.needs.get(key, {}).get(row)
        return 8.0 if odds is None else 35.0 + 30.0 * odds


def _live_needs(hidden: Mapping[str, NDArray[np.generic]]) -> dict[str, dict[int, float]]:
    live = (hidden["onset"].astype(np.int64) <= 0) & (hidden["end"].astype(np.int64) > 0)
    keys = [str(key) for key in hidden["product_keys"]]
    found: dict[str, dict[int, float]] = {}
    for product, company, win in zip(
        hidden["product"][live].tolist(),
        hidden["company"][live].tolist(),
        hidden["win"][live].tolist(),
        strict=True,
    ):
        needs = found.setdefault(keys[product], {})
        needs[company] = max(win, needs.get(company, 0.0))
    return found


def _lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]
