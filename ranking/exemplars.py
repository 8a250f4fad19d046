"""Which company an exemplar's name means, and the direction in which companies like it lie (F-2b)."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from ranking.types import ExemplarChoice, Float32Array

BY_DOMAIN: Final = 0
BY_NAME: Final = 1
BY_FORMER_NAME: Final = 2


class Namesake(NamedTuple):
    """A company record that answers to an exemplar's name; `how` is one of the constants above."""

    name: str
    how: int
    company_id: str
    cluster_id: str
    active: bool
    employees: int


class Resolution(NamedTuple):
    """The companies chosen, in the order of the names, and the names nobody answers to."""

    choices: tuple[ExemplarChoice, ...]
    unresolved: tuple[str, ...]


def resolve(names: Iterable[str], namesakes: Sequence[Namesake]) -> Resolution:
    """Choose one company per name: by domain, else by name, else by a former name.

    Among several the active one is preferred, then the one with more employees, then the lower id; those of other businesses are
    reported.

    Source: F-2b.
    """
    choices: list[ExemplarChoice] = []
    unresolved: list[str] = []
    for name in dict.fromkeys(names):
        named = [each for each in namesakes if each.name == name]
        if not named:
            unresolved.append(name)
            continue
        how = min(each.how for each in named)
        ranked = sorted(
            {each for each in named if each.how == how},
            key=lambda each: (not each.active, -each.employees, each.company_id),
        )
        others = (each.company_id for each in ranked if each.cluster_id != ranked[0].cluster_id)
        choices.append(ExemplarChoice(name, ranked[0].company_id, tuple(others)))
    return Resolution(tuple(choices), tuple(unresolved))


def direction(stored: Float32Array, free_text: Float32Array | None, free_texts: int) -> Float32Array | None:
    """The mean exemplar vector, float32[d] of length 1; None when there is nothing to compare with.

    Args:
        stored: float32[n, d] vectors of the resolved exemplars, of any length but 0.
        free_text: float32[d] mean vector of the names that no stored company answers to.
        free_texts: how many names that mean stands for.

    Source: F-2b.
    """
    total = _unit(stored).sum(axis=0) if len(stored) else None
    if free_text is not None:
        free = max(free_texts, 1) * _unit(free_text[np.newaxis])[0]
        total = free if total is None else total + free
    if total is None or not np.any(total):
        return None
    mean: Float32Array = _unit(total[np.newaxis])[0]
    return mean


def _unit(vectors: Float32Array) -> Float32Array:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Float32Array = (vectors / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float32)
    return unit
