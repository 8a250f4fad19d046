"""Which company an exemplar's name means, and the direction in which companies like it lie (F-2b)."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from ranking.types import ExemplarChoice, Float32Array, Query

BY_DOMAIN: Final = 0
BY_NAME: Final = 1
BY_FORMER_NAME: Final = 2
_UNKNOWN: Final = np.float32(0.5)


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


def direction(
    stored: Sequence[Float32Array], free_text: Float32Array | None, free_texts: int
) -> Float32Array | None:
    """The mean exemplar vector, float32[d] of length 1; None when there is nothing to compare with.

    Args:
        stored: float32[d] vectors of the resolved exemplars, of any length.
        free_text: float32[d] mean vector of the names that no stored company answers to.
        free_texts: how many names that mean stands for; at least 1 is counted.

    Source: F-2b.
    """
    vectors = [_unit(vector) for vector in stored]
    if free_text is not None:
        vectors.append(max(free_texts, 1) * _unit(free_text))
    if not vectors:
        return None
    total: Float32Array = np.asarray(vectors, dtype=np.float32).sum(axis=0)
    return _unit(total) if np.any(total) else None


def industry_values(query: Query, similarity: Float32Array | None) -> Float32Array | None:
    """What fit's industry part counts where exemplars stand for the industry that nobody named.

    Args:
        similarity: float32[n] cosines to the exemplars, NaN where unknown; None when no exemplar was understood.

    Returns:
        float32[n], the cosines clipped to [0, 1], 0.5 where unknown; None when an industry is named or nothing can be compared.

    Source: F-2b, F-3; docs/decisions/0011.
    """
    if similarity is None or query.include.industries:
        return None
    return np.where(np.isnan(similarity), _UNKNOWN, np.clip(similarity, 0.0, 1.0)).astype(np.float32)


def _unit(vector: Float32Array) -> Float32Array:
    length = float(np.linalg.norm(vector))
    unit: Float32Array = (vector / length if length else vector).astype(np.float32)
    return unit
