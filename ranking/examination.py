"""How likely a place of a list is to be looked at, told apart from what stands there (position-based model).

A click at place k on company i is taken to happen with chance p_k x r_i: somebody looks at the place, and the company is worth it
to them. Where one company was shown at several places, for one prompt and on one snapshot, r_i is the same and only p_k differs.

Source: position-based model and its use: Joachims, Swaminathan and Schnabel, WSDM 2017; one result at several places in place of
random lists: Agarwal et al., WSDM 2019.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ranking.types import FloatArray, IntArray

EDGES: Final = (1, 2, 3, 4, 6, 9, 13, 19, 26, 51, 101)
"""First places of the groups that have one chance in common: deep places are rarely clicked."""
FEWEST_CLICKS: Final = 100
_ROUNDS: Final = 2_000
_CLOSE: Final = 1e-7


class Unidentified(ValueError):
    """The log does not tell place from worth."""


@dataclass(frozen=True, slots=True)
class Examination:
    """Chance of each group of places to be looked at, relative to the first.

    Attributes:
        chances: float64[len(EDGES)], the first 1.
        clicks: how many clicks say so; 0 where the chances are given.
    """

    chances: FloatArray
    clicks: int = 0

    @classmethod
    def of_power(cls, power: float) -> "Examination":
        """1 / place ^ power, of the middle of each group; 0 trusts every place alike."""
        first = np.array(EDGES, dtype=np.float64)
        last = np.append(first[1:] - 1.0, 2.0 * first[-1])
        return cls(np.sqrt(first * last) ** -power)

    def at(self, places: IntArray) -> FloatArray:
        """float64[n] for int32[n] places, best 1."""
        return self.chances[_group(places)]


def estimated(
    items: IntArray,
    places: IntArray,
    clicked: FloatArray,
    counts: FloatArray | None = None,
    fewest: int = FEWEST_CLICKS,
) -> Examination:
    """The chances under which each item's clicks fall on its places as they did.

    For each group k: the clicks on it are what its items' clicks, all places together, let expect: sum_i c_ik = sum_i c_i x
    n_ik p_k / sum_j n_ij p_j. Both sides have the same mean whatever the r_i are, so nothing has to be known or learned about
    worth; items that stood in one group only cancel out. Solved by repeating p_k = sum_i c_ik / sum_i (c_i n_ik / sum_j n_ij p_j).

    A group that no clicked item connects with the first has the chance of the group before it, which is rather too much than too
    little, so that its clicks weigh too little rather than too much.

    Args:
        items: int32[n]; which impressions are of one company for one prompt on one snapshot.
        places: int32[n], from 1; `clicked` float64[n] in {0, 1}.
        counts: float64[n] how often each impression counts, in a resample; None: once.

    Raises:
        Unidentified: fewer than `fewest` clicks are of items that stood in several groups connected with the first, or none
            of these at the first place.
    """
    shown, clicks = _counted(items, places, clicked, np.ones(len(items)) if counts is None else counts)
    linked = _linked(shown[clicks.sum(axis=1) > 0])
    moved = (clicks.sum(axis=1) > 0) & ((shown[:, linked] > 0).sum(axis=1) > 1)
    told = int(clicks[moved][:, linked].sum())
    if told < fewest or not clicks[moved, 0].any():
        raise Unidentified(
            f"{told} clicks are of companies that stood at several places for one prompt, {fewest} are needed to tell "
            "place from worth: share lists between two rankings for a while, or give the chances"
        )
    chances = np.ones(len(EDGES))
    chances[linked] = _solved(shown[moved][:, linked], clicks[moved][:, linked])
    for group in np.flatnonzero(~linked):
        chances[group] = chances[group - 1]
    return Examination(chances, told)


def _group(places: IntArray) -> IntArray:
    return np.asarray(np.searchsorted(EDGES, places, side="right") - 1, dtype=np.int32)


def _counted(
    items: IntArray, places: IntArray, clicked: FloatArray, counts: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Impressions and clicks, float64[items, groups] each."""
    _, rows = np.unique(items, return_inverse=True)
    size = (int(rows.max(initial=-1)) + 1, len(EDGES))
    shown, clicks = np.zeros(size), np.zeros(size)
    np.add.at(shown, (rows, _group(places)), counts)
    np.add.at(clicks, (rows, _group(places)), clicked * counts)
    return shown, clicks


def _linked(shown: FloatArray) -> np.ndarray:
    """bool[groups]: connected with the first by items that stood in both, over others where need be."""
    together = (shown > 0).T.astype(np.float64) @ (shown > 0)
    linked = np.zeros(len(EDGES), dtype=np.bool_)
    linked[0] = True
    for _ in EDGES:
        linked |= together[linked].sum(axis=0) > 0
    return linked


def _solved(shown: FloatArray, clicks: FloatArray) -> FloatArray:
    """float64[groups], the first 1."""
    of_items, of_groups = clicks.sum(axis=1), clicks.sum(axis=0)
    chances = np.ones(shown.shape[1])
    for _ in range(_ROUNDS):
        expected = (of_items / (shown @ chances)) @ shown
        renewed = of_groups / expected
        renewed /= max(renewed[0], _CLOSE)
        if np.abs(renewed - chances).max() < _CLOSE:
            return np.asarray(renewed)
        chances = np.maximum(renewed, _CLOSE)
    return chances
