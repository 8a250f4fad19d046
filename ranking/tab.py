"""The bill of one query while it is open: what its calls may still cost, and the receipt (F-10)."""

from dataclasses import dataclass

from ranking.answer import Cost
from ranking.money import NOTHING, NanoUsd, usd
from ranking.prices import Usage


@dataclass(slots=True)
class Tab:
    """One query's calls. spent + held never passes `most` unless a call costs more than was held for it."""

    query_id: str
    tenant: str
    most: NanoUsd
    spent: NanoUsd = NOTHING
    held: NanoUsd = NOTHING
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    answered: bool = False
    """The receipt is out: what comes now comes late."""

    @property
    def room(self) -> NanoUsd:
        """What another call may cost at most."""
        return NanoUsd(max(0, self.most - self.spent - self.held))

    def hold(self, amount: NanoUsd) -> bool:
        """Whether a call of at most `amount` may be made; counts as held from then on."""
        if amount > self.room:
            return False
        self.held = NanoUsd(self.held + amount)
        return True

    def charge(self, held: NanoUsd, cost: NanoUsd, usage: Usage, calls: int = 1) -> None:
        """Calls for which `held` was set aside have cost `cost`."""
        self.release(held)
        self.spent = NanoUsd(self.spent + cost)
        self.calls += calls
        self.tokens_in += usage.tokens_in
        self.tokens_out += usage.tokens_out

    def release(self, held: NanoUsd) -> None:
        """A call was not made, or was refused without being charged."""
        self.held = NanoUsd(self.held - held)

    def receipt(self, returned: int, asked: int, pool: int) -> Cost:
        """What the answer says of its cost, and from now on calls are late.

        `pending_usd` is what calls that are still under way may cost at most; the ledger gets what they did cost.

        Args:
            returned: leads in the answer.
            asked: uncached candidates that were sent to the language model, of `pool`.
        """
        self.answered = True
        return Cost(
            total_usd=usd(self.spent),
            per_lead_usd=round(usd(self.spent) / returned, 9) if returned else 0.0,
            llm_calls=self.calls,
            llm_ratio=asked / pool if pool else 0.0,
            tokens_in=self.tokens_in,
            tokens_out=self.tokens_out,
            pending_usd=usd(self.held),
        )
