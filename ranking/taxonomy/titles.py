"""What a job title says about department and seniority, in seven languages."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ranking.taxonomy.surfaces import SurfaceIndex
from ranking.text import words


class TitleMeaning(NamedTuple):
    """Role codes in order of appearance and seniority codes, both without repetition."""

    roles: tuple[str, ...]
    seniorities: tuple[str, ...]


class TitleReader:
    """Phrases of titles by longest match, and beginnings and endings of compounds ("Vertriebsleiterin") for what no phrase covers."""

    def __init__(
        self,
        phrases: SurfaceIndex,
        prefixes: Mapping[str, tuple[str, str]],
        suffixes: Mapping[str, tuple[str, str]],
    ) -> None:
        self._phrases = phrases
        self._prefixes = _by_length(prefixes)
        self._suffixes = _by_length(suffixes)

    def read(self, title: str) -> TitleMeaning:
        """Return what the title says; empty tuples where it says nothing known."""
        tokens = words(title)
        found: list[tuple[str, str]] = []
        position = 0
        for match in self._phrases.match(tokens):
            found += self._compounds(tokens[position : match.start])
            found += [(entry.kind, entry.code) for entry in match.entries]
            position = match.end
        found += self._compounds(tokens[position:])
        return TitleMeaning(_codes(found, "role"), _codes(found, "seniority"))

    def _compounds(self, tokens: Sequence[str]) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for token in tokens:
            for affix, meaning in self._prefixes:
                if token.startswith(affix) and len(token) > len(affix):
                    found.append(meaning)
                    break
            for affix, meaning in self._suffixes:
                if token.endswith(affix) and len(token) > len(affix):
                    found.append(meaning)
                    break
        return found


def _by_length(affixes: Mapping[str, tuple[str, str]]) -> tuple[tuple[str, tuple[str, str]], ...]:
    pairs = ((affix, (meaning[0], meaning[1])) for affix, meaning in affixes.items())
    return tuple(sorted(pairs, key=lambda pair: (-len(pair[0]), pair[0])))


def _codes(found: Iterable[tuple[str, str]], kind: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for which, code in found if which == kind))
