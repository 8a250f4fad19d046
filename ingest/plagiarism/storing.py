"""Texts and verdicts of near-duplicates in Postgres (F-9). All of it belongs into the transaction that judges."""

from collections.abc import Container, Iterable, Sequence
from datetime import datetime
from typing import Final

from asyncpg import Record
from asyncpg.pool import PoolConnectionProxy

from ingest.plagiarism.detection import Judging, Pair, Repeat
from ingest.plagiarism.fingerprint import Fingerprint, named
from ingest.plagiarism.index import SKETCH_KEYS
from ingest.plagiarism.statements import statements

_SEPARATOR: Final = "\x1f"
Identity = tuple[str, str]


async def texts_of(connection: PoolConnectionProxy, refs: Iterable[int]) -> dict[int, Fingerprint]:
    """The judged snippets with these references, as far as they still exist."""
    wanted = sorted(refs)
    rows = await connection.fetch(statements()["sketched_texts"], wanted) if wanted else ()
    return {row["ref"]: fingerprint(row, row["credited_at"]) for row in rows}


async def repeats_of(connection: PoolConnectionProxy, originals: Sequence[Fingerprint]) -> set[int]:
    """References of what is stored as a repeat of these."""
    if not originals:
        return set()
    rows = await connection.fetch(statements()["repeats_of"], *_identities(originals))
    return {row["ref"] for row in rows}


async def ruled_apart(connection: PoolConnectionProxy, texts: Sequence[Fingerprint]) -> frozenset[Pair]:
    """Pairs with one of these that people ruled not to repeat one another."""
    rows = await connection.fetch(statements()["ruled_apart"], [text.ref for text in texts])
    return frozenset(frozenset((row["ref"], row["other_ref"])) for row in rows)


def fingerprint(row: Record, seen_at: datetime) -> Fingerprint:
    """The fingerprint of a stored snippet."""
    return Fingerprint.of(
        row["text"],
        company_id=row["company_id"],
        miner_id=row["miner_id"],
        snippet_id=row["snippet_id"],
        seen_at=seen_at,
        observed_at=row["observed_at"],
        owner=row["tenant_id"],
        names=named(row["technologies_added"], row["technologies_removed"], row["role_codes"]),
    )


async def store(
    connection: PoolConnectionProxy, judging: Judging, judged: Sequence[Fingerprint], now: datetime
) -> list[Repeat]:
    """Store the verdicts about `judged` and about what they displaced; the repeats among them.

    Repeats lose their worth as evidence by `duplicate_of`, but for a supplier's renewals of his own, which the snapshot weighs.
    """
    repeats = list(judging.repeats.values())
    texts = {text.ref: text for text in (*judged, *(each.snippet for each in repeats))}
    await _store_sketches(connection, list(texts.values()), judging.repeats.keys())
    if repeats:
        await _store_repeats(connection, repeats, now)
    return repeats


async def erased_originals(connection: PoolConnectionProxy, judging: Judging) -> list[int]:
    """References of originals that are gone from the store; the others stay until the transaction ends."""
    originals = {each.original.ref: each.original for each in judging.repeats.values()}
    if not originals:
        return []
    rows = await connection.fetch(statements()["hold_originals"], *_identities(list(originals.values())))
    held = {(row["miner_id"], row["snippet_id"]) for row in rows}
    return [ref for ref, text in originals.items() if _identity(text) not in held]


async def clear(connection: PoolConnectionProxy, texts: Sequence[Fingerprint]) -> None:
    """Take back the verdicts about snippets that are judged again."""
    if texts:
        await connection.execute(statements()["clear_repeats"], *_identities(texts))


async def _store_sketches(
    connection: PoolConnectionProxy, texts: Sequence[Fingerprint], repeats: Container[int]
) -> None:
    await connection.execute(
        statements()["store_sketches"],
        *_identities(texts),
        [text.ref for text in texts],
        [text.company_key for text in texts],
        [text.wording for text in texts],
        [text.simhash for text in texts],
        [len(text.shingles) for text in texts],
        [text.shingles[:SKETCH_KEYS].astype("<u8", copy=False).tobytes() for text in texts],
        [text.seen_at for text in texts],
        [text.ref not in repeats for text in texts],
    )


async def _store_repeats(connection: PoolConnectionProxy, repeats: Sequence[Repeat], now: datetime) -> None:
    await connection.execute(
        statements()["store_repeats"],
        *_identities([each.snippet for each in repeats]),
        *_identities([each.original for each in repeats]),
        [each.likeness.distance for each in repeats],
        [each.likeness.contained for each in repeats],
        [each.is_renewal for each in repeats],
        now,
    )
    counted_out = [each for each in repeats if not each.is_renewal]
    if counted_out:
        originals = [_SEPARATOR.join(_identity(each.original)) for each in counted_out]
        snippets = [each.snippet for each in counted_out]
        await connection.execute(statements()["mark_repeats"], *_identities(snippets), originals)


def _identity(text: Fingerprint) -> Identity:
    return text.miner_id, text.snippet_id


def _identities(texts: Sequence[Fingerprint]) -> tuple[list[str], list[str]]:
    return [text.miner_id for text in texts], [text.snippet_id for text in texts]
