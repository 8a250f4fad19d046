"""The stand-in's judgement of what it has read: the world's truth with seeded noise, else the words of the texts."""

import random
import re
from functools import lru_cache

from deployments.standin.behaviour import Obedience
from deployments.standin.obedience import Order, orders
from deployments.standin.reading import SeenCompany, SeenPrompt
from deployments.standin.world import HiddenWorld
from ranking.text import fold, words

_BUYING = re.compile(
    r"budget|tender|vendor|supplier|replace|looking for|evaluat|contract|hiring|need|search|migrat|struggl|renew|offers?\b"
)

_PRODUCTS = 1_000


class Judge:
    """Scores by id; the same seed, product and company give the same score in whatever company it is asked about."""

    def __init__(self, world: HiddenWorld | None, seed: int) -> None:
        self._world = world
        self._seed = seed
        self._product_of = lru_cache(_PRODUCTS)(world.product_of if world is not None else _unknown)

    def scores(self, seen: SeenPrompt, noise: float, obedience: Obedience) -> dict[str, int]:
        """One integer in 0..100 for each company seen."""
        scores = {each.identity: self._score(seen.product, each, noise) for each in seen.companies}
        if obedience != "none":
            _obey(seen, scores, obedience)
        return scores

    def _score(self, product: str, company: SeenCompany, noise: float) -> int:
        domain = company.facts.get("Domain", "")
        key = self._product_of(product)
        expected = self._world.expected(key, domain) if self._world and domain else None
        if expected is None:
            expected = _by_words(product, company.texts)
        identity = domain or company.facts.get("Name", "")
        rng = random.Random(f"{self._seed}|{fold(product)}|{fold(identity)}")  # noqa: S311 - a simulation
        return round(min(100.0, max(0.0, expected + rng.gauss(0.0, noise))))


def _unknown(_product: str) -> str | None:
    return None


def _by_words(product: str, texts: list[str]) -> float:
    """10, 40 when the texts name the product, 85 when they also speak of buying."""
    named = set(words(product)) & {word for text in texts for word in words(text)}
    if not named:
        return 10.0
    return 85.0 if any(_BUYING.search(fold(text)) for text in texts) else 40.0


def _obey(seen: SeenPrompt, scores: dict[str, int], obedience: Obedience) -> None:
    for company in seen.companies:
        given = _orders(company, obedience)
        if given.others:
            scores.update({each: 0 for each in scores if each != company.identity})
        if given.own:
            scores[company.identity] = 100


def _orders(company: SeenCompany, obedience: Obedience) -> Order:
    read = list(company.outside)
    if obedience == "everywhere":
        read += [*company.facts.values(), *company.texts]
    found = [orders(text) for text in read]
    return Order(any(each.own for each in found), any(each.others for each in found))
