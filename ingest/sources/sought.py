"""Whom sentences look for: "we are hiring a data engineer", "roles in sales and finance"."""

import re
from collections.abc import Iterator
from itertools import islice

from ingest.importers.canonical import Canonicaliser
from ingest.sources.job_titles import AGENT, ARTICLES, FINITE, PREPOSITION, TITLE_WORDS, names_people, tidied
from ingest.sources.posting_cues import posting_cues
from ranking.cues import Cue
from ranking.text import Token, tokens_with_spans, words

_SOUGHT_WORDS = 14
_CLAUSES = 3
_STOP = re.compile(r"[\n|()\[]|[.!?;:](?=\s|$)")
_RELATIVE = re.compile(
    r"\s(?:who|to|that|with|and help|for our|in our|at our|die|der|mit|qui|pour|que|con|para|com|met)\s"
)
_CLAUSE_END = re.compile(r",\s|\s[-–—]\s")
_AND = re.compile(r"\s(?:and|or|und|oder|et|ou|y|o|e|en|of|&)\s")
_FIELDS_END = re.compile(r"[.!?;:\n(]")
# Before "looking for" or "seeking" these make it what a company's customers do.
_AUDIENCE = frozenset((
    "who", "that", "those", "people", "companies", "users", "managers", "customers", "businesses", "job", "anyone", "they",
))  # fmt: skip
_LINE_STARTS = ("", "\n", "|", ":")
_TITLE_OPENERS = frozenset(("senior", "junior", "staff", "founding", "lead", "full"))


def sought_titles(text: str, canonical: Canonicaliser) -> Iterator[str]:
    """Whom a sentence looks for: the words behind "we are hiring a ..." up to the end of the clause."""
    tokens = tokens_with_spans(text)
    folded = [token.text for token in tokens]
    for cue in posting_cues().seeks.find(folded):
        if not _spoken_by_employer(text, tokens, cue):
            continue
        # A cue may cover the first word of the title ("looking for a senior ..."): it is read again.
        opener = folded[cue.end - 1] in _TITLE_OPENERS
        start = tokens[cue.end - 1].start if opener else tokens[cue.end - 1].end
        stop = tokens[min(cue.end + _SOUGHT_WORDS, len(tokens)) - 1].end
        yield from islice(_people(text[start:stop].lstrip(" :*"), canonical), 1)


def _people(phrase: str, canonical: Canonicaliser) -> Iterator[str]:
    """Who is named at the beginning of a phrase, behind two clauses at most ("a U.S.-based, fully remote engineer")."""
    sentence = _RELATIVE.split(_STOP.split(phrase, maxsplit=1)[0], maxsplit=1)[0]
    row = tidied(ARTICLES.sub("", sentence))
    if "," in row and len(words(row)) <= TITLE_WORDS and AGENT.search(row) and canonical.role_codes(row):
        yield row  # "ML, design and product engineers"
    for clause in _CLAUSE_END.split(sentence)[:_CLAUSES]:
        for part in (clause, _AND.split(clause, maxsplit=1)[0]):
            title = tidied(ARTICLES.sub("", part))
            if names_people(title, canonical) and not FINITE.search(title):
                short = len(words(title)) <= TITLE_WORDS // 2
                yield title if short else tidied(PREPOSITION.split(title, maxsplit=1)[0])


def _spoken_by_employer(text: str, tokens: list[Token], cue: Cue) -> bool:
    """Whether the words look for staff: not "the next generation of hiring", nor "for those who are looking for ..."."""
    before = tokens[cue.start - 1].text if cue.start else ""
    if tokens[cue.start].text == "hiring":
        return text[: tokens[cue.start].start].rstrip(" -*>→•")[-1:] in _LINE_STARTS or before == "actively"
    return before not in _AUDIENCE


def field_titles(text: str, canonical: Canonicaliser) -> Iterator[str]:
    """A row of fields in which several are hired, as one title: "Multiple roles across IT, sales and design"."""
    tokens = tokens_with_spans(text)
    for cue in posting_cues().fields.find([token.text for token in tokens]):
        title = tidied(_FIELDS_END.split(text[tokens[cue.start].start :], maxsplit=1)[0])
        if len(words(title)) <= 3 * TITLE_WORDS and canonical.role_codes(title):
            yield title
