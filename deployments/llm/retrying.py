"""How long to wait before a failed call is made again, if it may be at all."""

import random

from configs.llm import RetryConfig
from deployments.llm.failure import LlmFailure, retryable


def pause_s(
    failure: LlmFailure, attempt: int, remaining_s: float, config: RetryConfig, rng: random.Random
) -> float | None:
    """Seconds to wait after attempt number `attempt` (from 1) failed; None to give up.

    Full jitter over a doubling bound; never less than the endpoint asked for, and then up to a tenth more, so that all who were
    refused together do not return together. Giving up when no time would be left for the call itself.
    """
    if attempt >= config.attempts or not retryable(failure.kind):
        return None
    bound_s = min(config.most_s, config.base_s * 2.0 ** (attempt - 1))
    pause = rng.uniform(0.0, bound_s)
    if failure.retry_after_s is not None:
        pause = max(pause, failure.retry_after_s * rng.uniform(1.0, 1.1))
    return pause if pause < remaining_s else None
