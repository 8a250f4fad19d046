"""The rules by which suppliers of evidence and their snippets are judged (F-8, F-9)."""

from pydantic import Field

from ranking.strict import Strict


class RuleArgs(Strict):
    """When a single snippet does not count."""

    most_concepts: int = Field(
        10, ge=1, le=1000, description="product concepts in one text; one that names more is padded"
    )
    echo_share: float = Field(
        0.6,
        gt=0.0,
        le=1.0,
        description="share of an earlier prompt's runs of four words that make a text its echo",
    )
    echo_words: int = Field(
        9, ge=5, le=100, description="words of a prompt at least for an echo to be proven"
    )
    echo_days: int = Field(30, ge=1, le=365, description="days for which prompts are compared")
    echo_prompts: int = Field(50_000, ge=1, le=1_000_000, description="newest prompts compared at most")
    redated_bits: int = Field(
        6,
        ge=0,
        le=20,
        description="simhash bits by which a revision with a later date may differ and still say the same",
    )
    redated_days: float = Field(
        2.0, ge=0.0, le=365.0, description="days by which a date may be corrected upwards without other words"
    )
    source_hosts: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="source_type to the hosts it stands for ('company': the company's own domain); the type from elsewhere is refused",
    )


class SupplierArgs(Strict):
    """How quality factors, throttles and emissions are worked out of the record."""

    rules: RuleArgs = Field(default_factory=RuleArgs)
    window_days: int = Field(
        90, ge=1, le=730, description="days of queries and outcomes that a quality factor is made of"
    )
    attribution_days: int = Field(
        30,
        ge=1,
        le=365,
        description="days after a list within which clicks and conversions are ascribed to it",
    )
    positions: int = Field(
        50, ge=1, le=2000, description="places with a baseline rate of their own; beyond, the last one's"
    )
    lists_a_day: int = Field(
        5_000,
        ge=1,
        le=1_000_000,
        description="lists of one submitter that count on one day; the same prompt counts once",
    )
    most_lists: int = Field(
        5_000, ge=100, le=10_000_000, description="lists read for one judgement; of more an even sample of prompts is taken"
    )  # fmt: skip
    event_gap_days: float = Field(
        30.0,
        gt=0.0,
        le=365.0,
        description="days without news of a matter after which more of it is another event",
    )
    throttle_share: float = Field(
        0.3, gt=0.0, lt=1.0, description="share of flagged snippets above which (lower bound, 99 %) a supplier is throttled"
    )  # fmt: skip
    repost_share: float = Field(
        0.8, gt=0.0, lt=1.0, description="likewise of snippets that repeat others'; two honest suppliers of one page overlap, too"
    )  # fmt: skip
    throttle_hours: float = Field(
        24.0, gt=0.0, le=720.0, description="hours of a throttle; each judgement renews or lifts it"
    )
    template_share: float = Field(
        0.5,
        gt=0.0,
        le=1.0,
        description="share of runs of words common to a fifth of a supplier's texts above which they are one template",
    )
    template_spread: float = Field(
        0.25,
        ge=0.0,
        le=1.0,
        description="standard deviation of lengths over their mean below which they are uniform",
    )
    template_texts: int = Field(
        30, ge=5, le=1000, description="free texts at least before a template is seen in them"
    )
    template_sample: int = Field(
        200, ge=5, le=10_000, description="newest free texts of a supplier looked at"
    )
    kept_days: int = Field(90, ge=1, le=730, description="days for which the last judgement of each is kept")
