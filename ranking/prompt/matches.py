"""The taxonomy's surfaces in a prompt: within its clauses, inside compounds ("Biotechfirmen") and behind slips of the hand."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from ranking.prompt.lexicon import Lexicon
from ranking.prompt.typos import corrected
from ranking.taxonomy.entries import PLAIN, Entry, Kind, Match
from ranking.taxonomy.surfaces import SurfaceIndex
from ranking.text import Token

_BOUNDARY: Final = re.compile(r"[;:!?()\n]|(?<=\w{3})\.(?=\s)")
_COMMA: Final = re.compile(r"(?<=[^\s-]),(?=\s)")
_LINKS: Final = ("", "s", "n", "en", "e", "es")
_SHORTEST_STEM: Final = 3
_SHORTEST_WORD: Final = 6
_MOST_MISSPELT: Final = 4
_OPEN_ENDS: Final = frozenset({"gestion", "gestao", "gestione"})  # "logiciel de gestion" of what?
_OF: Final = frozenset(
    {"de", "del", "des", "du", "d", "da", "do", "dos", "das", "di", "dei", "della", "delle"}
)


def read_matches(
    prompt: str, tokens: Sequence[Token], surfaces: SurfaceIndex, lexicon: Lexicon
) -> list[Match]:
    """Return the disjoint matches in ascending order; none reaches over a mark that ends a clause."""
    texts = [token.text for token in tokens]
    ends = _token_counts(_BOUNDARY.finditer(prompt), tokens)
    matches = _matches_within(ends, texts, surfaces)
    commas = _token_counts(_COMMA.finditer(prompt), tokens)
    if any(_is_cut(match, commas) for match in matches):
        matches = _matches_within(sorted({*ends, *commas}), texts, surfaces)
    closed = [match for match in matches if not _is_left_open(match, texts)]
    return _with_words(_with_parts(closed, texts, surfaces), prompt, tokens, surfaces, lexicon)


def _matches_within(ends: Sequence[int], texts: Sequence[str], surfaces: SurfaceIndex) -> list[Match]:
    if not ends:
        return surfaces.match(texts)
    matches: list[Match] = []
    start = 0
    for end in (*ends, len(texts)):
        matches += [
            Match(start + first, start + last, entries)
            for first, last, entries in surfaces.match(texts[start:end])
        ]
        start = end
    return matches


def _is_cut(match: Match, commas: Sequence[int]) -> bool:
    """Tell whether a comma stands within a match that is no place ("Cambridge, MA")."""
    return match.entries[0].kind != "city" and any(match.start < comma < match.end for comma in commas)


def _is_left_open(match: Match, texts: Sequence[str]) -> bool:
    """Tell whether the product is only named after the match: "logiciel de gestion" in "logiciel de gestion de flotte"."""
    return (
        match.entries[0].kind == "concept"
        and texts[match.end - 1] in _OPEN_ENDS
        and match.end < len(texts)
        and texts[match.end] in _OF
    )


def _token_counts(marks: Iterable[re.Match[str]], tokens: Sequence[Token]) -> list[int]:
    """Return for each mark how many tokens stand before it."""
    counts: list[int] = []
    place = 0
    for mark in marks:
        while place < len(tokens) and tokens[place].start < mark.start():
            place += 1
        counts.append(place)
    return counts


def _with_parts(matches: list[Match], texts: Sequence[str], surfaces: SurfaceIndex) -> list[Match]:
    """Part "fintech startups" and "Shopify stores", so that the size or technology is read beside the industry."""
    parted: list[Match] = []
    for match in matches:
        last = match.end - 1
        if match.start < last and match.entries[0].kind == "industry":
            first = surfaces.entries(texts[match.start])
            if first and first[0].kind == "size":
                parted += [
                    Match(match.start, match.start + 1, first),
                    Match(match.start + 1, match.end, match.entries),
                ]
                continue
            size, head = surfaces.entries(texts[last]), surfaces.entries(" ".join(texts[match.start : last]))
            if head and size and size[0].kind == "size":
                parted += [Match(match.start, last, head), Match(last, match.end, size)]
                continue
            if head and head[0].kind == "technology":
                parted += [Match(match.start, last, head), Match(last, match.end, match.entries)]
                continue
        parted.append(match)
    return parted


def _with_words(
    matches: list[Match], prompt: str, tokens: Sequence[Token], surfaces: SurfaceIndex, lexicon: Lexicon
) -> list[Match]:
    """Read unknown words: compounds by what stands before their ending, small letters by what they may misspell."""
    known = {place for match in matches for place in range(match.start, match.end)}
    found: list[Match] = []
    misspelt = 0
    for place, token in enumerate(tokens):
        if place in known or len(token.text) < _SHORTEST_WORD or token.text in lexicon.votes:
            continue
        entries = _inside(token.text, surfaces, lexicon)
        small = prompt[token.start : token.end].islower()
        if not entries and small and misspelt < _MOST_MISSPELT and token.text not in lexicon.words:
            misspelt += 1
            entries = corrected(token.text, surfaces)
        if entries:
            found.append(Match(place, place + 1, entries))
    return sorted(matches + found) if found else matches


def _inside(text: str, surfaces: SurfaceIndex, lexicon: Lexicon) -> tuple[Entry, ...]:
    if not text.endswith(lexicon.compound_endings):
        return ()
    for ending in lexicon.compound_endings:
        if not text.endswith(ending):
            continue
        stem = text[: -len(ending)]
        kind: Kind = "industry" if ending in lexicon.company_endings else "concept"
        for link in _LINKS:
            if not stem.endswith(link) or len(stem) - len(link) < _SHORTEST_STEM:
                continue
            entries = surfaces.entries(stem.removesuffix(link))
            of_kind = tuple(entry._replace(weight=PLAIN) for entry in entries if entry.kind == kind)
            if of_kind:
                return of_kind
    return ()
