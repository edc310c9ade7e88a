"""What every strategy must keep: deterministic, calm about gaps, no wish before it has history."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from genesis.domain.account import MarketState, Tier
from genesis.domain.events import BarClosed, BookTop, Event
from genesis.domain.orders import Order
from genesis.positions.ledger import Position
from genesis.strategy import Intent, Strategy

SYMBOL = "BTC/USDT"


class FakeView:
    """A view whose answers the test sets."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.tier = Tier.SNIPER
        self.held: Position | None = None
        self.working: tuple[Order, ...] = ()

    def price(self, symbol: str) -> Decimal | None:
        return None

    def top(self, symbol: str) -> BookTop | None:
        return None

    def bars(self, symbol: str, n: int) -> Sequence[BarClosed]:
        return ()

    def state(self, symbol: str) -> MarketState:
        return MarketState.NORMAL

    def position(self, symbol: str) -> Position | None:
        return self.held

    def orders(self, symbol: str) -> Sequence[Order]:
        return self.working


def wishes(strategy: Strategy, events: Sequence[Event], view: FakeView | None = None) -> list:
    """All intents, each with the stamp of its event."""
    view = view or FakeView()
    found: list[tuple[int, Intent]] = []
    for event in events:
        view.now_ns = event.ts_ns
        found += [(event.ts_ns, intent) for intent in strategy.on_event(event, view)]
    return found


def check_contract(make: Callable[[], Strategy], events: Sequence[Event]) -> None:
    strategy = make()
    assert isinstance(strategy, Strategy)
    assert wishes(make(), events) == wishes(make(), events)  # deterministic
    assert wishes(make(), events[:1]) == [] or strategy.bar is None  # respects the warm-up
    wishes(make(), [*events[::7], *events[-3:]])  # gaps raise nothing
    for _, intent in wishes(make(), events):
        assert intent.symbol == SYMBOL
        assert intent.reduces or intent.cancel is not None or intent.why
