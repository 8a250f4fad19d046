"""A request of known answer that stands beside the customer's in each call that reads a prompt: who fails it is not believed.

A model that is too weak, set up wrongly or out of its mind answers with the right form and the wrong values. On a prompt of which the rules
have read nothing, nobody else would notice.
"""

import random
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

_PRODUCTS: Final = ("payroll", "crm", "erp", "wms", "chatbot", "backup")
_TRADES: Final = ("hotels", "schools", "restaurants", "universities", "pharmacies", "charities", "hospitals")
_WORDINGS: Final = (
    "{product} for {wanted}, no {barred}",
    "we offer {product} for {wanted} except {barred}",
    "{product} for {wanted} please, not {barred}",
)


@dataclass(frozen=True, slots=True)
class Control:
    """A request for one product and one trade without another, all by their codes."""

    text: str
    product: str
    wanted: str
    barred: str

    def is_passed(self, said: Collection[tuple[str, str]]) -> bool:
        """Whether fields and values say what is asked for, and do not mistake the trades for one another."""
        right = {
            ("product.concepts", self.product), ("include.industries", self.wanted), ("exclude.industries", self.barred),
        }  # fmt: skip
        mistaken = {("include.industries", self.barred), ("exclude.industries", self.wanted)}
        return right.issubset(said) and mistaken.isdisjoint(said)


def control(rng: random.Random) -> Control:
    """One at random."""
    product = rng.choice(_PRODUCTS)
    wanted, barred = rng.sample(_TRADES, 2)
    text = rng.choice(_WORDINGS).format(product=product, wanted=wanted, barred=barred)
    return Control(text, product, wanted, barred)
