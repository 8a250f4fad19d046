"""What a text is recognised by: its shingles, its simhash, the key of its exact words, the key of its identity."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Self

from ranking.simhash import HashArray, shingles_of_words, simhash
from ranking.text import words

# Near-duplicates say so near the top; a text of 10 MB must not cost more than a long posting.
_READ_CHARACTERS = 12_000


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """One snippet as repeats are judged.

    Attributes:
        ref: signed 64-bit key of (miner_id, snippet_id); the same for every revision and delivery.
        seen_at: when its first revision came; who was first is decided by it.
        names: what it names beyond its words: technologies added and removed, roles.
        shingles: uint64, ascending, distinct.
        simhash: 64 bits, signed, over `shingles`.
        owner: the only tenant that may see it, None when it is shared.
        wording: 64-bit key of the company and the folded words, signed.
    """

    ref: int
    company_id: str
    miner_id: str
    snippet_id: str
    seen_at: datetime
    owner: str | None
    names: frozenset[str]
    shingles: HashArray
    simhash: int
    wording: int

    @classmethod
    def of(
        cls,
        text: str,
        *,
        company_id: str,
        miner_id: str,
        snippet_id: str,
        seen_at: datetime,
        owner: str | None = None,
        names: frozenset[str] = frozenset(),
    ) -> Self:
        """The fingerprint of a snippet's text."""
        tokens = words(text[:_READ_CHARACTERS])
        shingles = shingles_of_words(tokens)
        return cls(
            ref=reference(miner_id, snippet_id),
            company_id=company_id,
            miner_id=miner_id,
            snippet_id=snippet_id,
            seen_at=seen_at,
            owner=owner,
            names=names,
            shingles=shingles,
            simhash=simhash(shingles),
            wording=_key(company_id, " ".join(tokens)),
        )

    @property
    def precedence(self) -> tuple[datetime, str, str]:
        """Smaller is first: by time seen; at one moment by supplier and id, so that every replica decides alike."""
        return (self.seen_at, self.miner_id, self.snippet_id)


def named(added: Iterable[str], removed: Iterable[str], roles: Iterable[str]) -> frozenset[str]:
    """What a snippet names beyond its words, as `Fingerprint.names` has it."""
    wordings = (("added", added), ("removed", removed), ("role", roles))
    return frozenset(f"{what} {code}" for what, codes in wordings for code in codes)


def reference(miner_id: str, snippet_id: str) -> int:
    """The signed 64-bit key of a snippet's identity."""
    return _key(miner_id, snippet_id)


def _key(*parts: str) -> int:
    digest = blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
