"""A list that is shorter than asked for says why, in numbers that add up."""

import numpy as np

from ranking.answer import Shortfall
from ranking.presentation import shortfall

OUT = -np.inf


def test_a_full_list_has_no_shortfall() -> None:
    assert shortfall(2, 2, 9, np.array([0.5, 0.4, 0.1]), 0.3) is None


def test_too_few_companies() -> None:
    assert shortfall(5, 2, 2, np.array([0.5, 0.4]), 0.0) == Shortfall(
        5, 2, "only 2 companies pass the filters that are never relaxed"
    )


def test_every_cause_is_counted() -> None:
    told = shortfall(5, 1, 8, np.array([0.5, 0.2, 0.1, OUT]), 0.3)
    assert told == Shortfall(
        5,
        1,
        "8 companies pass the filters that are never relaxed; 2 score below min_score 0.3, "
        "1 have no contact that may be approached, 4 are not among the best by fit and evidence",
    )
