"""Who calls: the holder of an API key, or, as long as the database has none, whoever sits at this machine.

Keys are looked up in memory; `refresh` brings new and revoked ones in. Once a key was made the server stays closed to those
without: revoking the last one locks, it does not open.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import asyncpg
from starlette.types import Scope

from db.submitters.keys import KeyId, StoredKey, hash_of, id_of, read_keys
from db.submitters.keys import Scope as KeyScope
from ranking.errors import Forbidden, Unauthorized, Unavailable

OPEN_PATHS: Final = frozenset((
    "/", "/healthz", "/readyz", "/metrics", "/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json",
))  # fmt: skip
_BEARER: Final = "bearer "


@dataclass(frozen=True, slots=True)
class Caller:
    """Who submits. `tenant` None: nobody's in particular; `scopes` as `db.submitters.keys` has them."""

    submitter: str
    tenant: str | None
    scopes: frozenset[str]

    def may(self, scope: KeyScope) -> bool:
        """Whether the key has the scope."""
        return scope in self.scopes


LOCAL: Final = Caller("local", None, frozenset(("trusted", "operator")))


@dataclass(frozen=True, slots=True)
class _Held:
    key_hash: bytes
    caller: Caller | None
    """None: a supplier's key, which opens nothing here."""


class Access:
    """The keys as last read. Before the first reading nobody gets in."""

    def __init__(self) -> None:
        self._held: Mapping[KeyId, _Held] | None = None
        self._needs_key = True

    @classmethod
    def without_keys(cls) -> Self:
        """That of a database without keys."""
        access = cls()
        access.take(())
        return access

    async def refresh(self, pool: asyncpg.Pool) -> None:
        """Read the keys anew; raises what asyncpg raises."""
        self.take(await read_keys(pool))

    def take(self, keys: tuple[StoredKey, ...]) -> None:
        """From now on these are the keys."""
        self._held = {key.key_id: _held(key) for key in keys if key.revoked_at is None}
        self._needs_key = any(key.miner_id is None for key in keys)

    def caller(self, scope: Scope) -> Caller:
        """Who made this request.

        Raises:
            Unauthorized: no key, or not one of ours.
            Forbidden: a supplier's key; or there are no keys at all, and the request comes from another machine.
            Unavailable: the keys were never read.
        """
        if self._held is None:
            raise Unavailable("postgres", "the keys were not read yet")
        if not self._needs_key:
            return _at_this_machine(scope)
        given = _bearer(scope)
        if given is None:
            raise Unauthorized("Send an API key: `Authorization: Bearer <key>`.")
        key_id = id_of(given)
        held = None if key_id is None else self._held.get(key_id)
        if held is None or not hmac.compare_digest(hash_of(given), held.key_hash):
            raise Unauthorized("This API key is not known, or no longer.")
        if held.caller is None:
            raise Forbidden("This key sends snippets; it asks nothing.")
        return held.caller


def _held(key: StoredKey) -> _Held:
    caller = None if key.miner_id is not None else Caller(key.key_id, key.tenant_id, key.scopes)
    return _Held(key.key_hash, caller)


def _at_this_machine(scope: Scope) -> Caller:
    """Without keys the server is for loopback; a proxy on this machine is seen here, not whom it lets in: it listens on loopback itself."""
    peer, here = scope.get("client"), scope.get("server")
    if (
        peer is None
        or peer[0].startswith("127.")
        or peer[0] == "::1"
        or (here is not None and peer[0] == here[0])
    ):
        return LOCAL
    raise Forbidden(
        "Without API keys this server answers its own machine only; `leads keys create` makes one."
    )


def _bearer(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"authorization":
            given: str = value.decode("latin1")
            return given[len(_BEARER) :].strip() if given[: len(_BEARER)].lower() == _BEARER else None
    return None
