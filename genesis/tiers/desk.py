"""The tier machine as the engine holds it: facts in, changes out. There is no setter."""

from decimal import Decimal

from genesis.domain.account import Tier, TierMode
from genesis.domain.events import AccountOpened
from genesis.domain.outcomes import AlertRaised, Halted, TierChanged
from genesis.tiers.checks import multiplier
from genesis.tiers.machine import (
    DailyLossExceeded,
    HaltReached,
    TierEvent,
    TierState,
    decide,
    evolve,
)
from genesis.tiers.rules import TierTable


class TierDesk:
    """Folds facts into the tier of one account."""

    def __init__(self, table: TierTable) -> None:
        self._table = table
        self._state: TierState | None = None

    @property
    def state(self) -> TierState:
        """The tier and mode. Before the account is opened nothing may be traded."""
        return self._state or TierState(Tier.SNIPER, TierMode.HALTED, 0)

    def opened(self, event: AccountOpened) -> tuple[TierChanged, ...]:
        return self._take(event)

    def daily_loss(
        self, fact: AlertRaised, capital_usdt: Decimal | None = None
    ) -> tuple[TierChanged, ...]:
        """A confirmed daily loss. `capital_usdt`: see `DailyLossExceeded`."""
        return self._take(DailyLossExceeded(fact.ts_ns, capital_usdt))

    def halted(self, fact: Halted) -> tuple[TierChanged, ...]:
        return self._take(HaltReached(fact.ts_ns, fact.reason))

    def multiplier(self) -> tuple[Decimal, Decimal | None]:
        """What the mode does to sizes: a multiplier in [0, 1], and an absolute cap in quote."""
        return multiplier(self.state, self._table)

    def set_rules(self, table: TierTable) -> None:
        """A new run begins under these rules; the tier stays what the facts made it."""
        self._table = table

    def _take(self, event: TierEvent) -> tuple[TierChanged, ...]:
        changes = decide(self._state, event, self._table)
        for change in changes:
            self._state = evolve(self._state, change, self._table)
        return changes
