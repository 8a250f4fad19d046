"""Which texts about one company say again what another has said: reposts, lightly edited, labelled or framed (F-9).

All of one company's texts are one block. Shared word shingles name the candidates; a repeat is confirmed by
near fingerprints and half of the smaller text's shingles, or by nearly all of them, since boilerplate around a
text moves its fingerprint far; either way the opening of one must stand in the other, since many different texts
end in the same lines about the company. Short texts must be equal. A text that names other technologies or roles, or a
posting under another title, is no repeat however alike it reads.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ranking.simhash import MIN_CONTAINMENT, distance, shingle_hashes, simhash
from ranking.text import fold

NEAR_TEXT_BITS: Final = 10
_WHOLE_CONTAINMENT: Final = 0.8
_SHINGLE_WORDS: Final = 3
_LEAST_SHINGLES: Final = 4
# Below this many shingles nothing but the whole text will do, and of a posting not even that.
_SURE_SHINGLES: Final = 6
_READ_CHARACTERS: Final = 4_000
_OPENING_SHINGLES: Final = 6
_OPENING_SHARE: Final = 0.5
_TITLE_WORDS: Final = 6
_TITLE_SHARE: Final = 0.5
# A shingle in more texts than this is the company's boilerplate and names no candidates.
_MOST_SHARERS: Final = 64
_WORD = re.compile(r"[^\W_]+")
_LABELS: Final = tuple(
    tuple(label.split())
    for label in (
        "repost", "reposted", "reposting", "re post", "rt", "icymi", "in case you missed it", "update",
        "updated", "reminder", "friendly reminder", "again", "once again", "repeat", "reshare", "resharing",
        "bump", "correction", "wdh", "wiederholung", "zur erinnerung", "erinnerung", "nochmal", "nochmals",
        "erneut", "aktualisiert", "aktualisierung", "rappel", "pour rappel", "mise a jour", "rediffusion",
        "recordatorio", "actualizacion", "de nuevo", "por si te lo perdiste", "lembrete", "atualizacao",
        "de novo", "caso tenha perdido", "promemoria", "aggiornamento", "di nuovo", "herinnering",
        "ter herinnering", "nogmaals",
    )
)  # fmt: skip


_LABELS_OF: Final = {first: tuple(label for label in _LABELS if label[0] == first) for first, *_ in _LABELS}


@dataclass(frozen=True, slots=True)
class Text:
    """One text as repeats are judged.

    Attributes:
        owner: 0 shared, else the only tenant that may see it.
        names: what it names beyond its words, technologies added and removed and roles, as numbers of the caller's.
    """

    text: str
    is_posting: bool
    owner: int
    names: frozenset[int]


def originals(texts: Sequence[Text]) -> list[int]:
    """For each text the position of the one it repeats, its own when it is the first.

    Args:
        texts: of one company, in order of precedence: an earlier text is never a repeat of a later one. Shared texts
            come before private ones, so that nobody's text is hidden by one he may not see.
    """
    return _placed(texts, [_split(text) for text in texts])


def originals_behind(before: Sequence[Text], texts: Sequence[Text]) -> list[int]:
    """What `originals` says of `texts` when they follow those `before`; positions are among both.

    Where none of them can repeat one before, which is nearly always, those are not judged again.
    """
    known, new = [_split(text) for text in before], [_split(text) for text in texts]
    if any(_may_repeat(text, other) for text in new for other in known):
        return _placed([*before, *texts], [*known, *new])[len(before) :]
    return [len(before) + position for position in _placed(texts, new)]


Tokens = tuple[str, ...]
Shingle = tuple[str, str, str]
_Split = tuple[Tokens, frozenset[Shingle]]


def _split(text: Text) -> _Split:
    """The words that are read of a text, and its shingles."""
    tokens = _without_label(_WORD.findall(fold(text.text[:_READ_CHARACTERS])))
    return tokens, _shingles(tokens)


def _may_repeat(text: _Split, other: _Split) -> bool:
    """False only where nothing else could make one the repeat of the other: equal words, or half of the smaller one's shingles."""
    if text[0] == other[0]:
        return True
    smaller = min(len(text[1]), len(other[1]))
    return smaller >= _LEAST_SHINGLES and len(text[1] & other[1]) >= MIN_CONTAINMENT * smaller


def _placed(texts: Sequence[Text], splits: Sequence[_Split]) -> list[int]:
    block = _Block(texts, splits)
    return [block.place(position) for position in range(len(texts))]


class _Block:
    """Texts of one company met so far."""

    def __init__(self, texts: Sequence[Text], splits: Sequence[_Split]) -> None:
        self._texts = texts
        self._splits = splits
        self._shingles: list[frozenset[Shingle]] = []
        self._openings: list[frozenset[Shingle]] = []
        self._titles: list[frozenset[str]] = []
        self._original: list[int] = []
        self._fingerprints: dict[int, int] = {}
        self._same: dict[tuple[Tokens, bool, int], int] = {}
        self._sharers: defaultdict[Shingle, list[int]] = defaultdict(list)

    def place(self, position: int) -> int:
        """Judge the next text and remember it."""
        text = self._texts[position]
        tokens, shingles = self._splits[position]
        self._shingles.append(shingles)
        opening = tokens[: _OPENING_SHINGLES + _SHINGLE_WORDS - 1]
        self._openings.append(_shingles(opening))
        self._titles.append(frozenset(tokens[:_TITLE_WORDS]))
        found = self._equal(position, tokens)
        if found is None and len(shingles) >= _LEAST_SHINGLES:
            found = self._near(position)
        original = position if found is None else self._original[found]
        self._original.append(original)
        if found is None or shingles != self._shingles[found]:
            self._remember(position, shingles)
        self._same.setdefault((tokens, text.is_posting, text.owner), position)
        return original

    def _remember(self, position: int, shingles: frozenset[Shingle]) -> None:
        if len(shingles) >= _LEAST_SHINGLES:
            for shingle in shingles:
                self._sharers[shingle].append(position)

    def _equal(self, position: int, tokens: Tokens) -> int | None:
        text = self._texts[position]
        for owner in {0, text.owner}:
            found = self._same.get((tokens, text.is_posting, owner))
            if found is not None and text.names <= self._texts[found].names:
                return found
        return None

    def _near(self, position: int) -> int | None:
        """The text that shares most shingles among those this one repeats."""
        shared: Counter[int] = Counter()
        for shingle in self._shingles[position]:
            sharers = self._sharers.get(shingle, ())
            if len(sharers) <= _MOST_SHARERS:
                shared.update(sharers)
        for other, count in sorted(shared.items(), key=lambda pair: (-pair[1], pair[0])):
            if self._repeats(position, other, count):
                return other
        return None

    def _repeats(self, position: int, other: int, shared: int) -> bool:
        text, earlier = self._texts[position], self._texts[other]
        if text.is_posting != earlier.is_posting or earlier.owner not in (0, text.owner):
            return False
        if not text.names <= earlier.names:
            return False
        smaller = min(len(self._shingles[position]), len(self._shingles[other]))
        contained = shared / smaller
        if smaller < _SURE_SHINGLES:
            return shared == smaller and not text.is_posting
        if text.is_posting and not self._same_title(position, other):
            return False
        if contained < MIN_CONTAINMENT or not (self._opens(position, other) or self._opens(other, position)):
            return False
        return contained >= _WHOLE_CONTAINMENT or self._apart(position, other) <= NEAR_TEXT_BITS

    def _apart(self, position: int, other: int) -> int:
        """Differing bits of the fingerprints of two whole texts; few are ever asked for."""
        for each in (position, other):
            if each not in self._fingerprints:
                self._fingerprints[each] = simhash(shingle_hashes(self._texts[each].text))
        return distance(self._fingerprints[position], self._fingerprints[other])

    def _opens(self, position: int, other: int) -> bool:
        """Whether the opening of one text stands somewhere in another."""
        opening = self._openings[position]
        return len(opening & self._shingles[other]) >= _OPENING_SHARE * len(opening)

    def _same_title(self, position: int, other: int) -> bool:
        left, right = self._titles[position], self._titles[other]
        return len(left & right) >= _TITLE_SHARE * min(len(left), len(right))


def _shingles(tokens: Tokens) -> frozenset[Shingle]:
    return frozenset(zip(tokens, tokens[1:], tokens[2:], strict=False))


def _without_label(tokens: list[str]) -> Tokens:
    """The words behind labels such as "Repost:" and "ICYMI:"."""
    start = 0
    while start < len(tokens):
        labels = _LABELS_OF.get(tokens[start], ())
        length = max((len(label) for label in labels if _begins(tokens, start, label)), default=0)
        if not length:
            break
        start += length
    return tuple(tokens[start:]) or tuple(tokens)


def _begins(tokens: list[str], start: int, label: Tokens) -> bool:
    return tuple(tokens[start : start + len(label)]) == label
