"""Money as whole nano-dollars: adding never rounds, and every price per token is a whole number of them."""

from decimal import Decimal
from typing import Final, NewType

NanoUsd = NewType("NanoUsd", int)
"""1e-9 US dollars. A token of a cheap model costs 75; a million dollars still fit 63 bits nine thousand times."""

NOTHING: Final = NanoUsd(0)
_PER_USD: Final = 1_000_000_000


def nanousd(usd: float | Decimal) -> NanoUsd:
    """The nearest amount to so many dollars; raises ValueError when it is no number."""
    amount = Decimal(repr(usd)) if isinstance(usd, float) else Decimal(usd)
    if not amount.is_finite():
        raise ValueError(f"{usd} is no amount of money")
    return NanoUsd(int((amount * _PER_USD).to_integral_value()))


def usd(amount: NanoUsd) -> float:
    """Dollars for answers and metrics; the nearest double."""
    return amount / _PER_USD


def decimal_usd(amount: NanoUsd) -> Decimal:
    """Dollars without loss, as the ledger keeps them."""
    return Decimal(amount).scaleb(-9)
