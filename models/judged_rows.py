"""Judgements of the language model as rows to learn from, and what outcomes say of the same companies (F-10)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.training import TrainingRows
from ranking.features import FEATURES
from ranking.types import BoolArray, Float32Array, FloatArray

_DAY_S = 86_400.0
_SAME_TIME_DAYS = 45.0
"""A purchase or its absence says something about a judgement of evidence that was seen within so many days."""


@dataclass(frozen=True, slots=True)
class JudgedRows:
    """Judged companies, each with the features that the booster had.

    Attributes:
        features: float32[n, len(FEATURES)], NaN where unknown.
        scores: float64[n] in [0, 100].
        products, companies: str[n]; product keys and company ids.
        as_of_s: float64[n]; when the evidence was seen, seconds since the epoch, UTC.
    """

    features: Float32Array
    scores: FloatArray
    products: NDArray[np.str_]
    companies: NDArray[np.str_]
    as_of_s: FloatArray

    @classmethod
    def of(cls, records: Sequence[Mapping[str, Any]]) -> "JudgedRows":
        """Rows of the statement `labels_to_learn`."""
        told = np.array([record["features"] for record in records], dtype=np.float32)
        return cls(
            features=told.reshape(len(records), len(FEATURES)),
            scores=np.array([record["score"] for record in records], dtype=np.float64),
            products=np.array([record["product_key"] for record in records], dtype=np.str_),
            companies=np.array([record["company_id"] for record in records], dtype=np.str_),
            as_of_s=np.array([record["as_of"].timestamp() for record in records], dtype=np.float64),
        )

    def __len__(self) -> int:
        return len(self.scores)

    def digest(self) -> str:
        """Digest of what is learned from."""
        texts = "\n".join((*self.products.tolist(), *self.companies.tolist()))
        parts = (
            self.features.tobytes(),
            self.scores.tobytes(),
            texts.encode(),
            self.as_of_s.tobytes(),
        )
        return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Lists:
    """The queries of training rows, by number: product key and the time at which the list was shown (epoch seconds)."""

    products: Sequence[str]
    as_of_s: Sequence[float]


@dataclass(frozen=True, slots=True)
class Encounters:
    """Where outcomes and judgements speak of the same product and company at about the same time.

    Attributes:
        bought: float64[judged]; 1 or 0 where a list showed the company, else NaN.
        overruled: bool[rows]; companies that no list showed, so that nobody knows whether they bought, but that were judged.
    """

    bought: FloatArray
    overruled: BoolArray


def encounters(rows: TrainingRows, lists: Lists, judged: JudgedRows) -> Encounters:
    """Compare them; a company that bought from one list has bought, whatever another says."""
    places: dict[tuple[str, str], list[int]] = {}
    for at, key in enumerate(zip(judged.products.tolist(), judged.companies.tolist(), strict=True)):
        places.setdefault(key, []).append(at)
    bought = np.full(len(judged), np.nan)
    overruled = np.zeros(len(rows.labels), dtype=np.bool_)
    told = zip(
        rows.queries.tolist(), rows.companies.tolist(), rows.labels.tolist(), rows.shown.tolist(), strict=True
    )
    for row, (query, company, did_buy, shown) in enumerate(told):
        for at in places.get((lists.products[query], company), ()):
            if abs(lists.as_of_s[query] - judged.as_of_s[at]) > _SAME_TIME_DAYS * _DAY_S:
                continue
            if shown:
                bought[at] = np.fmax(bought[at], float(did_buy))
            else:
                overruled[row] = True
    return Encounters(bought, overruled)
