"""The prompts that are judged, with who bought: of a synthetic world, or of a file of outcomes.

Half of the products that nothing was learned from is held out: they are named by a digest of the product alone, so they stay the same
whatever else changes, and their figures stand in the last column only. All else is for tuning.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ingest.synthetic.frozen import DEFAULT_SHA256
from models.outcome_rows import OutcomeEvent, examples
from ranking.prompt import parse
from ranking.taxonomy import Taxonomy
from ranking.types import Query

Half = Literal["tuning", "final"]
HALVES: tuple[Half, ...] = ("tuning", "final")


@dataclass(frozen=True)
class Case:
    """One prompt, parsed, and what came of it.

    Attributes:
        group: what is drawn as a whole: the product, or the prompt itself where no product is known.
        buyers: who bought within the horizon after `as_of_s`; each the ids of one company.
        only: the companies that were on the list, where nothing is known of others.
        learned: whether the default booster learned from this product's past.
    """

    group: str
    language: str
    query: Query
    as_of_s: float
    buyers: tuple[frozenset[str], ...]
    half: Half
    learned: bool = False
    only: tuple[str, ...] | None = None

    def traits(self) -> tuple[str, ...]:
        """The slices it belongs to."""
        excluded = any(getattr(self.query.exclude, field.name) for field in fields(self.query.exclude))
        return (
            f"language {self.language}",
            "with NOT" if excluded else "without NOT",
            "with exemplars" if self.query.exemplars else "without exemplars",
            "learned product" if self.learned else "new product",
        )


def half_of(name: str) -> Half:
    """Which half a product belongs to, by the last bit of the first octet of its SHA-256."""
    return "final" if hashlib.sha256(name.encode()).digest()[0] & 1 else "tuning"


def world_cases(world: Path, taxonomy: Taxonomy, languages: Sequence[str] = ()) -> list[Case]:
    """Every prompt of a synthetic world; the truth file is read here and nowhere in the product.

    The default booster learned from the training products of the frozen world, so these are for tuning; of any other world it has
    seen nobody.
    """
    manifest = json.loads((world / "manifest.json").read_text("utf-8"))
    as_of_s = datetime.fromisoformat(manifest["spec"]["as_of"]).replace(tzinfo=UTC).timestamp()
    buyers = {row["product_id"]: _companies(row) for row in _rows(world / "truth.jsonl")}
    found = []
    for row in _rows(world / "prompts.jsonl"):
        if languages and row["language"] not in languages:
            continue
        product, learned = row["product_id"], row["split"] == "train" and manifest["sha256"] == DEFAULT_SHA256
        found.append(
            Case(
                product, row["language"], parse(row["prompt"], taxonomy), as_of_s, buyers[product],
                "tuning" if learned else half_of(product), learned,
            )
        )  # fmt: skip
    return found


def outcome_cases(events: Iterable[OutcomeEvent], taxonomy: Taxonomy) -> list[Case]:
    """One case per prompt and day on which its list was shown; who was not shown is neither ranked nor counted.

    Whether the booster that is judged learned from these very outcomes is not known here.
    """
    found = []
    for each in examples(events, lambda prompt: parse(prompt, taxonomy)):
        product = each.query.product
        named = (
            product.concepts or product.keywords or (product.category,)
        )  # concepts are the same in every language
        name = hashlib.sha256(repr(named).encode()).hexdigest()[:16]
        bought = tuple(frozenset((company,)) for company, did in sorted(each.bought.items()) if did)
        found.append(
            Case(
                name,
                each.query.language,
                each.query,
                each.as_of_s,
                bought,
                half_of(name),
                only=tuple(sorted(each.bought)),
            )
        )
    return found


def _companies(row: Mapping[str, Any]) -> tuple[frozenset[str], ...]:
    """Buyers, each with the ids of its duplicate records: they count once, whichever is returned."""
    aliases = row["aliases"]
    return tuple(frozenset((company, *aliases.get(company, ()))) for company in row["company_ids"])


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
