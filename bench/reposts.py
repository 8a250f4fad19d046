"""Reposts of real texts at three strengths, from a seed: what a copier does to a text so that it looks new."""

import random
import re
from dataclasses import dataclass

STRENGTHS = ("light", "medium", "heavy")
_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n+")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_DATED = re.compile(rf"\b(?:20[12]\d|{'|'.join(_MONTHS)})\b", re.IGNORECASE)
_LABELS = ("Repost:", "Update:", "Still hiring!", "ICYMI:", "[UPDATED]")
# Written for this purpose; what boards and forwarders put around a text.
_BOILERPLATE = (
    "Apply now through our partner portal and mention where you saw this.",
    "We are an equal opportunity employer and value diversity of every kind.",
    "Posted via our talent network, updated weekly for our subscribers.",
    "Salary depends on experience; benefits include health cover and paid leave.",
    "For more openings like this one visit our job board or subscribe to the newsletter.",
    "All qualified applicants will receive consideration without regard to age, origin or belief.",
    "Visa sponsorship may be available for the right candidate, relocation support included.",
    "Do not miss this opportunity to join a fast growing team with a strong mission.",
    "Our recruiters answer within two working days and guide you through each step.",
    "Share this with a friend who might be interested and earn a referral bonus.",
)


@dataclass(frozen=True)
class Strength:
    """How hard a text is edited.

    `words`: share of words replaced, left out or added. `moved`: share of sentences put elsewhere. `kept`: least share of the text kept
    when its end or start is cut. `padding`: boilerplate as a share of the text.
    """

    words: float
    moved: float
    kept: float
    padding: float


EDITS = {
    "light": Strength(words=0.03, moved=0.1, kept=0.9, padding=0.1),
    "medium": Strength(words=0.08, moved=0.35, kept=0.7, padding=0.25),
    "heavy": Strength(words=0.2, moved=1.0, kept=0.5, padding=0.5),
}


def repost(text: str, strength: str, seed: int, vocabulary: list[str]) -> str:
    """The text as a copier would send it again; `vocabulary` is where replaced and added words come from."""
    dice, edit = random.Random(f"{strength}-{seed}"), EDITS[strength]
    sentences = [part for part in _SENTENCES.split(_redated(text, dice)) if part.strip()]
    sentences = _cut(_moved(sentences, edit.moved, dice), dice.uniform(edit.kept, 1.0), dice)
    words = _reworded(" ".join(sentences).split(" "), edit.words, dice, vocabulary)
    padding = _padding(len(words) * edit.padding, dice)
    label = [dice.choice(_LABELS)] if dice.random() < 0.5 else []
    framed = [*label, *words, *padding] if dice.random() < 0.7 else [*padding, *words]
    return " ".join(framed)


def _redated(text: str, dice: random.Random) -> str:
    def other(found: re.Match[str]) -> str:
        return str(dice.randint(2021, 2026)) if found[0].isdigit() else dice.choice(_MONTHS).capitalize()

    return _DATED.sub(other, text)


def _moved(sentences: list[str], share: float, dice: random.Random) -> list[str]:
    rest = list(sentences)
    for _ in range(round(share * len(rest))):
        rest.insert(dice.randrange(len(rest) + 1), rest.pop(dice.randrange(len(rest))))
    return rest


def _cut(sentences: list[str], kept: float, dice: random.Random) -> list[str]:
    words = " ".join(sentences).split(" ")
    count = max(1, round(kept * len(words)))
    return [" ".join(words[:count] if dice.random() < 0.8 else words[-count:])]


def _reworded(words: list[str], share: float, dice: random.Random, vocabulary: list[str]) -> list[str]:
    edited: list[str] = []
    for word in words:
        if dice.random() >= share:
            edited.append(word)
            continue
        what = dice.choice(("replace", "leave out", "add"))
        if what == "add":
            edited += [word, dice.choice(vocabulary)]
        elif what == "replace":
            edited.append(dice.choice(vocabulary))
    return edited


def _padding(words: float, dice: random.Random) -> list[str]:
    padding: list[str] = []
    for line in dice.sample(_BOILERPLATE, len(_BOILERPLATE)):
        if len(padding) >= words:
            break
        padding += line.split(" ")
    return padding[: round(words) + 3]
