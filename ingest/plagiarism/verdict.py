"""Whether one text repeats another: simhash first, then the shingles both hold (F-9).

Long texts about any company, short ones about the same company only: "senior software engineer" is everybody's.
"""

from dataclasses import dataclass
from typing import Final

from ingest.plagiarism.fingerprint import Fingerprint
from ingest.plagiarism.index import LEAST_SHINGLES
from ranking.simhash import MIN_CONTAINMENT, containment, distance

# One pair of unrelated texts in twelve is nearer; of medium reposts nearly all are (decision 0038 has the curve).
FAR_BITS: Final = 26
# Where the smaller is held whole, the other was padded with as much again: fingerprints tell nothing then.
_WHOLE: Final = 0.8
_LONG: Final = 40
_LEAST_SHARED_ELSEWHERE: Final = 24


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two texts are that say the same: differing simhash bits, and share of the smaller's shingles held by both."""

    distance: int
    contained: float


def likeness(text: Fingerprint, other: Fingerprint) -> Likeness | None:
    """How much `text` repeats `other`, None where it does not, or where its owner may not see the other."""
    if other.owner not in (None, text.owner):
        return None
    bits = distance(text.simhash, other.simhash)
    smaller = min(len(text.shingles), len(other.shingles))
    if smaller < _LONG and not text.names <= other.names:
        return None  # "Acme replaced A by B" and "Acme replaced A by C" differ in little but the point
    if text.wording == other.wording:
        return Likeness(bits, 1.0)
    if smaller < LEAST_SHINGLES:
        return None
    contained = containment(text.shingles, other.shingles)
    enough = contained >= MIN_CONTAINMENT and (bits <= FAR_BITS or contained >= _WHOLE)
    at_home = text.company_id == other.company_id or contained * smaller >= _LEAST_SHARED_ELSEWHERE
    return Likeness(bits, contained) if enough and at_home else None
