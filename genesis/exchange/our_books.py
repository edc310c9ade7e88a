"""What we believe of the account, taken at one moment to be compared with the venue. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from genesis.domain.money import ZERO
from genesis.domain.orders import Order, OrderStatus
from genesis.exchange.flows import Told

_UNANSWERED: Final = (OrderStatus.PENDING, OrderStatus.UNRESOLVED)


@dataclass(frozen=True, slots=True)
class WorkingOrder:
    """An order of ours that has not ended, as far as we know, with the id it was sent under.

    filled_qty: what of it had been filled when the books were taken.
    """

    order: Order
    wire_id: str
    filled_qty: Decimal = ZERO

    @property
    def is_unanswered(self) -> bool:
        return self.order.status in _UNANSWERED


@dataclass(frozen=True, slots=True)
class Books:
    """What we believe, taken at one moment: taken again for every look.

    symbols: everything traded on this account.
    ledger: total per asset (free and locked), without what is ring-fenced.
    last_trade_ids: largest venue trade id known per symbol; a symbol without fills is absent.
    known_trades: (symbol, trade id) of every fill the ledger has taken.
    opened_ns: when the account was opened; trades and flows before it are no affair of ours. None:
        only trades after the last known one are asked for, and no flows.
    status_of: how the order that left under this wire id stands now; None where none of this home
        did: another home of the same account counts its orders alike.
    ring_fenced: coins that are not traded with, per asset.
    run: of this process. Its own orders that nobody answered for are left to the calls that are
        still under way.
    sent_by_ns: the latest venue time at which an order of an earlier process can have been signed:
        where nobody answered for one, what the venue does not know becomes NEVER_PLACED. None: all
        of them are left to calls.
    watched: orders that were given up as NEVER_PLACED, asked for again.
    told_flows: how much of every flow the log has told.
    quote: the account's currency.
    """

    symbols: tuple[str, ...]
    working: tuple[WorkingOrder, ...]
    ledger: Mapping[str, Decimal]
    last_trade_ids: Mapping[str, int]
    status_of: Callable[[str], OrderStatus | None]
    known_trades: frozenset[tuple[str, int]] = frozenset()
    opened_ns: int | None = None
    ring_fenced: Mapping[str, Decimal] = field(default_factory=dict)
    sent_by_ns: int | None = None
    watched: tuple[WorkingOrder, ...] = ()
    told_flows: Told = field(default_factory=dict)
    quote: str = "USDT"
    run: int | None = None

    @property
    def unsettled(self) -> tuple[WorkingOrder, ...]:
        """Orders of an earlier process of which it is not known whether they were placed."""
        if self.sent_by_ns is None:
            return ()
        unanswered = (ours for ours in self.working if ours.is_unanswered)
        return tuple(ours for ours in unanswered if ours.order.key.run != self.run)
