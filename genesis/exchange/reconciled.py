"""What came of comparing our books with the venue's."""

from dataclasses import dataclass
from typing import Final

from genesis.domain.events import Event, OrderEvent
from genesis.exchange.compare import Difference
from genesis.exchange.gateway import VenueOrder, VenueTrade

COMPONENT: Final = "reconciliation"


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What is still to be fed to the engine, in order; the last one is the BalanceReported."""

    events: tuple[Event, ...]
    complaints: tuple[str, ...]
    """What blocks new risk; empty when everything is explained."""
    foreign_orders: tuple[VenueOrder, ...]
    """Orders resting at the venue that this home did not send."""
    differences: tuple[Difference, ...] = ()
    """Assets whose totals no list of the venue explains."""
    trades: tuple[VenueTrade, ...] = ()
    """Trades past us that sold more than our books hold, or of which the venue tells no order."""
    has_asked_flows: bool = False
    told: tuple[OrderEvent, ...] = ()
    """What was told before it, in order, as it was certain."""
    strays: tuple[VenueOrder, ...] = ()
    """Orders of ours that rest at the venue though they ended in our books."""

    @property
    def is_clean(self) -> bool:
        return not self.complaints
