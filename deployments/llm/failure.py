"""What can go wrong with one call, as our own error.

DependencyError
└── LlmFailure    one call of the language model failed, with its kind
"""

from typing import Final, Literal, assert_never

from ranking.errors import DependencyError

FailureKind = Literal[
    "rate_limited", "timeout", "server_error", "connection", "unauthorized", "rejected", "garbage", "refused"
]
FAILURE_KINDS: Final[tuple[FailureKind, ...]] = (
    "rate_limited", "timeout", "server_error", "connection", "unauthorized", "rejected", "garbage", "refused",
)  # fmt: skip


class LlmFailure(DependencyError):
    """A call failed; `reason` is its kind, `retry_after_s` what the endpoint asked to wait, `detail` one fixed word."""

    def __init__(
        self, dependency: str, kind: FailureKind, retry_after_s: float | None = None, detail: str = ""
    ) -> None:
        super().__init__(dependency, kind)
        self.args = (dependency, kind, retry_after_s, detail)
        self.kind: FailureKind = kind
        self.retry_after_s = retry_after_s
        self.detail = detail


def retryable(kind: FailureKind) -> bool:
    """Whether the same call may go well a moment later; garbage is paid for, so it is not bought twice."""
    match kind:
        case "rate_limited" | "server_error" | "connection":
            return True
        case "timeout" | "unauthorized" | "rejected" | "garbage" | "refused":
            return False
        case _:
            assert_never(kind)


def breaks(kind: FailureKind) -> bool:
    """Whether the failure speaks against the endpoint: not when it declined one text, or our request was wrong."""
    return kind not in ("rejected", "refused")
