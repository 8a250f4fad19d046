"""What a word or phrase of a prompt can do, as bits: a phrase may do several things ("for" begins a target, "to" a range too).

The names are the keys of `[cues]` in the language files; each class says in one line what its phrases do.
"""

from typing import Final

NAMES: Final = (
    "negate",  # begins a negation scope: "not", "kein", "don't want"
    "exclude",  # the same, for a set minus its members: "without", "except"
    "excluded_after",  # negates what stands before: "hospitals excluded"
    "neutral",  # looks like a negation and is none: "not only"
    "end_scope",  # ends a negation scope: "but", "sondern"
    "and",
    "or",
    "exemplar",  # introduces names: "like"
    "exemplar_target",  # introduces names of companies to resemble: "companies like"
    "exemplar_after",  # the name stands before: "Stripe lookalikes"
    "comparison",  # introduces products: "alternative to"
    "comparison_after",  # the product stands before: "Salesforce alternative"
    "product",  # what follows is sold: "we sell", "our"
    "target",  # what follows is sold to: "for", "targeting"
    "place",  # "in", "based in"
    "with",  # begins an attribute: "with"
    "company",  # noun for organisations
    "lead",  # noun for contacts and customers
    "vendor",  # after a concept: who makes it
    "product_noun",  # noun for what is sold: "software"
    "people",  # noun of head counts: "employees"
    "use",  # what follows is used by the target: "using"
    "hire",  # roles that follow are hired by the target
    "drop",  # technologies that follow are being left
    "need",  # what follows is needed by the target, so it is sold
    "request",  # asks for leads: "find me"
    "contact",  # what the customer will do with the target: "call", "approach"
    "topic",  # what follows is talked about with the target: "about", "regarding"
    "lack",  # what follows is missing to the target: "without a", "don't have"
    "top",  # before K: "top"
    "more",
    "at_least",
    "less",
    "at_most",
    "about",
    "between",
    "through",
    "later",  # after a stage: that one and those after it
    "earlier",  # after a stage: that one and those before it
    "not_sizes",  # units that are no head counts: "years"
    "stop",  # says nothing about what is sold
)

_BITS: Final = {name: 1 << place for place, name in enumerate(NAMES)}

NEGATE: Final = _BITS["negate"]
EXCLUDE: Final = _BITS["exclude"]
EXCLUDED_AFTER: Final = _BITS["excluded_after"]
NEUTRAL: Final = _BITS["neutral"]
END_SCOPE: Final = _BITS["end_scope"]
AND: Final = _BITS["and"]
OR: Final = _BITS["or"]
EXEMPLAR: Final = _BITS["exemplar"]
EXEMPLAR_TARGET: Final = _BITS["exemplar_target"]
EXEMPLAR_AFTER: Final = _BITS["exemplar_after"]
COMPARISON: Final = _BITS["comparison"]
COMPARISON_AFTER: Final = _BITS["comparison_after"]
PRODUCT: Final = _BITS["product"]
TARGET: Final = _BITS["target"]
PLACE: Final = _BITS["place"]
WITH: Final = _BITS["with"]
COMPANY: Final = _BITS["company"]
LEAD: Final = _BITS["lead"]
VENDOR: Final = _BITS["vendor"]
PRODUCT_NOUN: Final = _BITS["product_noun"]
PEOPLE: Final = _BITS["people"]
USE: Final = _BITS["use"]
HIRE: Final = _BITS["hire"]
DROP: Final = _BITS["drop"]
NEED: Final = _BITS["need"]
REQUEST: Final = _BITS["request"]
CONTACT: Final = _BITS["contact"]
TOPIC: Final = _BITS["topic"]
LACK: Final = _BITS["lack"]
TOP: Final = _BITS["top"]
MORE: Final = _BITS["more"]
AT_LEAST: Final = _BITS["at_least"]
LESS: Final = _BITS["less"]
AT_MOST: Final = _BITS["at_most"]
ABOUT: Final = _BITS["about"]
BETWEEN: Final = _BITS["between"]
THROUGH: Final = _BITS["through"]
LATER: Final = _BITS["later"]
EARLIER: Final = _BITS["earlier"]
NOT_SIZES: Final = _BITS["not_sizes"]
STOP: Final = _BITS["stop"]

NEGATION: Final = NEGATE | EXCLUDE
JOINT: Final = AND | OR
NOUN: Final = COMPANY | LEAD | VENDOR | PRODUCT_NOUN | PEOPLE | NOT_SIZES | STOP
PREPOSITION: Final = TARGET | PLACE | WITH
BOUND: Final = MORE | AT_LEAST | LESS | AT_MOST | ABOUT
NAMED: Final = EXEMPLAR | EXEMPLAR_TARGET | COMPARISON
ACTION: Final = USE | HIRE | DROP | NEED | REQUEST | PRODUCT
OF_WORDS: Final = frozenset(
    {"of", "de", "des", "d", "du", "di", "da", "von", "van", "do", "dos", "das", "del", "dei"}
)
CUE: Final = (1 << len(NAMES)) - 1


def bit(name: str) -> int:
    """Return the bit of a class; KeyError for a name that is no class."""
    return _BITS[name]
