"""What a text is recognised by: its shingles, its simhash, the key of its exact words, the key of its identity."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Self

from ingest.plagiarism.shingling import shingled
from ranking.simhash import HashArray

# Near-duplicates say so near the top; a text of 10 MB must not cost more than a long posting.
_READ_CHARACTERS = 12_000
_UNDATED = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """One snippet as repeats are judged.

    Attributes:
        ref: signed 64-bit key of (miner_id, snippet_id); the same for every revision and delivery.
        seen_at: since when its supplier says so; who was first is decided by it.
        observed_at: the date that it bears, None when it bears none.
        names: what it names beyond its words: technologies added and removed, roles.
        shingles: uint64, ascending, distinct.
        simhash: 64 bits, signed, over `shingles`.
        owner: the only tenant that may see it, None when it is shared.
        wording: 64-bit key of the company and the folded words, signed.
        company_key: 64-bit key of the company, signed.
    """

    ref: int
    company_id: str
    miner_id: str
    snippet_id: str
    seen_at: datetime
    observed_at: datetime | None
    owner: str | None
    names: frozenset[str]
    shingles: HashArray
    simhash: int
    wording: int
    company_key: int

    @classmethod
    def of(
        cls,
        text: str,
        *,
        company_id: str,
        miner_id: str,
        snippet_id: str,
        seen_at: datetime,
        observed_at: datetime | None = None,
        owner: str | None = None,
        names: frozenset[str] = frozenset(),
    ) -> Self:
        """The fingerprint of a snippet's text."""
        joined, shingles, bits = shingled(text[:_READ_CHARACTERS])
        return cls(
            ref=reference(miner_id, snippet_id),
            company_id=company_id,
            miner_id=miner_id,
            snippet_id=snippet_id,
            seen_at=seen_at,
            observed_at=observed_at,
            owner=owner,
            names=names,
            shingles=shingles,
            simhash=bits,
            wording=_key(_bytes(company_id), joined),
            company_key=_key(_bytes(company_id)),
        )

    def seen_since(self, moment: datetime) -> Self:
        """The same text, said since another moment."""
        return replace(self, seen_at=moment)

    @property
    def precedence(self) -> tuple[datetime, datetime, str, str]:
        """Smaller is first: by time seen; at one moment by date, supplier and id, so that every replica decides alike."""
        return (self.seen_at, self.observed_at or _UNDATED, self.miner_id, self.snippet_id)


def named(added: Iterable[str], removed: Iterable[str], roles: Iterable[str]) -> frozenset[str]:
    """What a snippet names beyond its words, as `Fingerprint.names` has it."""
    wordings = (("added", added), ("removed", removed), ("role", roles))
    return frozenset(f"{what} {code}" for what, codes in wordings for code in codes)


def reference(miner_id: str, snippet_id: str) -> int:
    """The signed 64-bit key of a snippet's identity."""
    return _key(_bytes(miner_id), _bytes(snippet_id))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _key(*parts: bytes) -> int:
    return int.from_bytes(blake2b(b"\x1f".join(parts), digest_size=8).digest(), "little", signed=True)
