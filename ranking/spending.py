"""How much money the language model may cost, and how replicas come by it (F-10)."""

from pydantic import Field, model_validator

from ranking.money import NanoUsd, nanousd
from ranking.prices import PriceList
from ranking.strict import Strict


class SpendingConfig(Strict):
    """Budgets, leases and prices."""

    per_lead_usd: float = Field(
        0.002,
        ge=0.0,
        le=10.0,
        description="USD; a query may cost K times this unless it says `max_cost_usd` (F-10)",
    )
    tenant_daily_usd: float = Field(
        20.0,
        ge=0.0,
        le=1e6,
        description="USD per tenant and UTC day, where `tenants.daily_budget_usd` says nothing (F-10)",
    )
    global_daily_usd: float = Field(
        100.0, ge=0.0, le=1e6, description="USD per UTC day, all tenants together (F-10)"
    )
    chunk_usd: float = Field(
        0.25, gt=0.0, le=1000.0, description="USD a replica leases at a time, per tenant"
    )
    low_share: float = Field(
        0.5, ge=0.0, le=1.0, description="share of a chunk below which the next one is leased"
    )
    lease_s: float = Field(60.0, ge=5.0, le=3600.0, description="seconds a lease lives without renewal")
    grace_s: float = Field(
        30.0,
        ge=0.0,
        le=3600.0,
        description="seconds after its lease has ended in which a replica may still book calls before the rest counts as lost",
    )
    flush_s: float = Field(1.0, gt=0.0, le=10.0, description="seconds between writes to the ledger")
    reclaim_s: float = Field(
        30.0, gt=0.0, le=3600.0, description="seconds between looks for leases of dead replicas"
    )
    refused_pause_s: float = Field(
        5.0, ge=0.0, le=600.0, description="seconds until a budget that refused money is asked again"
    )
    most_unbooked: int = Field(
        10_000,
        ge=1,
        le=1_000_000,
        description="calls waiting to be booked per replica; no call is made beyond",
    )
    most_tenants: int = Field(
        1000, ge=1, le=100_000, description="tenants with money in a replica; calls of others wait for room"
    )
    prices: PriceList = Field(default_factory=PriceList, description="what calls cost (F-10)")

    @model_validator(mode="after")
    def _in_time(self) -> "SpendingConfig":
        if self.lease_s < 4.0 * self.flush_s:
            raise ValueError(
                "lease_s must be at least four times flush_s, or leases end before they are renewed"
            )
        return self

    def query_limit(self, limit: int, max_cost_usd: float | None) -> NanoUsd:
        """What a query for `limit` leads may cost: what it says itself, else K times the price of a lead."""
        return nanousd(self.per_lead_usd * limit if max_cost_usd is None else max_cost_usd)
