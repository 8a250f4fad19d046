"""What a shadow says, by hand."""

import numpy as np
import pytest

from models.shadow_report import LEAST_PROMPTS, ShadowedQuery, report

SHOWN = ("a", "b", "c", "d")


def shadowed(
    prompt: str = "p",
    listed: tuple[str, ...] = SHOWN,
    scores: tuple[float, ...] = (0.9, 0.8, 0.7, 0.6),
    hits: frozenset[int] = frozenset(),
    shift: float = 1.0,
    correlation: float = 0.5,
) -> ShadowedQuery:
    return ShadowedQuery(prompt, listed, SHOWN, np.array(scores), correlation, shift, hits)


def test_figures_are_means_over_queries() -> None:
    other = shadowed("q", listed=("b", "a", "x", "c"), shift=3.0, correlation=1.0)
    found = report([shadowed(), other], 3, seed=1)
    # first three: {a, b, c} and {a, b, x} of {a, b, c}
    assert found.overlap.value == pytest.approx((3 / 3 + 2 / 3) / 2)
    assert found.changed.value == 0.5
    assert found.base_shift.value == 2.0
    assert found.correlation.value == 0.75
    assert (found.queries, found.prompts, found.hits, found.verdict) == (2, 2, 0, "too few outcomes")


def test_what_is_not_defined_is_left_out() -> None:
    found = report([shadowed(correlation=float("nan"))], 3, seed=1)
    assert (found.correlation.value, found.gain.value, found.overlap.value) == (None, None, 1.0)


def test_hits_are_counted_among_the_shown_in_either_order() -> None:
    # the candidate puts d, which was bought, before all others
    better = shadowed(scores=(0.1, 0.2, 0.3, 0.9), hits=frozenset({3}))
    same = shadowed(hits=frozenset({0}))
    found = report([better, same, shadowed()], 2, seed=1)
    assert (found.gain.value, found.hits) == (0.5, 2)


@pytest.mark.parametrize(
    ("prompts", "verdict"), [(LEAST_PROMPTS - 1, "too few outcomes"), (LEAST_PROMPTS, "better")]
)
def test_a_verdict_needs_enough_prompts(prompts: int, verdict: str) -> None:
    better = [
        shadowed(f"p{number}", scores=(0.1, 0.2, 0.3, 0.9), hits=frozenset({3})) for number in range(prompts)
    ]
    assert report(better, 2, seed=1).verdict == verdict


def test_one_prompt_asked_often_is_one_prompt() -> None:
    often = [shadowed(scores=(0.1, 0.2, 0.3, 0.9), hits=frozenset({3}))] * (3 * LEAST_PROMPTS)
    found = report(often, 2, seed=1)
    assert (found.hit_prompts, found.verdict) == (1, "too few outcomes")


def test_worse_and_undecided_are_told_apart() -> None:
    worse = [
        shadowed(f"p{each}", scores=(0.1, 0.2, 0.3, 0.9), hits=frozenset({0}))
        for each in range(LEAST_PROMPTS)
    ]
    better = [
        shadowed(f"q{each}", scores=(0.1, 0.2, 0.3, 0.9), hits=frozenset({3}))
        for each in range(LEAST_PROMPTS)
    ]
    assert report(worse, 2, seed=1).verdict == "worse"
    assert report([*worse, *better], 2, seed=1).verdict == "no difference shown"
