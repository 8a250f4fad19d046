"""Whether one text repeats another: simhash first, then the shingles both hold (F-9).

Long texts about any company, short ones about the same company only: "senior software engineer" is everybody's.
"""

from dataclasses import dataclass
from typing import Final

from ingest.plagiarism.fingerprint import Fingerprint
from ingest.plagiarism.index import FAR_BITS, LEAST_SHINGLES
from ingest.plagiarism.postings import LEAST_ELSEWHERE
from ingest.plagiarism.shingling import joined_words, shared, shingles_of
from ranking.simhash import MIN_CONTAINMENT, distance

# Where the smaller is held whole, the other was padded with as much again: fingerprints tell nothing then.
_WHOLE: Final = 0.8
# A sentence or two: half of such a text is how everybody begins, and the point is in the rest. Labels and cut ends take nothing away.
_SHORT: Final = 0.9
_LONG: Final = 40


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two texts are that say the same: differing simhash bits, and share of the smaller's shingles held by both."""

    distance: int
    contained: float


def says_the_same(text: Fingerprint, before: str) -> bool:
    """Whether a revision says much the same as the one before it, as a corrected one does."""
    shingles = shingles_of(joined_words(before))
    smaller = min(len(text.shingles), len(shingles))
    return smaller > 0 and shared(text.shingles, shingles) >= MIN_CONTAINMENT * smaller


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
    both = shared(text.shingles, other.shingles)
    contained = both / smaller
    least = MIN_CONTAINMENT if smaller >= LEAST_ELSEWHERE else _SHORT
    enough = contained >= least and (bits <= FAR_BITS or contained >= _WHOLE)
    at_home = text.company_id == other.company_id or both >= LEAST_ELSEWHERE
    return Likeness(bits, contained) if enough and at_home else None
