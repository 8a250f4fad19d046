"""Domain errors.

LeadError
├── RequestError            the caller can mend it (4xx)
│   ├── InvalidQuery        a field is wrong; carries JSON pointers
│   ├── NotFound            the named thing does not exist, or is another tenant's
│   ├── Unauthorized        no API key, or not one of ours
│   └── Forbidden           this caller may not do that
├── CapacityError           try later (429, 503, 504); carries retry_after_s
│   ├── Overloaded          a bounded queue is full
│   ├── DeadlineExceeded    the caller's time is spent
│   ├── Throttled           this submitter's queries are refused for a while; says what ends it
│   └── RateLimited         this submitter has asked as much as he may for now
├── DependencyError         a part did not answer; becomes a degradation or a 503
│   ├── Unavailable         the named dependency cannot serve now
│   └── UnknownGeneration   the leaf does not hold this snapshot generation (retriable)
└── ArtifactError           an artefact cannot be used; the replica must not become healthy

All constructors take positional arguments and hand them to the base class: keyword-only exceptions do not survive
pickling between replicas (Ray 2.60).
"""

from typing import NamedTuple


class FieldError(NamedTuple):
    """One wrong field: JSON pointer into the request body, and a sentence."""

    pointer: str
    detail: str


class LeadError(Exception):
    """Root of every error this product raises on purpose."""


class RequestError(LeadError):
    """The caller can mend the request."""


class InvalidQuery(RequestError):
    """The request is malformed; `errors` names each wrong field."""

    def __init__(self, detail: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail, errors)
        self.detail = detail
        self.errors = errors


class NotFound(RequestError):
    """The named thing does not exist for this caller."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Unauthorized(RequestError):
    """Nobody knows who asks; `detail` is for the caller."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Forbidden(RequestError):
    """Whoever asks may not; `detail` is for the caller."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class CapacityError(LeadError):
    """The system cannot answer now; the caller may try again after `retry_after_s`."""

    def __init__(self, stage: str, retry_after_s: float = 1.0) -> None:
        super().__init__(stage, retry_after_s)
        self.stage = stage
        self.retry_after_s = retry_after_s


class Overloaded(CapacityError):
    """A bounded queue is full."""


class DeadlineExceeded(CapacityError):
    """The caller's deadline passed at the named stage."""


class Throttled(CapacityError):
    """The submitter's standing is too poor (F-8); `detail` tells him the way back."""

    def __init__(self, detail: str, retry_after_s: float) -> None:
        super().__init__(detail, retry_after_s)
        self.detail = detail


class RateLimited(CapacityError):
    """The submitter has asked as much as he may for now; `detail` tells him how much that is."""

    def __init__(self, detail: str, retry_after_s: float) -> None:
        super().__init__(detail, retry_after_s)
        self.detail = detail


class DependencyError(LeadError):
    """A dependency did not do its part."""

    def __init__(self, dependency: str, reason: str) -> None:
        super().__init__(dependency, reason)
        self.dependency = dependency
        self.reason = reason


class Unavailable(DependencyError):
    """The dependency cannot be reached or is not ready."""


class UnknownGeneration(DependencyError):
    """The leaf holds neither this snapshot generation nor can load it; ask again."""

    def __init__(self, dependency: str, generation: str) -> None:
        super().__init__(dependency, generation)
        self.generation = generation


class ArtifactError(LeadError):
    """An artefact is missing, damaged or does not match the code."""

    def __init__(self, artifact: str, reason: str) -> None:
        super().__init__(artifact, reason)
        self.artifact = artifact
        self.reason = reason
