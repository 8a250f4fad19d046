"""Longest known phrase at each place of a token list."""

from collections.abc import Iterable, Mapping, Sequence

from ranking.taxonomy.entries import Entry, Match


def lengths_by_start(phrases: Iterable[str]) -> dict[str, dict[str, tuple[int, ...]]]:
    """Return first word -> second word -> lengths in words of the longer phrases that begin so, longest first.

    Two look-ups tell of most places in a text that no phrase of several words begins there, before any words are joined.
    """
    found: dict[str, dict[str, tuple[int, ...]]] = {}
    for phrase in phrases:
        first, _, rest = phrase.partition(" ")
        if rest:
            second, length = rest.partition(" ")[0], phrase.count(" ") + 1
            seconds = found.setdefault(first, {})
            known = seconds.get(second, ())
            if length not in known:
                seconds[second] = tuple(sorted((*known, length), reverse=True))
    return found


class SurfaceIndex:
    """Phrases of folded tokens -> their meanings, found by longest match from the left (F-1)."""

    def __init__(self, phrases: Mapping[str, tuple[Entry, ...]]) -> None:
        self._phrases = phrases
        self.lengths: Mapping[str, Mapping[str, tuple[int, ...]]] = lengths_by_start(phrases)
        self.max_words = max((phrase.count(" ") + 1 for phrase in phrases), default=0)

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
        phrases, starts, count = self._phrases.get, self.lengths.get, len(tokens)
        position = 0
        for place, token in enumerate(tokens):
            if place < position:
                continue
            seconds = starts(token)
            if seconds is not None and place + 1 < count:
                for length in seconds.get(tokens[place + 1], ()):
                    stop = place + length
                    entries = phrases(" ".join(tokens[place:stop])) if stop <= count else None
                    if entries is not None:
                        found.append(Match(place, stop, entries))
                        position = stop
                        break
            if place >= position:
                entries = phrases(token)
                if entries is not None:
                    found.append(Match(place, place + 1, entries))
        return found
