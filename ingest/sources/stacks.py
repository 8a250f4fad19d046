"""What changed between looks at one company's technology stack: added, removed, replaced (F-6: churn events).

A technology that a look misses may only have been overlooked. It counts as gone when two whole looks in a row miss it, or when one
does and shows another product of its category that was not there before: that one replaced it. A look is whole unless
it says otherwise or shows less than half of what was known; a look that is not whole can add, never remove. What the
first look missed is no news either: an addition counts when a whole look before it did not show it, and unless so much
is added at once (more than a third of what was known) that the looks before must have been poor.
Languages, frameworks and databases live side by side, so none replaces another.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from ingest.sources.observations import Observation
from ranking.taxonomy import Taxonomy

Kind = Literal["added", "removed", "replaced"]
_WHOLE_SHARE: Final = 0.5
_CONFIRMING_LOOKS: Final = 2
_BURST_SHARE: Final = 1 / 3
_FEW_ARRIVALS: Final = 2


@dataclass(frozen=True, slots=True)
class StackChange:
    """One change.

    Attributes:
        gone, come: names as written; () and one or more for an addition, one and () for a removal, one and one for
            a replacement.
        gone_keys, come_keys: the same as codes.
        category: taxonomy category of a removal or replacement, "" when unknown.
        last_seen: when `gone` was last seen, or the last look without `come`.
        seen_at: first look with `come` or without `gone`.
        confirmed_at: look that settled it.
    """

    kind: Kind
    gone: tuple[str, ...]
    come: tuple[str, ...]
    gone_keys: tuple[str, ...]
    come_keys: tuple[str, ...]
    category: str
    last_seen: datetime
    seen_at: datetime
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class Pending:
    """A technology that was missed once and waits for another whole look."""

    name: str
    last_seen: datetime
    missed_at: datetime


@dataclass(slots=True)
class _Known:
    """What is believed of one technology: when it was last seen, and the whole looks that missed it since."""

    name: str
    last_seen: datetime
    missed: list[datetime]


def compare(looks: Sequence[Observation], taxonomy: Taxonomy) -> tuple[list[StackChange], list[Pending]]:
    """Changes over the looks of one crawler at one company, oldest first, and what waits for a further look."""
    changes: list[StackChange] = []
    known: dict[str, _Known] = {}
    last_whole: Observation | None = None
    for look in looks:
        whole = look.whole and _is_whole(look, known)
        fresh = [key for key in look.technologies if not _is_known(key, known)]
        believed = last_whole is not None and len(fresh) <= max(_FEW_ARRIVALS, _BURST_SHARE * len(known))
        arrived = fresh if believed else []
        if whole:
            for key, memory in known.items():
                if not _shows(look, key):
                    memory.missed.append(look.seen_at)
            lost = list(_replacements(look, known, arrived, taxonomy))
            arrived = [key for key in arrived if all(key not in change.come_keys for change in lost)]
            for key in (key for change in lost for key in change.gone_keys):
                del known[key]
            removed = list(_removals(look, known, taxonomy))
            for key in (key for change in removed for key in change.gone_keys):
                del known[key]
            changes += [*lost, *removed]
        if arrived and last_whole is not None:
            changes.append(_addition(look, arrived, last_whole.seen_at))
        for key, name in look.technologies.items():
            known[_same(key, known)] = _Known(name, look.seen_at, [])
        last_whole = look if whole else last_whole
    waiting = [Pending(each.name, each.last_seen, each.missed[0]) for each in known.values() if each.missed]
    return changes, waiting


def _is_whole(look: Observation, known: Mapping[str, _Known]) -> bool:
    """Whether a look shows at least half of what is known: less than that is a poor look, not a purge."""
    if not look.technologies:
        return False
    shown = sum(_shows(look, key) for key in known)
    return shown >= _WHOLE_SHARE * len(known)


def _replacements(
    look: Observation, known: Mapping[str, _Known], arrived: Sequence[str], taxonomy: Taxonomy
) -> Iterator[StackChange]:
    taken: set[str] = set()
    for key, memory in known.items():
        if not memory.missed:
            continue
        for other in arrived:
            if other not in taken and _rivals(key, other, taxonomy):
                taken.add(other)
                yield StackChange(
                    "replaced", (memory.name,), (look.technologies[other],), (key,), (other,),
                    taxonomy.technology_category(key), memory.last_seen, look.seen_at, look.seen_at,
                )  # fmt: skip
                break


def _removals(look: Observation, known: Mapping[str, _Known], taxonomy: Taxonomy) -> Iterator[StackChange]:
    for key, memory in known.items():
        if len(memory.missed) >= _CONFIRMING_LOOKS:
            category = taxonomy.technology_category(key) if key in taxonomy.TECHNOLOGIES else ""
            yield StackChange(
                "removed",
                (memory.name,),
                (),
                (key,),
                (),
                category,
                memory.last_seen,
                memory.missed[0],
                look.seen_at,
            )


def _addition(look: Observation, arrived: Sequence[str], before: datetime) -> StackChange:
    names = tuple(look.technologies[key] for key in arrived)
    return StackChange("added", (), names, (), tuple(arrived), "", before, look.seen_at, look.seen_at)


def _rivals(key: str, other: str, taxonomy: Taxonomy) -> bool:
    """Whether two products do the same job, so that one takes the other's place."""
    if key not in taxonomy.TECHNOLOGIES or other not in taxonomy.TECHNOLOGIES:
        return False
    same = taxonomy.technology_category(key) == taxonomy.technology_category(other)
    return same and bool(taxonomy.technology_concepts(key)) and bool(taxonomy.technology_concepts(other))


def _is_known(key: str, known: Mapping[str, _Known]) -> bool:
    return _same(key, known) in known


def _shows(look: Observation, key: str) -> bool:
    return key in look.technologies or any(_is_variant(key, other) for other in look.technologies)


def _same(key: str, known: Iterable[str]) -> str:
    """The known key a technology goes by: itself, or one that differs by a word more or less ("acme", "acme cloud")."""
    return next((other for other in known if other == key or _is_variant(key, other)), key)


def _is_variant(key: str, other: str) -> bool:
    """Whether one name without a code is the beginning of the other: an edition or a new name, no other product."""
    shorter, longer = sorted((key, other), key=len)
    return "_" not in key + other and longer.startswith(f"{shorter} ")
