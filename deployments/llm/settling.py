"""What calls have cost, by what became of them."""

from typing import Final

from deployments.llm.completion import Usage as Told
from deployments.llm.failure import LlmFailure
from deployments.llm.treasury import Payment, Treasury
from ranking.errors import DependencyError, LeadError, Overloaded, Unavailable
from ranking.money import NOTHING, NanoUsd
from ranking.prices import Usage

_NOT_SENT: Final = ("no_key", "breaker_open", "breaker_half_open")


def settle(treasury: Treasury, payment: Payment, told: Told) -> NanoUsd:
    """By the vendor's count; a call that was sent and told no usage is taken to have cost all that was held for one."""
    usage = Usage(told.tokens_in, told.tokens_out, min(told.tokens_in_cached, told.tokens_in))
    calls = told.calls + told.unanswered
    if not calls:
        treasury.release(payment)
        return NOTHING
    unanswered = NanoUsd(told.unanswered * payment.hold.amount) if told.unanswered else NOTHING
    return treasury.charge(payment, usage, calls, unanswered)


def usage_of(error: LeadError) -> Told:
    """Nothing where the vendor was surely not asked or refused; a failure that has cost anything is no error of the node."""
    refused = isinstance(error, Overloaded | LlmFailure)
    unsent = isinstance(error, Unavailable) and error.reason in _NOT_SENT
    return Told(unanswered=int(not refused and not unsent))


def reason_of(error: LeadError) -> str:
    """Why there is no answer, as a degradation tells it."""
    if isinstance(error, Overloaded):
        return "overloaded"
    return error.reason if isinstance(error, DependencyError) else "deadline"
