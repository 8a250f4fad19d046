"""What replicas share through Redis: how long it is waited for, how much waits to be written, how long it lives."""

from pydantic import Field

from ranking.strict import Strict


class ReachArgs(Strict):
    """How Redis is asked."""

    lookup_ms: float = Field(40.0, gt=0.0, le=1000.0, description="milliseconds that a look-up may take")
    lookup_share: float = Field(
        0.2, gt=0.0, le=1.0, description="share of what is left of the deadline that a look-up may take"
    )
    rest_s: float = Field(
        1.0, ge=0.0, le=60.0, description="seconds without look-ups and writes after one that failed"
    )
    open: int = Field(64, ge=1, le=10_000, description="look-ups under way per ingress; the next is a miss")


class WritingArgs(Strict):
    """How Redis is written to, behind the queries."""

    waiting: int = Field(
        20_000, ge=1, le=1_000_000, description="entries waiting to be written; the oldest are dropped"
    )
    flush_s: float = Field(0.2, gt=0.0, le=10.0, description="seconds between writes")
    per_pipeline: int = Field(500, ge=1, le=10_000, description="entries in one pipeline")


class KeepingArgs(Strict):
    """How long entries live in Redis."""

    score_s: int = Field(
        2_592_000, ge=1, le=31_536_000, description="seconds that a score of the language model is kept"
    )
    parse_s: int = Field(
        604_800, ge=1, le=31_536_000, description="seconds that the language model's parse is kept"
    )
    embedding_s: int = Field(2_592_000, ge=1, le=31_536_000, description="seconds that an embedding is kept")


class ValuesArgs(Strict):
    """Fit and intent of returned leads, `fit:{lead_id}` and `intent:{lead_id}`, for whoever watches them; no query reads them."""

    every: int = Field(10, ge=0, le=1_000_000, description="each so many answers one is written, 0 for none")
    waiting: int = Field(
        500, ge=1, le=100_000, description="answers waiting to be written; more are dropped and counted"
    )
    per_script: int = Field(
        10, ge=1, le=1000, description="answers in one script, which Redis runs without a pause"
    )
    fields: int = Field(32, ge=1, le=1000, description="products or targets kept per lead, the latest")
    keep_s: int = Field(86_400, ge=1, le=31_536_000, description="seconds after the last write of a lead")


class CachesArgs(Strict):
    """Everything about the caches in Redis and what stands before them in an ingress."""

    reach: ReachArgs = Field(default_factory=ReachArgs)
    writing: WritingArgs = Field(default_factory=WritingArgs)
    keeping: KeepingArgs = Field(default_factory=KeepingArgs)
    values: ValuesArgs = Field(default_factory=ValuesArgs)
    embeddings: int = Field(4096, ge=0, le=1_000_000, description="embeddings kept per ingress")
