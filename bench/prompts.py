"""Prompts as sellers write them, in seven languages, no two of which parse alike.

Composed of the words of the synthetic world and of the taxonomy: products, buyers, places, head counts, exclusions, tools, roles, companies
to resemble; and mixed with the prompts of a world (`prompts.jsonl`), each once. How often each occurs is `Mix`.
"""

import hashlib
import json
import random
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ingest.synthetic.vocabulary import Area, vocabulary
from ranking.prompt import parse
from ranking.taxonomy import load_taxonomy
from ranking.types import Exclusions, Product, Targets

_TAXONOMY = Path(__file__).parents[1] / "ranking" / "taxonomy" / "data"
LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "nl")
BOUNDS = (5, 10, 20, 30, 50, 75, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 1500, 2000, 3000, 5000)
_CITY = {"en": " in ", "de": " in ", "fr": " à ", "es": " en ", "pt": " em ", "it": " a ", "nl": " in "}
_TOOL = {
    "en": " using {}", "de": " mit {} im Einsatz", "fr": " utilisant {}", "es": " que usan {}", "pt": " que usam {}",
    "it": " che usano {}", "nl": " die {} gebruiken",
}  # fmt: skip
_ROLES = (
    "CFO",
    "CTO",
    "HR Manager",
    "VP Sales",
    "Head of IT",
    "COO",
    "CMO",
    "IT Manager",
    "VP Engineering",
    "CEO",
)
_STAGES = ("seed", "series A", "series B", "series C")
_KEYWORDS = (
    "b2b",
    "multi-site",
    "remote",
    "family-owned",
    "export",
    "24/7",
    "franchise",
    "cloud-first",
    "ISO 27001",
)
_FREE_FIRST = ("Northwind", "Alpine", "Harbour", "Meridian", "Cobalt", "Juniper", "Solstice", "Granite", "Lumen", "Osprey",
               "Verdant", "Kestrel", "Tundra", "Saffron", "Willow", "Quartz", "Ember", "Delta", "Orchard", "Falcon")  # fmt: skip
_FREE_LAST = ("Cold Storage", "Dental Group", "Wind Farms", "Payments", "Robotics", "Bakeries", "Courier Fleet", "Insurance Brokers",
              "Timber Mills", "Game Studio", "Shipyard", "Clinics", "Vineyards", "Rail Freight", "Software Labs", "Hotels")  # fmt: skip
Key = tuple[Product, Targets, Exclusions, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of what prompts are made of, each drawn on its own.

    `languages`: weights, English first. `buyers`: one, two, three industries; the rest of the prompts name none. `city` is a share of
    the places (narrow; the others are countries and larger regions). `typo`: two letters swapped. `slang`: no verb, English.
    `keywords`: product and keywords only. `free_text`: resembles a company that nobody stored, so that its name is embedded.
    `filters`: head count or country given as fields beside the prompt. `world`: from the world's own prompts, while they last.
    """

    languages: tuple[float, ...] = (0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1)
    buyers: tuple[float, ...] = (0.45, 0.3, 0.15)
    place: float = 0.55
    city: float = 0.2
    size: float = 0.6
    excluded_kind: float = 0.25
    excluded_country: float = 0.08
    by_name: float = 0.06
    free_text: float = 0.0
    tool: float = 0.08
    role: float = 0.12
    taxonomy_product: float = 0.4
    slang: float = 0.08
    keywords: float = 0.05
    typo: float = 0.03
    filters: float = 0.1
    world: float = 0.02
    limits: tuple[tuple[int, float], ...] = ((25, 0.8), (10, 0.1), (50, 0.07), (100, 0.03))


USUAL = Mix()


@dataclass(frozen=True, slots=True)
class Asked:
    """One prompt, its language, what it is known by (`key_of`), and what the request says beside it."""

    prompt: str
    language: str
    key: Key
    limit: int = 25
    filters: dict[str, Any] | None = None


class Prompts:
    """An endless supply, decided by `seed`; no two of all that it ever gives have the same key."""

    def __init__(
        self, seed: int, mix: Mix = USUAL, companies: Sequence[str] = (), world: Path | None = None
    ) -> None:
        self.mix = mix
        self._rng = random.Random(seed)
        self._companies = companies
        self._world = world_prompts(world) if world is not None else []
        self._rng.shuffle(self._world)
        self._seen: set[Key] = set()

    def take(self, count: int) -> list[Asked]:
        """The next `count`."""
        return [next(self._fresh()) for _ in range(count)]

    def _fresh(self) -> Iterator[Asked]:
        while True:
            language, prompt = self._draw()
            key = key_of(prompt)
            if key not in self._seen:
                self._seen.add(key)
                sizes, shares = zip(*self.mix.limits, strict=True)
                limit = self._rng.choices(sizes, shares)[0]
                filters = self._filters() if self._rng.random() < self.mix.filters else None
                yield Asked(prompt, language, key, limit, filters)

    def _draw(self) -> tuple[str, str]:
        if self._world and self._rng.random() < self.mix.world:
            return self._world.pop()
        language = self._rng.choices(LANGUAGES, self.mix.languages)[0]
        return language, _typed(self._rng, compose(self._rng, language, self.mix, self._companies), self.mix)

    def _filters(self) -> dict[str, Any]:
        if self._rng.random() < 0.5:
            return {"countries": [self._rng.choice(("US", "DE", "GB", "FR", "NL", "ES", "IT", "BR"))]}
        low, high = sorted(self._rng.sample(BOUNDS, 2))
        return {"employee_min": low, "employee_max": high}


def unique_prompts(count: int, seed: int, world: Path | None = None) -> list[str]:
    """`count` prompts of the usual mix, no two of which parse alike, in an order that `seed` decides."""
    return [each.prompt for each in Prompts(seed, world=world).take(count)]


def key_of(prompt: str) -> Key:
    """What a prompt asks for, whatever its words: product, targets, exclusions, exemplars."""
    query = parse(prompt, load_taxonomy())
    return query.product, query.include, query.exclude, query.exemplars


def world_prompts(path: Path) -> list[tuple[str, str]]:
    """Language and text of a world's prompts."""
    rows = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
    return [(row.get("language", "en"), row["prompt"]) for row in rows]


def digest(prompts: Sequence[str]) -> str:
    """SHA-256 of the prompts in order."""
    return hashlib.sha256("\n".join(prompts).encode()).hexdigest()


def described(mix: Mix) -> dict[str, Any]:
    """The mix for a record."""
    return asdict(mix) | {"languages": dict(zip(LANGUAGES, mix.languages, strict=True))}


def compose(rng: random.Random, language: str, mix: Mix, companies: Sequence[str]) -> str:
    """One prompt of the mix in that language."""
    words, at = vocabulary().prompts[language], LANGUAGES.index(language)
    product = _product(rng, language, mix)
    if rng.random() < mix.keywords:
        return f"{product} {' '.join(rng.sample(_KEYWORDS, 2))}{_place(rng, language, mix)}"
    if language == "en" and rng.random() < mix.slang / mix.languages[0]:
        return _slang(rng, product)
    who = _buyers(rng, at, mix, words) + (_tool(rng, language) if rng.random() < mix.tool else "")
    low, high = sorted(rng.sample(BOUNDS, 2))
    size = words["size"].format(lo=low, hi=high) if rng.random() < mix.size else ""
    text: str = rng.choice(words["skeletons"]).format(
        prod=product, who=who, place=_place(rng, language, mix), size=size,
        nots=_exclusions(rng, at, mix, words), like=_like(rng, mix, words, companies),
    )  # fmt: skip
    if rng.random() < mix.role:
        text = f"{text.rstrip(' ?')}, {rng.choice(_ROLES)}"
    return text[:1].upper() + text[1:]


def _slang(rng: random.Random, product: str) -> str:
    low, high = sorted(rng.sample(BOUNDS, 2))
    area = rng.choice(_areas()).key.replace("_", " ").lower()
    industry = rng.choice(vocabulary().industries).key.replace("_", " ")
    return f"{rng.choice(_ROLES)} {rng.choice(_STAGES)} {industry} {area} {low}-{high} {product}"


def _product(rng: random.Random, language: str, mix: Mix) -> str:
    if rng.random() < mix.taxonomy_product:
        return rng.choice(_concept_words()[language])
    return rng.choice(vocabulary().products).names[LANGUAGES.index(language)]


def _buyers(rng: random.Random, at: int, mix: Mix, words: dict[str, Any]) -> str:
    drawn, count = rng.random(), 0
    for number, share in enumerate(mix.buyers, start=1):
        if 0.0 <= drawn < share:
            count = number
        drawn -= share
    named = [row.targets[at] for row in rng.sample(vocabulary().industries, count)]
    if not named:
        return str(words["who"])
    return ", ".join(named[:-1]) + words["and"] + named[-1] if len(named) > 1 else named[0]


def _place(rng: random.Random, language: str, mix: Mix) -> str:
    if rng.random() >= mix.place:
        return ""
    if rng.random() < mix.city:
        return _CITY[language] + rng.choice(rng.choice(vocabulary().countries).cities)[0]
    return f" {rng.choice(_areas()).names[LANGUAGES.index(language)]}"


def _tool(rng: random.Random, language: str) -> str:
    return _TOOL[language].format(rng.choice(rng.choice(vocabulary().products).tools))


def _exclusions(rng: random.Random, at: int, mix: Mix, words: dict[str, Any]) -> str:
    text = ""
    if rng.random() < mix.excluded_kind:
        text += words["nots"].format(x=rng.choice(vocabulary().industries).not_words[at])
    if rng.random() < mix.excluded_country:
        text += words["except"].format(x=rng.choice(list(vocabulary().exclusions.values()))[at])
    return text


def _like(rng: random.Random, mix: Mix, words: dict[str, Any], companies: Sequence[str]) -> str:
    if rng.random() < mix.free_text:
        return str(words["like"].format(x=f"{rng.choice(_FREE_FIRST)} {rng.choice(_FREE_LAST)}"))
    if companies and rng.random() < mix.by_name:
        named = rng.sample(companies, min(len(companies), rng.choice((1, 1, 2))))
        return str(words["like"].format(x=words["and"].join(named)))
    return ""


def _typed(rng: random.Random, prompt: str, mix: Mix) -> str:
    """The prompt, now and then with two letters of a long word swapped."""
    words = prompt.split(" ")
    long = [place for place, word in enumerate(words) if len(word) > 6 and word.isalpha() and word.islower()]
    if long and rng.random() < mix.typo:
        place = rng.choice(long)
        word = words[place]
        at = rng.randrange(2, len(word) - 2)
        words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)


@cache
def _areas() -> tuple[Area, ...]:
    return tuple(vocabulary().areas.values())


@cache
def _concept_words() -> dict[str, tuple[str, ...]]:
    """What the taxonomy's product concepts are called in each language, by the first two of their names."""
    found: dict[str, list[str]] = {language: [] for language in LANGUAGES}
    for path in sorted(_TAXONOMY.glob("concepts_*.toml")):
        for concept in tomllib.loads(path.read_text("utf-8")).values():
            for language in LANGUAGES:
                names = [name.strip().rstrip("~") for name in concept.get(language, "").split(",")]
                found[language] += [name for name in names[:2] if name]
    return {language: tuple(names) for language, names in found.items()}
