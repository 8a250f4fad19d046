"""What a company does by its own words, where its directory files it under a word that names no trade ("B2B", "Consumer").

Silence is preferred to error: where the words settle nothing, the directory's reading stays.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ranking.selling import sold_concepts
from ranking.taxonomy import Taxonomy
from ranking.text import words

_BUSINESS: Final = "b2b"
_CONSUMER: Final = "consumer"
_SOFTWARE: Final = "software"
_MARKETPLACES: Final = "marketplaces"
# Under "B2B" a directory names the trade that is served as readily as the one that is plied; who makes its software is filed here.
_MAKERS_FOR: Final = {"retail": _SOFTWARE, "logistics": _SOFTWARE, "staffing": "hrtech"}
_SHOPS: Final = frozenset(("software", "consumer_goods", "retail"))
_READ_BEHIND: Final = {
    _BUSINESS: frozenset(("software", *_MAKERS_FOR)),
    _CONSUMER: frozenset(("consumer_goods",)),
}
_SOFTWARE_TAGS: Final = frozenset(("saas", "enterprise software", "api", "apis"))
_PROGRAM_TAGS: Final = _SOFTWARE_TAGS | {
    "ai", "artificial intelligence", "generative ai", "conversational ai", "ai assistant", "productivity", "developer tools",
    "no code", "open source",
}  # fmt: skip
# What a tag says of the subject, the channel or the means, and not of the trade.
_NO_TRADES: Final = frozenset(
    (
        "software", "artificial_intelligence", "hardware", "consumer_goods", "retail", "manufacturing", "financial_services",
        "professional_services", "advertising", "healthcare", "logistics", "it_infrastructure", "cybersecurity", "salestech", "martech",
        "vr_ar", "sports_fitness",
    )
)  # fmt: skip
_SUBJECTS: Final = frozenset(
    ("video", "community", "live", "culture", "reviews", "chat", "messaging", "calendar")
)
_SERVING: Final = re.compile(
    r"\b(?:for|helps?|helping|enables?|enabling|empower\w+|lets?|allow\w*|connect\w*|so that|that|which|who|where|with)\b",
    re.IGNORECASE,
)
# "AI engineers" are people and no programs, "on-device" is where a program runs.
_ASIDE: Final = re.compile(
    r"\b(?:(?:ai|software|api)\s+(?:engineer|developer|compan|team|talent)\w*|on-device)", re.IGNORECASE
)
_SENTENCE_END: Final = re.compile(r"[.!?…](?=\s|$)|[\n\r\u2028\u0085]")
_PROGRAMS: Final = frozenset(
    words(
        """software saas app apps api apis ai agent agents agentic analytics automation automate automates
        automated automating pos crm erp tms wms os copilot assistant chatbot browser website ide algorithm
        algorithms dashboard bot bots plugin"""
    )
)
# Read in the tagline even behind whom is served: "helping shops price with AI".
_SURELY_PROGRAMS: Final = frozenset(("ai", "software", "saas", "api", "apis"))
# Of who sells to consumers these say that it is nothing to hold.
_ONLINE: Final = frozenset(
    (
        "platform",
        "workspace",
        "video",
        "videos",
        "content",
        "digital",
        "social",
        "interactive",
        "learn",
        "language",
        "languages",
    )
)
# Who ships, stores, sells or makes things himself.
_HANDS: Final = frozenset(
    words(
        """fulfillment fulfilment 3pl 4pl delivery deliver delivers courier couriers warehousing warehouses
        forwarder forwarding forwarders brokerage broker brokers wholesale wholesaler wholesaling
        distributor distribution store stores shop shops brand brands supermarket supermarkets grocer
        groceries grocery marketplace network fleet trucks trucking agency outsourcing bpo hardware device
        devices wearable wearables robot robots camera cameras sensor sensors drone drones machine machines
        equipment skincare cosmetics clothing apparel food foods drinks drink coffee wine beer meals snacks
        restaurant restaurants kitchen kitchens products vehicle vehicles car cars toys furniture jewelry
        clinic clinics studio energy solar internet"""
    )
)
_NOTHING: Final[frozenset[str]] = frozenset()
_READ_WORDS: Final = 60


@dataclass(frozen=True, slots=True)
class OwnWords:
    """What a company says of itself."""

    name: str
    description: str
    tags: tuple[str, ...]


def own_trade(broad: Sequence[str], filed: str | None, own: OwnWords, taxonomy: Taxonomy) -> str | None:
    """The industry code that the company's own words settle, None where the directory's reading stays.

    Args:
        broad: the directory's wordings of the industry; only "B2B" and "Consumer", which say to whom is sold, are looked behind.
        filed: code of the most specific industry that the directory's wordings name.
    """
    audience = " ".join(word for wording in broad for word in words(wording))
    if filed not in _READ_BEHIND.get(audience, ()):
        return None
    sentences = _first_words(own.description)
    if filed in _SHOPS and any("marketplace" in each for each in sentences):
        return _MARKETPLACES
    if filed in _MAKERS_FOR:
        return _MAKERS_FOR[filed] if _makes_programs_for(filed, sentences, own, taxonomy) else None
    if audience == _BUSINESS:
        return None
    tags = _folded(own.tags)
    if {"marketplace", "e commerce"} <= tags:
        return _MARKETPLACES
    in_hand = "hardware" in tags or any(each & _HANDS for each in sentences)
    programs = bool(tags & _PROGRAM_TAGS) or any(each & (_PROGRAMS | _ONLINE) for each in sentences)
    return _tagged(own, taxonomy) or (_SOFTWARE if programs and not in_hand else None)


def _folded(tags: Sequence[str]) -> frozenset[str]:
    return frozenset(" ".join(words(tag)) for tag in tags)


def _first_words(description: str) -> list[frozenset[str]]:
    """Words of the tagline and of the sentence behind it, each up to whom or what the offer serves."""
    tagline, _, rest = _ASIDE.sub("", description.strip()).partition("\n")
    sentences = (tagline, _SENTENCE_END.split(rest.strip(), maxsplit=1)[0])
    return [frozenset(words(_SERVING.split(each, maxsplit=1)[0])) for each in sentences]


def _makes_programs_for(
    trade: str, sentences: Sequence[frozenset[str]], own: OwnWords, taxonomy: Taxonomy
) -> bool:
    """Whether a company filed under the trade it serves sells that trade its software."""
    whole_tagline = frozenset(words(_ASIDE.sub("", own.description.strip()).partition("\n")[0]))
    for sentence, sure in zip(sentences, (whole_tagline & _SURELY_PROGRAMS, _NOTHING), strict=True):
        if sentence & _HANDS:
            return False
        if sentence & _PROGRAMS or sure:
            return True
    if trade == "retail" and _folded(own.tags) & _SOFTWARE_TAGS:
        return True
    sold = sold_concepts(own.name, own.description, own.tags, taxonomy)
    return any(_MAKERS_FOR[trade] in taxonomy.concept(code).industries for code in sold)


def _tagged(own: OwnWords, taxonomy: Taxonomy) -> str | None:
    """The one trade that tags name and the first words confirm; of a trade and its part the part."""
    said = frozenset(words(f"{own.name}\n{own.description}")[:_READ_WORDS])
    found: set[str] = set()
    for tag in own.tags:
        named = words(tag)
        code = taxonomy.industry_code(tag)
        if (
            code is not None
            and code not in _NO_TRADES
            and _SUBJECTS.isdisjoint(named)
            and said.issuperset(named)
        ):
            found.add(code)
    narrowest = found - {taxonomy.industry_parent(code) for code in found}
    return narrowest.pop() if len(narrowest) == 1 else None
