"""What the slots of a skeleton say: the company, the product, people, numbers and months of one text."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ingest.synthetic.companies import Companies
from ingest.synthetic.grammar import Dice
from ingest.synthetic.naming import slug
from ingest.synthetic.vocabulary import Country, Industry, Product, Vocabulary, Voice

_ACRONYMS = frozenset(
    [
        "crm",
        "hris",
        "hr",
        "siem",
        "erp",
        "cspm",
        "cnapp",
        "lms",
        "wms",
        "edr",
        "kyc",
        "plm",
        "qms",
        "capa",
        "esg",
        "csrd",
        "gdpr",
        "seo",
        "cdp",
        "lims",
        "ehr",
        "apm",
        "clm",
        "bim",
        "mes",
        "oee",
        "cmms",
        "ivr",
        "cad",
        "bi",
        "elt",
        "gps",
        "soc",
        "iso",
        "pos",
        "s&op",
        "ci/cd",
    ]
)
_SPELLING = {"eidas": "eIDAS", "google": "Google"}
_AHEAD = frozenset({"hire", "compliance", "expansion", "search", "funding", "exec", "bg_job", "spam"})


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything a slot can be filled from, for one text; `language` is an index, `month` 1-12, `said` what
    slots said already."""

    vocabulary: Vocabulary
    voice: Voice
    language: int
    dice: Dice
    companies: Companies
    row: int
    product: Product | None
    kind: str
    month: int
    said: dict[str, str] = field(default_factory=dict)

    def fill(self, slot: str) -> str:
        """The words for a slot; within one text a slot always says the same. KeyError for a slot that nothing knows."""
        if slot not in self.said:
            self.said[slot] = _SLOTS[slot](self)
        return self.said[slot]

    @property
    def country(self) -> Country:
        """Where the company sits."""
        return self.vocabulary.countries[int(self.companies.country[self.row])]

    @property
    def industry(self) -> Industry:
        """The company's trade."""
        return self.vocabulary.industries[int(self.companies.industry[self.row])]

    @property
    def city(self) -> str:
        """The company's city."""
        return self.country.cities[int(self.companies.city[self.row])][0]

    def topic(self) -> Product:
        """The product that the text is about; ValueError for everyday texts, whose skeletons must not ask."""
        if self.product is None:
            raise ValueError(f"texts of class {self.kind} have no product")
        return self.product

    def words(self, name: str) -> str:
        """One word of a list, in English where the language has no such list."""
        english = self.vocabulary.voices["en"].words
        return self.dice.pick(self.voice.words.get(name) or english[name])


def cased(term: str) -> str:
    """The term with its acronyms in capitals, as people write them."""
    return " ".join(
        _SPELLING.get(word, word.upper() if word in _ACRONYMS else word) for word in term.split(" ")
    )


def _other(scene: Scene, options: tuple[str, ...], slot: str) -> str:
    """One of the options, and not the one that stands in `slot` already."""
    said = scene.said.get(slot, "").lower()
    return scene.dice.pick([option for option in options if option.lower() != said])


def _city2(scene: Scene) -> str:
    others = [city for city, _ in scene.country.cities if city != scene.city]
    return scene.dice.pick(others or [scene.city])


def _person(scene: Scene) -> str:
    names, language = scene.vocabulary.names, scene.country.language
    return f"{scene.dice.pick(names.first[language])} {scene.dice.pick(names.last[language])}"


def _partner(scene: Scene) -> str:
    words = scene.vocabulary.names.companies
    if scene.dice.below(2):
        return scene.dice.pick(words["roots"])
    return (
        scene.dice.pick(words["coined"])
        + scene.dice.pick(words["middles"])
        + scene.dice.pick(words["endings"])
    )


def _month(scene: Scene) -> str:
    shift = 1 + scene.dice.below(4) if scene.kind in _AHEAD else -scene.dice.below(3)
    return scene.voice.words["months"][(scene.month - 1 + shift) % 12]


def _department(scene: Scene) -> str:
    return scene.voice.departments[scene.topic().department]


_SLOTS: dict[str, Callable[[Scene], str]] = {
    "c": lambda scene: scene.companies.short_names[scene.row],
    "domain": lambda scene: scene.companies.domains[scene.row],
    "city": lambda scene: scene.city,
    "city1": lambda scene: slug(scene.city),
    "city2": _city2,
    "industry": lambda scene: scene.industry.words[0].lower(),
    "industry_local": lambda scene: scene.industry.targets[scene.language],
    "offer": lambda scene: scene.dice.pick(scene.industry.subs[int(scene.companies.sub[scene.row])][1]),
    "founded": lambda scene: str(int(scene.companies.founded[scene.row])),
    "prod": lambda scene: scene.topic().names[scene.language],
    "term": lambda scene: cased(scene.dice.pick(scene.topic().terms)),
    "term1": lambda scene: slug(scene.dice.pick(scene.topic().terms)),
    "term2": lambda scene: cased(_other(scene, scene.topic().terms, "term")),
    "tool": lambda scene: scene.dice.pick(scene.topic().tools),
    "tool2": lambda scene: _other(scene, scene.topic().tools, "tool"),
    "role": lambda scene: scene.dice.pick(scene.topic().roles),
    "pain": lambda scene: scene.dice.pick(scene.topic().pains),
    "dept": _department,
    "lead": lambda scene: scene.words("lead").replace("{dept}", _department(scene)),
    "n": lambda scene: str(2 + scene.dice.below(27)),
    "n0": lambda scene: str(10 * (4 + scene.dice.below(86))),
    "n10": lambda scene: str(5 + scene.dice.below(6)),
    "amount": lambda scene: str(2 + scene.dice.below(58)),
    "yy": lambda scene: str(12 + scene.dice.below(12)),
    "month": _month,
    "person": _person,
    "partner": _partner,
    "neutral": lambda scene: scene.dice.pick(scene.vocabulary.names.neutral),
    "neutral2": lambda scene: _other(scene, scene.vocabulary.names.neutral, "neutral"),
    "perks": lambda scene: scene.words("perks"),
    "role2": lambda scene: scene.words("other_roles"),
    "industry2": lambda scene: scene.words("industry_groups"),
    "dept2": lambda scene: scene.words("departments_other"),
}
