"""Technologies that a posting asks for, as taxonomy codes.

Languages, frameworks and databases count wherever they are named. A product counts where the sentence asks for it
("experience with Salesforce"), not where it is a company ("our customers include Notion"). A name that is an ordinary word too
("Python", "Go", "Close") counts with a capital letter: beside another technology, or, where it is no product, within a
sentence.
"""

import re
from collections.abc import Iterator

from ingest.sources.addresses import without_links
from ingest.sources.posting_cues import posting_cues
from ranking.taxonomy import COMMON_WORD, Match, Taxonomy
from ranking.text import Token, company_name_key, tokens_with_spans

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")
_NEAR_WORDS = 3
_ITSELF_WORDS = 4


def technologies_in(text: str, company: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    """Codes in order of first naming; what the company itself is called is left out."""
    own = company_name_key(company)
    found: dict[str, None] = {}
    for sentence in _SENTENCE.split(without_links(text)):
        tokens = tokens_with_spans(sentence)
        if not tokens:
            continue
        folded = [token.text for token in tokens]
        if own and " ".join(folded[:_ITSELF_WORDS]).startswith(own):
            folded = folded[len(own.split()) :]
            tokens = tokens[len(own.split()) :]
        cues = posting_cues()
        products = cues.asked.any(folded) and not cues.company_talk.any(folded)
        for code in _named(sentence, tokens, folded, taxonomy):
            if products or not taxonomy.technology_concepts(code):
                found.setdefault(code)
    return tuple(found)


def _named(sentence: str, tokens: list[Token], folded: list[str], taxonomy: Taxonomy) -> Iterator[str]:
    matches = [
        (match, *_technology(match)) for match in taxonomy.surfaces.match(folded) if _technology(match)[0]
    ]
    spelled = [match for match, _, _ in matches if sentence[tokens[match.start].start].isupper()]
    for match, code, weight in matches:
        if weight > COMMON_WORD:
            yield code
        elif match in spelled:
            beside = any(other is not match and _near(match, other) for other in spelled)
            plain = (
                match.start > 0 and len(folded[match.start]) > 2 and not taxonomy.technology_concepts(code)
            )
            if beside or plain:
                yield code


def _technology(match: Match) -> tuple[str, float]:
    """The technology a match names with its weight, ("", 0) when it names none."""
    return next(
        ((entry.code, entry.weight) for entry in match.entries if entry.kind == "technology"), ("", 0.0)
    )


def _near(match: Match, other: Match) -> bool:
    return abs(match.start - other.start) <= _NEAR_WORDS
