"""Who speaks as a seller, which posting offers no job, and what a company sells (F-5, F-6).

Pure judgements by word patterns in seven languages; the patterns are `selling_cues.toml`. They prefer
silence to
error: what is judged here loses its weight as evidence of need.
"""

import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from ranking.cues import CueSet
from ranking.taxonomy.entries import Concept, Match
from ranking.taxonomy.surfaces import SurfaceIndex
from ranking.text import Token, tokens_with_spans, words
from ranking.types import SnippetKind

_CUES = Path(__file__).with_name("selling_cues.toml")
_TAGLINE_WORDS = 18
_PLAIN_WEIGHT = 0.5
_WORDS_BEFORE_GOODS = 2
_WORDS_BEHIND_GOODS = 5
_SENTENCE_END = re.compile(r"[.!?…](?=\s|$)|[\n\r;•|\u2028\u0085]|\s[-–—]\s")
_FULL_STOP = re.compile(r"[.!?…](?=\s|$)|[\n\r\u2028\u0085]")
_CLAUSE_MARK = re.compile(r"[,:()\[\]–—]")


class Concepts(Protocol):
    """What is asked of the taxonomy."""

    @property
    def surfaces(self) -> SurfaceIndex:
        """Every wording of every concept."""
        ...

    def concept(self, code: str) -> Concept:
        """A concept by its code."""
        ...


class _Cues:
    """The pattern sets of `selling_cues.toml`, all languages of a section together."""

    def __init__(self) -> None:
        with _CUES.open("rb") as file:
            sections = tomllib.load(file)
        classes = sections.pop("classes")
        sets = {
            name: CueSet((pattern for patterns in section.values() for pattern in patterns), classes)
            for name, section in sections.items()
        }
        self.seller = sets["seller"]
        self.announcer = sets["announcer"]
        self.buyer = sets["buyer"]
        self.no_openings = sets["no_openings"]
        self.hiring = sets["hiring"]
        self.offer = sets["offer"]
        self.other = sets["other"]
        self.audience = sets["audience"]
        self.audience_before = sets["audience_before"]
        self.serving = sets["serving"]
        self.goods = sets["goods"]


@lru_cache(maxsize=1)
def _cues() -> _Cues:
    return _Cues()


def vendor_talk(tokens: Sequence[str], kind: SnippetKind) -> bool:
    """Whether the text speaks as a seller of its product rather than as somebody who needs one (F-5: need 0).

    A job posting never does: its boilerplate about "our platform" leaves it a posting. A launch does unless a
    buyer speaks. Elsewhere one seller's phrase is enough, two beside a buyer's phrase.

    Args:
        tokens: folded words of the text (`ranking.text.words`).
    """
    if kind == "job_posting":
        return False
    cues = _cues()
    if kind == "launch":
        return not cues.buyer.any(tokens)
    found = cues.seller.count(tokens, 2) + cues.announcer.count(tokens, 2)
    return found >= 2 or (found == 1 and not cues.buyer.any(tokens))


def not_a_posting(tokens: Sequence[str], kind: SnippetKind) -> bool:
    """Whether a page that looks like a job page offers no job (F-6).

    A posting is none when it says that nothing is open or only advertises, a web page when it says that nothing is
    open; words of a real offer beside it ("5 open positions", "requirements") overrule both. Other kinds are never
    judged.

    Args:
        tokens: folded words of the text (`ranking.text.words`).
    """
    if kind not in ("job_posting", "web_page"):
        return False
    cues = _cues()
    advertises = kind == "job_posting" and cues.seller.any(tokens)
    return (advertises or cues.no_openings.any(tokens)) and not cues.hiring.any(tokens)


def sold_concepts(name: str, description: str, tags: Sequence[str], taxonomy: Concepts) -> tuple[str, ...]:
    """Product concepts that the company's own words say it sells, sorted, broader concepts included.

    Counted are a name that says so, the tagline and sentences that make an offer ("we provide ..."), each up
    to words that turn to what is used, replaced, connected to or served. A general subject needs a product
    noun in its sentence ("recruiting software") or a tag; a tag alone only confirms what the description
    offers.
    """
    sold = _named(name, taxonomy)
    tagged = {code for tag in tags for code in _whole(tag, taxonomy)}
    for sentence, is_tagline in _sentences(description):
        tokens = tokens_with_spans(sentence)
        matches = _concept_matches(tokens, taxonomy)
        if not matches:
            continue
        goods = _places_near_goods([token.text for token in tokens])
        for match in _offered(sentence, tokens, matches, is_tagline):
            phrase = " ".join(token.text for token in tokens[match.start : match.end])
            named = bool(goods.intersection(range(match.start, match.end)))
            sold |= {
                code
                for code in _concept_codes(match)
                if named or code in tagged or phrase in taxonomy.concept(code).strong
            }
    return tuple(sorted(sold | {parent for code in sold for parent in _ancestors(code, taxonomy)}))


def _sentences(description: str) -> list[tuple[str, bool]]:
    """Sentences in order, each with whether it belongs to the tagline: a short first sentence in one or more parts."""
    text = description.strip()
    first_stop = _FULL_STOP.search(text)
    tagline_end = first_stop.start() if first_stop is not None else len(text)
    if len(text[:tagline_end].split()) > _TAGLINE_WORDS:
        tagline_end = 0
    sentences: list[tuple[str, bool]] = []
    start = 0
    for mark in _SENTENCE_END.finditer(text):
        sentences.append((text[start : mark.start()], start < tagline_end))
        start = mark.end()
    sentences.append((text[start:], start < tagline_end))
    return sentences


def _concept_codes(match: Match) -> list[str]:
    return [
        entry.code for entry in match.entries if entry.kind == "concept" and entry.weight >= _PLAIN_WEIGHT
    ]


def _concept_matches(tokens: Sequence[Token], taxonomy: Concepts) -> list[Match]:
    found = taxonomy.surfaces.match([token.text for token in tokens])
    return [match for match in found if _concept_codes(match)]


def _whole(text: str, taxonomy: Concepts) -> set[str]:
    """Concepts of which the whole text is a surface."""
    tokens = words(text)
    matches = taxonomy.surfaces.match(tokens)
    return {
        code for match in matches if match.end - match.start == len(tokens) for code in _concept_codes(match)
    }


def _named(name: str, taxonomy: Concepts) -> set[str]:
    """Concepts that a company's name says it sells: only phrases that alone name a product."""
    tokens = words(name)
    found = set()
    for match in taxonomy.surfaces.match(tokens):
        phrase = " ".join(tokens[match.start : match.end])
        found |= {code for code in _concept_codes(match) if phrase in taxonomy.concept(code).strong}
    return found


def _ancestors(code: str, taxonomy: Concepts) -> set[str]:
    found: set[str] = set()
    parent = taxonomy.concept(code).parent
    while parent is not None and parent not in found:
        found.add(parent)
        parent = taxonomy.concept(parent).parent
    return found


def _places_near_goods(texts: Sequence[str]) -> set[int]:
    """Positions so close to a product noun that it may mean them: "recruiting software", "tools for modern recruiting"."""
    return {
        place
        for cue in _cues().goods.find(texts)
        for place in range(cue.start - _WORDS_BEFORE_GOODS, cue.end + _WORDS_BEHIND_GOODS)
    }


def _offered(
    sentence: str, tokens: Sequence[Token], matches: Sequence[Match], is_tagline: bool
) -> list[Match]:
    """The matches in an offer: behind an offering cue or in a tagline, not behind a cue that turns away from it."""
    states = _offering_states(sentence, tokens, is_tagline)
    return [match for match in matches if states[match.start] and not _is_audience(sentence, tokens, match)]


def _offering_states(sentence: str, tokens: Sequence[Token], is_tagline: bool) -> list[bool]:
    """For each word whether it belongs to what is offered."""
    texts = [token.text for token in tokens]
    cues = _cues()
    changes = {cue.end: True for cue in cues.offer.find(texts)}
    changes |= {cue.end: False for cue in cues.other.find(texts)}
    served = {
        cue.end
        for cue in cues.serving.find(texts)
        if cue.start == 0 or not cues.goods.any(texts[cue.start - 1 : cue.start])
    }
    offering, serving, states = is_tagline, False, []
    for place in range(len(texts)):
        if place in served:
            serving = True
        elif place in changes or (
            place and _CLAUSE_MARK.search(sentence[tokens[place - 1].end : tokens[place].start])
        ):
            serving = False
        offering = changes.get(place, offering)
        states.append(offering and not serving)
    return states


def _is_audience(sentence: str, tokens: Sequence[Token], match: Match) -> bool:
    """Whether the phrase only describes people: "payroll teams", "équipes RH"."""
    cues = _cues()
    behind = [token.text for token in tokens[match.end : match.end + 2]]
    if behind and match.end < len(tokens):
        between = sentence[tokens[match.end - 1].end : tokens[match.end].start]
        follows = next(cues.audience.find(behind), None)
        if follows is not None and follows.start == 0 and not _CLAUSE_MARK.search(between):
            return True
    before = [token.text for token in tokens[max(0, match.start - 3) : match.start]]
    return any(cue.end == len(before) for cue in cues.audience_before.find(before))
