"""What every strategy must keep: deterministic, calm about gaps, no wish before it has history."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import groupby, permutations

from genesis.domain.account import MarketState, Tier
from genesis.domain.events import BarClosed, BookTop, Event
from genesis.domain.orders import Order, Side
from genesis.positions.ledger import Position
from genesis.strategy import Intent, Strategy

SYMBOL = "BTC/USDT"


class FakeView:
    """A view whose answers the test sets."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.tier = Tier.SNIPER
        self.held: Position | None = None
        """In every symbol; else what `holding` has of it."""
        self.holding: dict[str, Position] = {}
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
        return self.held or self.holding.get(symbol)

    def orders(self, symbol: str) -> Sequence[Order]:
        return self.working

    def fill(self, intent: Intent, price: Decimal) -> None:
        """What a market order of it would lead to, at once and in full."""
        if intent.reduces:
            self.holding.pop(intent.symbol, None)
        elif intent.cancel is None:
            one, symbol = Decimal(1), intent.symbol
            self.holding[symbol] = Position(symbol, one, price, self.now_ns, one, price)


def wishes(strategy: Strategy, events: Sequence[Event], view: FakeView | None = None) -> list:
    """All intents, each with the stamp of its event."""
    view = view or FakeView()
    found: list[tuple[int, Intent]] = []
    for event in events:
        view.now_ns = event.ts_ns
        found += [(event.ts_ns, intent) for intent in strategy.on_event(event, view)]
    return found


def course(strategy: Strategy, bars: Sequence[BarClosed]) -> list[tuple[int, Side, str]]:
    """What it does on bars that are filled at their close: (moment, side, symbol).

    A moment is a width: the first bar closes at 1.
    """
    view, done, closes = FakeView(), [], {}
    for bar in bars:
        view.now_ns, closes[bar.symbol] = bar.ts_ns, bar.close
        for intent in strategy.on_event(bar, view):
            view.fill(intent, closes[intent.symbol])
            done.append((bar.ts_ns // bar.width_ns, intent.side, intent.symbol))
    return done


def check_contract(
    make: Callable[[], Strategy],
    events: Sequence[Event],
    symbols: Sequence[str] = (SYMBOL,),
    *,
    has_stops: bool = False,
) -> None:
    """symbols: what it may trade. has_stops: its entries say where they are left."""
    strategy, found = make(), wishes(make(), events)
    assert isinstance(strategy, Strategy)
    assert found == wishes(make(), events)  # deterministic
    assert wishes(make(), events[:1]) == [] or strategy.bar is None  # respects the warm-up
    wishes(make(), [*events[::7], *events[-3:]])  # gaps raise nothing
    for _, intent in found:
        assert intent.symbol in symbols
        assert intent.reduces or intent.cancel is not None or intent.why
        is_entry = not intent.reduces and intent.cancel is None
        assert not (has_stops and is_entry) or (intent.stop is not None and intent.stop > 0)
    if has_stops:
        assert found, "nothing was wished: the events prove nothing"


def check_together(make: Callable[[], Strategy], events: Sequence[Event]) -> None:
    """Of several symbols: the order within a moment is nothing, and one symbol alone is silent."""
    moments = [list(found) for _, found in groupby(events, key=lambda event: event.ts_ns)]
    told = wishes(make(), events)
    assert told, "nothing was wished: the events prove nothing"
    orders = [list(permutations(moment)) for moment in moments]
    for turn in range(1, 6):
        mixed = [event for found in orders for event in found[turn % len(found)]]
        assert wishes(make(), mixed) == told
    for symbol in {event.symbol for event in events}:
        assert wishes(make(), [event for event in events if event.symbol == symbol]) == []
