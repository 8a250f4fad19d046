"""Word patterns, kept as data and found in a list of folded words.

A pattern is words separated by spaces. `{name}` stands for one phrase of a word class, `_` for any one word,
`*` for up to three words, `#` for a number above zero, `word?` for a word that may be missing. A pattern
starts with a word, a class or a number.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import NamedTuple

from ranking.text import words

_ANY = "_"
_SOME = "*"
_POSITIVE = "#"
_MOST_SKIPPED = 3


class Cue(NamedTuple):
    """Words [start, end) that a pattern covers."""

    start: int
    end: int


class _Node:
    """A word of some patterns: what may follow it, and whether a pattern ends here."""

    __slots__ = ("ends", "follow")

    def __init__(self) -> None:
        self.follow: dict[str, _Node] = {}
        self.ends = False


class CueSet:
    """Patterns as a tree of words: a text without their first words costs one look-up per word.

    Raises:
        ValueError: a pattern has no words, starts with `_` or `*`, or names an unknown class.
    """

    def __init__(self, patterns: Iterable[str], classes: Mapping[str, Sequence[str]]) -> None:
        folded = {name: [tuple(words(phrase)) for phrase in phrases] for name, phrases in classes.items()}
        self._root = _Node()
        for pattern in patterns:
            for parts in _expanded(pattern, folded):
                if not parts or parts[0] in (_ANY, _SOME):
                    raise ValueError(f"a cue must start with a word or a number: {pattern!r}")
                node = self._root
                for part in parts:
                    node = node.follow.setdefault(part, _Node())
                node.ends = True

    def find(self, tokens: Sequence[str]) -> Iterator[Cue]:
        """Cues in ascending order of their first word; of several at one place the longest."""
        first = self._root.follow
        number = first.get(_POSITIVE)
        for start, token in enumerate(tokens):
            node = first.get(token)
            if node is None and number is not None and _is_positive(token):
                node = number
            if node is not None:
                end = _longest(node, tokens, start + 1)
                if end:
                    yield Cue(start, end)

    def count(self, tokens: Sequence[str], most: int) -> int:
        """How many places carry a cue, counted up to `most`."""
        return sum(1 for _ in islice(self.find(tokens), most))

    def any(self, tokens: Sequence[str]) -> bool:
        """Whether some cue is there."""
        return next(self.find(tokens), None) is not None


def _expanded(pattern: str, classes: Mapping[str, Sequence[tuple[str, ...]]]) -> Iterator[tuple[str, ...]]:
    """Every sequence of literal words and wildcards the pattern stands for."""
    choices: list[Sequence[tuple[str, ...]]] = []
    for part in pattern.split():
        if part in (_ANY, _SOME, _POSITIVE):
            choices.append([(part,)])
        elif part.startswith("{"):
            choices.append(_class_of(part, pattern, classes))
        elif part.endswith("?"):
            choices.append([tuple(words(part)), ()])
        else:
            choices.append([tuple(words(part))])
    for choice in product(*choices):
        yield tuple(word for phrase in choice for word in phrase)


def _class_of(
    part: str, pattern: str, classes: Mapping[str, Sequence[tuple[str, ...]]]
) -> Sequence[tuple[str, ...]]:
    name = part.strip("{}")
    if name not in classes:
        raise ValueError(f"no word class {name!r} for the cue {pattern!r}")
    return classes[name]


def _longest(node: _Node, tokens: Sequence[str], position: int) -> int:
    """Where the longest pattern through `node` ends, its next word at `position`; 0 when none fits."""
    best = position if node.ends else 0
    some = node.follow.get(_SOME)
    if some is not None:
        stop = min(position + _MOST_SKIPPED, len(tokens))
        best = max(best, *(_longest(some, tokens, place) for place in range(position, stop + 1)))
    if position < len(tokens):
        for following in _steps(node, tokens[position]):
            best = max(best, _longest(following, tokens, position + 1))
    return best


def _steps(node: _Node, token: str) -> Iterator[_Node]:
    keys = (token, _ANY, _POSITIVE) if _is_positive(token) else (token, _ANY)
    return (node.follow[key] for key in keys if key in node.follow)


def _is_positive(token: str) -> bool:
    return token.isdecimal() and int(token) > 0
