"""The rules that flag a query, all in one place (F-8). Pure: what was asked before is counted by `ranking.recurrence`.

A rule fires on what ordinary heavy use never does; volume alone is none. One that could meet an honest customer again and again
(`no_feedback`) fires too seldom to throttle by itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import Field

from ranking.strict import Strict

Rule = Literal["empty", "adversarial", "spam", "repetition", "enumeration", "no_feedback"]

_LEAST_EVERY: Final = 4
"""0.1 / (1 - 0.9^4) = 0.291: flagged every fourth time, the moving rate stays below 0.3."""


class RuleConfig(Strict):
    """When a query is flagged, and the quality it is left with, in [0, 1]."""

    spam_words: int = Field(12, ge=4, le=1000, description="words from which repeated ones are spam")
    spam_distinct: float = Field(
        0.34, ge=0.0, le=1.0, description="a smaller share of distinct words is spam"
    )
    window_s: float = Field(
        600.0, gt=0.0, le=86_400.0, description="seconds over which recurring questions are counted"
    )
    repetitions: int = Field(
        300,
        ge=10,
        le=1_000_000,
        description="times the same question, but for its numbers, may be asked in a window",
    )
    listing_limit: int = Field(
        200, ge=1, le=2000, description="leads from which a question that names no product lists the store"
    )
    listings: int = Field(20, ge=1, le=1_000_000, description="such listings that a window may have")
    unheard: int = Field(
        1000, ge=10, le=100_000_000, description="answered queries after which some outcome is expected"
    )
    unheard_every: int = Field(
        5,
        ge=_LEAST_EVERY,
        le=1000,
        description="from then on one in so many is flagged: too few to throttle alone",
    )
    scores: dict[Rule, float] = Field(
        default={
            "empty": 0.2, "adversarial": 0.0, "spam": 0.1, "repetition": 0.3, "enumeration": 0.2, "no_feedback": 0.7,
        },
        description="quality of a query by the rule that flags it",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rules look at.

    Attributes:
        is_bare: the prompt stands alone, without filters, candidates or a corrected parse.
        has_product: something sold was understood, or a company to resemble.
        repetitions: how often the same was asked in this window, this time included; `listings` likewise.
        unheard: answered queries since an outcome was last reported, this one included.
    """

    prompt: str
    limit: int = 25
    is_bare: bool = True
    has_product: bool = True
    repetitions: int = 1
    listings: int = 0
    unheard: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """Quality in [0, 1] and the rule that flags, None where none does."""

    score: float
    rule: Rule | None


ORDINARY: Final = Judgement(1.0, None)


def judged(asked: Asked, config: RuleConfig) -> Judgement:
    """The first rule that fires, of the gravest first."""
    rule = _rule(asked, config)
    return ORDINARY if rule is None else Judgement(config.scores.get(rule, 0.0), rule)


def is_listing(limit: int, *, is_bare: bool, has_product: bool, config: RuleConfig) -> bool:
    """Whether a question wants the store rather than buyers of something."""
    return is_bare and not has_product and limit >= config.listing_limit


def _rule(asked: Asked, config: RuleConfig) -> Rule | None:
    prompt = asked.prompt
    words = prompt.casefold().split()
    if is_adversarial(prompt, words):
        return "adversarial"
    if asked.is_bare and not _LETTER.search(prompt):
        return "empty"
    if is_spam(words, config):
        return "spam"
    if asked.repetitions > config.repetitions:
        return "repetition"
    if asked.listings > config.listings:
        return "enumeration"
    over = asked.unheard - config.unheard
    return "no_feedback" if over > 0 and over % config.unheard_every == 0 else None


_LETTER: Final = re.compile(r"[^\W\d_]")
_LONG_WORD: Final = 12
_FEW_LETTERS: Final = 2


def is_spam(words: Sequence[str], config: RuleConfig) -> bool:
    """Whether the folded words say the same again and again: of many a third are distinct, or one is the same letters all along."""
    if len(words) >= config.spam_words and len(set(words)) < config.spam_distinct * len(words):
        return True
    return any(
        len(word) >= _LONG_WORD and len(set(word)) <= _FEW_LETTERS and word.isalpha() for word in words
    )


# The first letters of every word with which `_SET_ASIDE` begins: a look into a set spares most prompts the pattern.
_STEMS: Final = frozenset((
    "ignor", "disre", "forge", "overr", "bypas", "revea", "print", "repea", "vergi", "verge", "missa", "oubli", "olvid", "esque",
    "dimen", "negee", "union",
))  # fmt: skip
_MARKS: Final = re.compile(
    r"<\|\w|\|>|\[/?inst\]|<</?sys|#{2,} ?(?:instruction|response|system)|</?(?:system|user|assistant|script|untrusted)\b"
    r"|\$\{jndi:|;\s*(?:drop|truncate|alter)\s+table\b|;\s*delete\s+from\b|['\"]\s*(?:or|and)\s+['\"]?1['\"]?\s*=\s*['\"]?1",
    re.IGNORECASE,
)
_SET_ASIDE: Final = (
    r"(?:ignor\w*|disregard\w*|forget|override|bypass|vergiss|vergesst|missacht\w*|oublie[zr]?|olvida\w*|esque[cç]a\w*"
    r"|dimentica\w*|negeer|vergeet)"
)
_BEFORE: Final = (
    r"(?:previous|prior|above|earlier|preceding|vorherig\w*|bisherig\w*|obig\w*|pr[eé]c[eé]dent\w*|anteriore?s|precedenti|vorige"
    r"|eerdere|bovenstaande)"
)
_OURS: Final = r"(?:system|your|deine|ihre|vos|tus|suas|jouw)"
_ORDERED: Final = (
    r"(?:instructions?|prompts?|anweisung\w*|consignes|instrucciones|instru[cç][oõ]es|istruzioni|instructies)"
)
_RULES: Final = rf"(?:{_ORDERED}|rules|guidelines|regeln|vorgaben|r[eè]gles|reglas|regras|regole|regels)"
_GAP: Final = r"(?:\W+\w+){0,3}?\W+"
_ORDERS: Final = re.compile(
    rf"\b{_SET_ASIDE}{_GAP}(?:{_BEFORE}{_GAP}{_RULES}|{_RULES}{_GAP}{_BEFORE}|{_OURS}{_GAP}{_ORDERED})\b"
    rf"|\b(?:reveal|print|repeat){_GAP}(?:system|hidden|initial)\W+(?:prompt|instructions?)\b"
    r"|\bunion\s+(?:all\s+)?select\b.{0,200}\bfrom\b",
    re.IGNORECASE | re.DOTALL,
)
_UNSEEN: Final = re.compile("[\u200b-\u200f\u2060-\u2064\ufeff\u00ad\U000e0000-\U000e007f]")
_TURNED: Final = re.compile("[\u202d\u202e\u2066-\u2068]")
_MOST_UNSEEN: Final = 20
"""Flags of England, Scotland and Wales are made of six tags each; soft hyphens come along with copied texts."""


def is_adversarial(prompt: str, words: Sequence[str]) -> bool:
    """Whether the prompt, folded into `words`, gives orders to a model or a database, or hides from people what it says.

    Words of setting aside prove nothing: there are rule engines to sell. Told to set aside what was said
    *before*, or *your* instructions, nobody is meant but us.
    """
    if not prompt.isprintable() and (_TURNED.search(prompt) or len(_UNSEEN.findall(prompt)) > _MOST_UNSEEN):
        return True
    if _SIGNS.search(prompt) and _MARKS.search(prompt):
        return True
    has_stem = not _STEMS.isdisjoint([word.lstrip(_OPENING)[:5] for word in words])
    return has_stem and bool(_ORDERS.search(prompt))


_OPENING: Final = "\"'([{<*-_.:,;"
_SIGNS: Final = re.compile(r"[<>\[#$;'\"]")
