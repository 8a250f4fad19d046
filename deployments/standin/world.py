"""The hidden side of a synthetic world, as the stand-in's knowledge: how much each company needs each product."""

import json
from collections.abc import Mapping
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
        products: folded category words in any language -> product id.
        companies: registrable domain -> row; a domain of two companies belongs to the first.
        needs: product id -> company rows with a live need and their odds of buying, float64[n, 2].
        buyers: product id -> rows of companies that buy within the horizon.
    """

    products: Mapping[str, str]
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
        products = {
            fold(str(record["category"])): str(record["product_id"])
            for record in _lines(folder / "prompts.jsonl")
        }
        buyers = {
            str(record["product_id"]): frozenset(rows[each] for each in record["company_ids"])
            for record in _lines(folder / "truth.jsonl")
        }
        with np.load(folder / "hidden.npz") as hidden:
            needs = _live_needs(
                {name: hidden[name] for name in ("product_keys", "product", "company", "onset", "end", "win")}
            )
        return cls(products, companies, needs, buyers)

    def expected(self, product: str, domain: str) -> float | None:
        """The score a perfect judge would give, None where the product or the company is unknown.

        Buyers 80, others with a live need 35 to 65 by their odds, everybody else 8.
        """
        key, row = self.products.get(fold(product).strip()), self.companies.get(domain_key(domain))
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
