"""Records that are one: the groups that ties between two of them make, and who speaks for each."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar


class Tie(Protocol):
    """Two records that are one, by index."""

    @property
    def left(self) -> int:
        """One."""
        ...

    @property
    def right(self) -> int:
        """The other."""
        ...


AnyTie = TypeVar("AnyTie", bound=Tie)


def grouped(keyed: Iterable[tuple[Hashable, int]]) -> dict[Hashable, list[int]]:
    """Indices by key, in the order given."""
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for key, index in keyed:
        groups[key].append(index)
    return groups


def clusters(count: int, ties: Iterable[Tie]) -> list[list[int]]:
    """The connected groups of more than one record, each ascending."""
    roots = list(range(count))

    def root(index: int) -> int:
        while roots[index] != index:
            roots[index] = roots[roots[index]]
            index = roots[index]
        return index

    for tie in ties:
        left, right = root(tie.left), root(tie.right)
        roots[max(left, right)] = min(left, right)
    groups = grouped((root(index), index) for index in range(count))
    return [members for members in groups.values() if len(members) > 1]


class Merged(NamedTuple, Generic[AnyTie]):
    """A record that another one speaks for, and the tie by which it belongs there, by index: `matched` is the tie's other end."""

    member: int
    speaker: int
    matched: int
    tie: AnyTie


def merged(
    count: int, ties: Sequence[AnyTie], speaker: Callable[[Sequence[int]], int]
) -> Iterator[Merged[AnyTie]]:
    """Every one of `count` records that another speaks for; told by its tie to that one, where it has one.

    `speaker` chooses, of a group's members, the one that speaks for all.
    """
    tied: dict[int, list[AnyTie]] = defaultdict(list)
    for tie in ties:
        tied[tie.left].append(tie)
        tied[tie.right].append(tie)
    for members in clusters(count, ties):
        chosen = speaker(members)
        for member in members:
            if member != chosen:
                best = min(tied[member], key=lambda tie: chosen not in (tie.left, tie.right))
                yield Merged(member, chosen, best.right if best.left == member else best.left, best)
