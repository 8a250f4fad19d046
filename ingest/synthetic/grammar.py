"""Skeleton texts: "[a|b]" chooses one, "{slot}" is filled in; one integer decides every choice."""

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

Node: TypeAlias = "str | Slot | Choice"
Skeleton: TypeAlias = tuple[Node, ...]
T = TypeVar("T")

_MASK = (1 << 64) - 1


class Slot(str):
    """The name of something to fill in."""

    __slots__ = ()


class Choice(tuple[Skeleton, ...]):
    """Alternatives, one of which is written."""

    __slots__ = ()


class Dice:
    """A stream of picks that depends on its seed alone (64-bit linear congruence, high bits used)."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = (seed * 0x9E3779B97F4A7C15 + 0xD1B54A32D192ED03) & _MASK
        self.below(2)

    def below(self, bound: int) -> int:
        """An integer in [0, bound)."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) & _MASK
        return int(((self._state >> 33) * bound) >> 31)

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[self.below(len(options))]


def compile_skeleton(text: str) -> Skeleton:
    """Parse a skeleton; ValueError when a bracket is left open or closed twice."""
    nodes, position = _sequence(text, 0, inside=False)
    if position != len(text):
        raise ValueError(f"closing bracket without an opening one: {text!r}")
    return nodes


def _sequence(text: str, position: int, *, inside: bool) -> tuple[Skeleton, int]:
    nodes: list[Node] = []
    literal = ""
    while position < len(text):
        char = text[position]
        if char == "[":
            nodes.append(literal)
            literal = ""
            choice, position = _choice(text, position + 1)
            nodes.append(choice)
        elif char == "{":
            end = text.index("}", position)
            nodes.extend((literal, Slot(text[position + 1 : end])))
            literal = ""
            position = end + 1
        elif char == "]" or (char == "|" and inside):
            break
        else:
            literal += char
            position += 1
    nodes.append(literal)
    return tuple(node for node in nodes if not (type(node) is str and not node)), position


def _choice(text: str, position: int) -> tuple[Choice, int]:
    options = []
    while True:
        option, position = _sequence(text, position, inside=True)
        options.append(option)
        if position >= len(text):
            raise ValueError(f"bracket left open: {text!r}")
        position += 1
        if text[position - 1] == "]":
            return Choice(options), position


def write(skeleton: Skeleton, dice: Dice, fill: Callable[[str], str]) -> str:
    """The text of a skeleton; `fill` answers the value of a slot."""
    out: list[str] = []
    _write(skeleton, dice, fill, out)
    return "".join(out)


def _write(skeleton: Skeleton, dice: Dice, fill: Callable[[str], str], out: list[str]) -> None:
    for node in skeleton:
        if isinstance(node, Choice):
            _write(dice.pick(node), dice, fill, out)
        elif isinstance(node, Slot):
            out.append(fill(node))
        else:
            out.append(node)
