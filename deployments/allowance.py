"""How much a submitter may ask in a while, and what every answer to him says of it: `RateLimit-*` headers.

An account of one replica, in memory: with n replicas n times as much is let in. Requests are counted, whatever they cost.
Source: draft-ietf-httpapi-ratelimit-headers, whose fields have these names up to revision 07.
"""

from dataclasses import dataclass, field
from math import ceil

from configs.quality import RateArgs
from deployments.access import Caller
from ranking.deadline import Clock
from ranking.errors import RateLimited, Throttled

Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class _Window:
    """A submitter's requests until `ends_s`."""

    ends_s: float
    requests: int = 0


@dataclass(slots=True)
class Allowances:
    """Everybody's windows; one begins with the first request after the last one has ended. To be used in one event loop."""

    clock: Clock
    args: RateArgs = field(default_factory=RateArgs)
    _windows: dict[str, _Window] = field(default_factory=dict)

    def admit(self, caller: Caller) -> None:
        """Count a request and let it in.

        Raises:
            RateLimited: there were too many, and the caller is not trusted.
        """
        now_s = self.clock()
        window = self._windows.get(caller.submitter)
        if window is None or now_s >= window.ends_s:
            window = self._windows[caller.submitter] = _Window(now_s + self.args.window_s)
        window.requests += 1
        most = self.args.requests
        if window.requests > most and not caller.may("trusted"):
            raise RateLimited(
                f"{most:,} requests in {self.args.window_s:g} s are let in.", window.ends_s - now_s
            )

    def headers(self, caller: Caller, error: Exception | None = None) -> Headers:
        """What the answer says, or the refusal for `error`: whoever is throttled may ask once after his wait."""
        if isinstance(error, Throttled):
            return _headers(1, 0, error.retry_after_s)
        window = self._windows[caller.submitter]
        left = max(0, self.args.requests - window.requests)
        return _headers(self.args.requests, left, window.ends_s - self.clock())


def _headers(limit: int, remaining: int, reset_s: float) -> Headers:
    return [
        (b"ratelimit-limit", b"%d" % limit),
        (b"ratelimit-remaining", b"%d" % remaining),
        (b"ratelimit-reset", b"%d" % max(0, ceil(reset_s))),
    ]
