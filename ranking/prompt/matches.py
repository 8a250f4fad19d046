"""The taxonomy's surfaces in a prompt: within its clauses, inside compounds ("Biotechfirmen") and behind slips of the hand."""

import re
from bisect import bisect_left
from collections.abc import Sequence, Set
from typing import Final

from ranking.prompt.lexicon import Lexicon
from ranking.prompt.typos import corrected
from ranking.prompt.words import Words
from ranking.taxonomy.entries import PLAIN, Entry, Kind, Match
from ranking.taxonomy.surfaces import SurfaceIndex

_BOUNDARY: Final = re.compile(
    r"[;:!?()\n.](?:(?<!\.)|(?<=\w{3}\.)(?=\s))"
)  # a class first: the search skips the rest quickly
_COMMA: Final = re.compile(r",(?<=[^\s-],)(?=\s)")
_LINKS: Final = ("", "s", "n", "en", "e", "es")
_SHORTEST_STEM: Final = 3
_MOST_MISSPELT: Final = 4
_OPEN_ENDS: Final = frozenset({"gestion", "gestao", "gestione"})  # "logiciel de gestion" of what?
_OF: Final = frozenset(
    {"de", "del", "des", "du", "d", "da", "do", "dos", "das", "di", "dei", "della", "delle"}
)


def read_matches(prompt: str, words: Words, surfaces: SurfaceIndex, lexicon: Lexicon) -> list[Match]:
    """Return the disjoint matches in ascending order; none reaches over a mark that ends a clause."""
    texts = words.texts
    ends = _word_counts(_BOUNDARY, prompt, words)
    matches = _matches_within(ends, words, surfaces)
    commas = _word_counts(_COMMA, prompt, words)
    if commas and _are_cut(matches, commas):
        matches = _matches_within(sorted({*ends, *commas}), words, surfaces)
    if not _OPEN_ENDS.isdisjoint(texts):
        matches = [match for match in matches if not _is_left_open(match, texts)]
    return _with_words(_with_parts(matches, texts, surfaces), prompt, words, surfaces, lexicon)


def _matches_within(ends: Sequence[int], words: Words, surfaces: SurfaceIndex) -> list[Match]:
    """Return the longest surfaces from the left, none over one of the ends, as `SurfaceIndex.match` finds them between two."""
    found: list[Match] = []
    spoken, texts = words.spoken, words.texts
    place = 0
    for limit in (*ends, len(texts)):
        while place < limit:
            word, following = spoken[place], place + 1
            longer = None
            if word.longer and following < limit and texts[following] in word.longer:
                longer = _longest(texts, place, limit, word.longer[texts[following]], surfaces)
            if longer is not None and not _runs_into_people(longer, words, limit, surfaces):
                found.append(longer)
                place = longer.end
                continue
            if word.entries:
                found.append(Match(place, following, word.entries))
            place = following
    return found


def _longest(
    texts: Sequence[str], place: int, limit: int, lengths: Sequence[int], surfaces: SurfaceIndex
) -> Match | None:
    for length in lengths:
        end = place + length
        entries = surfaces.entries(" ".join(texts[place:end])) if end <= limit else ()
        if entries:
            return Match(place, end, entries)
    return None


def _runs_into_people(match: Match, words: Words, limit: int, surfaces: SurfaceIndex) -> bool:
    """Tell whether a product's last word begins people: "hiring platform engineers" names no "hiring platform"."""
    texts, last, following = words.texts, match.end - 1, match.end
    lengths = words.spoken[last].longer.get(texts[following]) if following < limit else None
    if not lengths or match.entries[0].kind != "concept":
        return False
    people = _longest(texts, last, limit, lengths, surfaces)
    return people is not None and people.entries[0].kind == "role"


def _are_cut(matches: Sequence[Match], commas: Sequence[int]) -> bool:
    """Tell whether a comma stands within a match that is no place ("Cambridge, MA")."""
    return any(
        start < comma < end
        for start, end, entries in matches
        if end - start > 1 and entries[0].kind != "city"
        for comma in commas
    )


def _is_left_open(match: Match, texts: Sequence[str]) -> bool:
    """Tell whether the product is only named after the match: "logiciel de gestion" in "logiciel de gestion de flotte"."""
    return (
        match.entries[0].kind == "concept"
        and texts[match.end - 1] in _OPEN_ENDS
        and match.end < len(texts)
        and texts[match.end] in _OF
    )


def _word_counts(marks: re.Pattern[str], prompt: str, words: Words) -> list[int]:
    """Return for each mark how many words begin before it."""
    return [bisect_left(words.starts, mark.start()) for mark in marks.finditer(prompt)]


def _with_parts(matches: list[Match], texts: Sequence[str], surfaces: SurfaceIndex) -> list[Match]:
    """Part "fintech startups" and "Shopify stores", so that the size or technology is read beside the industry."""
    parted: list[Match] = []
    for match in matches:
        if match.end - match.start > 1 and match.entries[0].kind == "industry":
            parted += _parts(match, texts, surfaces)
        else:
            parted.append(match)
    return parted


def _parts(match: Match, texts: Sequence[str], surfaces: SurfaceIndex) -> tuple[Match, ...]:
    start, end, entries = match
    last = end - 1
    first = surfaces.entries(texts[start])
    if first and first[0].kind == "size":
        return Match(start, start + 1, first), Match(start + 1, end, entries)
    size, head = surfaces.entries(texts[last]), surfaces.entries(" ".join(texts[start:last]))
    if head and size and size[0].kind == "size":
        return Match(start, last, head), Match(last, end, size)
    if head and head[0].kind == "technology":
        return Match(start, last, head), Match(last, end, entries)
    return (match,)


def _with_words(
    matches: list[Match], prompt: str, words: Words, surfaces: SurfaceIndex, lexicon: Lexicon
) -> list[Match]:
    """Read unknown words: compounds by what stands before their ending, small letters by what they may misspell."""
    unknown = [place for place, word in enumerate(words.spoken) if word.unknown]
    if not unknown:
        return matches
    known: set[int] = set()
    for start, end, _ in matches:
        known.update(range(start, end))
    found: list[Match] = []
    misspelt = 0
    for place in unknown:
        if place in known:
            continue
        text = words.texts[place]
        start = place
        entries = _inside(_with_first_part(place, known, prompt, words), surfaces, lexicon)
        if entries:
            start = place - 1
        else:
            entries = _inside(text, surfaces, lexicon)
        small = prompt[words.starts[place] : words.ends[place]].islower()
        if not entries and small and misspelt < _MOST_MISSPELT and text not in lexicon.words:
            misspelt += 1
            entries = corrected(text, surfaces)
        if entries:
            found.append(Match(start, place + 1, entries))
    return sorted(matches + found) if found else matches


def _with_first_part(place: int, known: Set[int], prompt: str, words: Words) -> str:
    """Return a compound with the word a hyphen joins to its front, "" where there is none: "data-infrastructuurbedrijven"."""
    before = place - 1
    if before < 0 or before in known or prompt[words.ends[before] : words.starts[place]] != "-":
        return ""
    return f"{words.texts[before]} {words.texts[place]}"


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
