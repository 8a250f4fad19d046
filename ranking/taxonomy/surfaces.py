"""Longest known phrase at each place of a token list."""

from collections.abc import Mapping, Sequence

from ranking.taxonomy.entries import Entry, Match


class SurfaceIndex:
    """Phrases of folded tokens -> their meanings, found by longest match from the left (F-1).

    Lookup joins the tokens after a known first word, longest known length first, so that a prompt costs a few dictionary look-ups
    per token.
    """

    def __init__(self, phrases: Mapping[str, tuple[Entry, ...]]) -> None:
        self._phrases = phrases
        lengths: dict[str, set[int]] = {}
        for phrase in phrases:
            first, _, _ = phrase.partition(" ")
            lengths.setdefault(first, set()).add(phrase.count(" ") + 1)
        self._lengths = {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()}
        self.max_words = max((found[0] for found in self._lengths.values()), default=0)

    def __len__(self) -> int:
        return len(self._phrases)

    def phrases(self) -> Mapping[str, tuple[Entry, ...]]:
        """Return every phrase (folded words joined by one space) with its meanings."""
        return self._phrases

    def entries(self, phrase: str) -> tuple[Entry, ...]:
        """Return the meanings of one folded phrase, () when it is unknown."""
        return self._phrases.get(phrase, ())

    def match(self, tokens: Sequence[str]) -> list[Match]:
        """Return disjoint matches in ascending order.

        At each place the longest phrase wins and is skipped over.
        """
        found: list[Match] = []
        count = len(tokens)
        position = 0
        while position < count:
            end = position + 1
            for length in self._lengths.get(tokens[position], ()):
                stop = position + length
                if stop > count:
                    continue
                entries = self._phrases.get(
                    tokens[position] if length == 1 else " ".join(tokens[position:stop])
                )
                if entries is not None:
                    found.append(Match(position, stop, entries))
                    end = stop
                    break
            position = end
        return found
