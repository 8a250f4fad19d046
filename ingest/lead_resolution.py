"""Which lead records are the same person under several ids, and the evidence (F-3, F-9).

Two records belong together when they have the same mailbox and their names do not contradict that; or, at one business, when they have the
same name, or names one slip of the pen apart in otherwise near-identical records, and neither mailbox nor role speaks against it. The same
name at two businesses is two people. A person who works for two businesses is flagged, which does not make one of the two.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Literal

from ingest.clusters import Merged, grouped, merged
from ranking.simhash import distance

LeadReason = Literal["same_mailbox", "same_name", "near_identical"]
NEAR_LEAD_BITS = 12
# A business with more records of one kind than this is not compared pair by pair.
_MOST_COMPARED = 400
_LEAST_NAME_WORDS = 2
_LEAST_WORD_FOR_A_SLIP = 4


@dataclass(frozen=True, slots=True)
class LeadRecord:
    """What resolution looks at.

    Attributes:
        business: the company's cluster.
        name: folded words of the name, sorted, so that "Doe, Jane" is "Jane Doe"; () when there is none.
        mailbox: normalised e-mail of one person, None for none or for a mailbox of many (info@).
        roles: role codes, none when not known.
        simhash: of the letters of name and title.
    """

    lead_id: str
    tenant: str
    business: str
    name: tuple[str, ...]
    mailbox: str | None
    roles: frozenset[str]
    simhash: int
    completeness: int


@dataclass(frozen=True, slots=True)
class LeadDuplicate:
    """A record that is another one's person, with the match that ties it in."""

    lead_id: str
    representative_id: str
    matched_id: str
    reason: LeadReason
    evidence: str
    distance: int


@dataclass(frozen=True, slots=True)
class _Tie:
    left: int
    right: int
    reason: LeadReason
    evidence: str


def lead_duplicates(records: Sequence[LeadRecord]) -> list[LeadDuplicate]:
    """Every record that is another's person; the most complete speaks for all of one person, then the lowest id."""

    def speaker(members: Sequence[int]) -> int:
        return min(members, key=lambda index: (-records[index].completeness, records[index].lead_id))

    ties = [*_by_mailbox(records), *_by_name(records)]
    return [_duplicate(records, each) for each in merged(len(records), ties, speaker)]


def _by_mailbox(records: Sequence[LeadRecord]) -> Iterator[_Tie]:
    keyed = (
        ((record.tenant, record.mailbox), index)
        for index, record in enumerate(records)
        if record.mailbox is not None
    )
    for members in grouped(keyed).values():
        for left, right in pairwise(members):
            if not _contradict(records[left].name, records[right].name):
                yield _Tie(left, right, "same_mailbox", str(records[left].mailbox))


def _by_name(records: Sequence[LeadRecord]) -> Iterator[_Tie]:
    """Ties between people of one business."""
    named = (
        ((record.tenant, record.business), index)
        for index, record in enumerate(records)
        if len(record.name) >= _LEAST_NAME_WORDS
    )
    for members in grouped(named).values():
        for pair in combinations(members[:_MOST_COMPARED], 2):
            left, right = (records[index] for index in pair)
            if _speaks_against(left, right):
                continue
            shown = f"{' '.join(left.name)} / {' '.join(right.name)}"
            if left.name == right.name:
                yield _Tie(*pair, "same_name", shown)
            elif distance(left.simhash, right.simhash) <= NEAR_LEAD_BITS and _one_slip(left.name, right.name):
                yield _Tie(*pair, "near_identical", shown)


def _speaks_against(left: LeadRecord, right: LeadRecord) -> bool:
    """Whether two mailboxes, or two roles that have nothing in common, make two people of one name."""
    mailboxes = left.mailbox is not None and right.mailbox is not None and left.mailbox != right.mailbox
    roles = bool(left.roles) and bool(right.roles) and not left.roles & right.roles
    return mailboxes or roles


def _contradict(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Whether both names are known and share no word: a mailbox that was handed on, or is that of several."""
    return bool(left) and bool(right) and not set(left) & set(right)


def _one_slip(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Whether the names differ in one word, and there in one letter."""
    only_left, only_right = set(left) - set(right), set(right) - set(left)
    if len(left) != len(right) or len(only_left) != 1 or len(only_right) != 1:
        return False
    return _one_letter(only_left.pop(), only_right.pop())


def _one_letter(left: str, right: str) -> bool:
    """Whether one letter was changed, added, left out, or changed places with its neighbour."""
    if min(len(left), len(right)) < _LEAST_WORD_FOR_A_SLIP or abs(len(left) - len(right)) > 1:
        return False
    start = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    rest, other = left[start:], right[start:]
    if len(rest) == len(other):
        swapped = rest[1::-1] + rest[2:] if len(rest) > 1 else rest
        return rest[1:] == other[1:] or swapped == other
    return rest[1:] == other or rest == other[1:]


def _duplicate(records: Sequence[LeadRecord], found: Merged[_Tie]) -> LeadDuplicate:
    return LeadDuplicate(
        lead_id=records[found.member].lead_id,
        representative_id=records[found.speaker].lead_id,
        matched_id=records[found.matched].lead_id,
        reason=found.tie.reason,
        evidence=found.tie.evidence,
        distance=distance(records[found.member].simhash, records[found.matched].simhash),
    )
