"""One door for wishes: strategies and the operator come to the same desk."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from genesis.domain.account import Tier
from genesis.domain.events import BarClosed, Event, OperatorActed
from genesis.domain.instrument import Instrument
from genesis.domain.money import text
from genesis.domain.orders import OF_STRATEGY, OrderType, Purpose, Side
from genesis.domain.outcomes import CommandAnswered
from genesis.domain.time import parse_width
from genesis.engine.discipline import OPERATOR
from genesis.engine.gate import MARKET_ONLY
from genesis.execution.draft import Draft
from genesis.execution.market_sniper import Closing
from genesis.strategy.base import Intent, Strategy
from genesis.strategy.lineage import tier_needed
from genesis.strategy.rank import urgency

if TYPE_CHECKING:
    from genesis.engine.gate import Gate
    from genesis.engine.state import EngineState
    from genesis.engine.view import EngineView

MANUAL: Final = "manual"
SIGNAL: Final = "signal"
CLOSE_ALL_OF_IT: Final = "`close` sells all of it without one"
EXIT_REASONS: Final = frozenset({SIGNAL, "target"})
_TYPES: Final = {"market": OrderType.MARKET, "limit": OrderType.LIMIT}


class Desk:
    """Collects intents and puts them into the gate's form."""

    def __init__(
        self, state: "EngineState", view: "EngineView", gate: "Gate", strategies: Sequence[Strategy]
    ) -> None:
        self._state = state
        self._view = view
        self._forbids = gate.forbids
        self.strategies = tuple(strategies)
        self._needed = {id(strategy): tier_needed(strategy) for strategy in self.strategies}
        """What each needed when it came: a strategy does not become another one later."""
        self._wanting: dict[type, tuple[tuple[Strategy, int | None], ...]] = {}
        """Who is called for which kind of event; of bars, for those of which width."""

    def set_strategies(self, strategies: Sequence[Strategy]) -> None:
        """These from now on; one of the same name stays the object it was."""
        known = {strategy.name: strategy for strategy in self.strategies}
        before, needed = self.strategies, self._needed
        self.strategies = tuple(known.get(strategy.name, strategy) for strategy in strategies)
        kept = {id(strategy): needed[id(strategy)] for strategy in before}
        self._needed = {id(one): kept.get(id(one)) or tier_needed(one) for one in self.strategies}
        self._wanting.clear()

    def wishes(self, kind: type, event: Event) -> Sequence[Draft]:
        """What strategies wish for after this event (of this `kind`)."""
        wanting = self._wanting.get(kind)
        if wanting is None:
            wanting = self._wanting[kind] = self._who_wants(kind)
        if not wanting:
            return ()
        wishes: list[tuple[Intent, Strategy]] = []
        for strategy, width in wanting:
            if width is not None and isinstance(event, BarClosed) and event.width_ns != width:
                continue
            intents = strategy.on_event(event, self._view)
            if intents:
                wishes += [(intent, strategy) for intent in intents]
        if not wishes:
            return ()
        wishes.sort(key=lambda wish: urgency(wish[0]))  # stable: equals keep their order
        return [self._draft(intent, strategy) for intent, strategy in wishes]

    def _who_wants(self, kind: type) -> tuple[tuple[Strategy, int | None], ...]:
        is_bar = kind is BarClosed
        return tuple(
            (s, parse_width(s.bar) if is_bar and s.bar else None)
            for s in self.strategies
            if kind in s.wants
        )

    def _draft(self, intent: Intent, strategy: Strategy) -> Draft:
        instrument = self._view.instrument(intent.symbol)
        return Draft(
            intent.symbol,
            intent.side,
            _TYPES[intent.type],
            Purpose.EXIT if intent.reduces else Purpose.ENTRY,
            qty=intent.qty,
            limit_price=_on_grid(instrument, intent.price),
            post_only=intent.post_only,
            stop_plan=_on_grid(instrument, intent.stop),
            cancel=intent.cancel,
            source=OF_STRATEGY + strategy.name,
            strategy=strategy.name,
            strategy_tier=self._tier_of(strategy),
            why=_exit_reason(intent.why) if intent.reduces else intent.why,
        )

    def _tier_of(self, strategy: Strategy) -> Tier:
        return max(self._needed[id(strategy)], tier_needed(strategy), key=lambda tier: tier.rank)

    # -- the operator ------------------------------------------------------------------------
    def operator(self, event: OperatorActed) -> Draft | CommandAnswered | None:
        """What the operator asks for: a wish for the gate, or the answer where none is needed."""
        return self._trade(event) if event.verb == "trade" else self._act(event)

    def _trade(self, event: OperatorActed) -> Draft | CommandAnswered:
        assert event.symbol is not None
        if event.side is Side.SELL:
            return self._sell(event)
        instrument = self._view.instrument(event.symbol)
        return Draft(
            event.symbol,
            Side.BUY,
            event.order_type or OrderType.MARKET,
            Purpose.ENTRY,
            qty=event.qty,
            amount_usdt=event.amount_usdt,
            limit_price=_on_grid(instrument, event.price),
            stop_plan=_on_grid(instrument, event.stop_new),
            source=OPERATOR,
            client_ref=event.client_ref,
            why=event.reason or "",
        )

    def _sell(self, event: OperatorActed) -> CommandAnswered:
        assert event.symbol is not None
        position = self._view.position(event.symbol)
        if position is None:
            return _answer(event, False, f"there is no open position in {event.symbol}")
        if event.order_type is OrderType.LIMIT:
            return _answer(event, False, MARKET_ONLY)
        qty, price = event.qty, self._view.price(event.symbol)
        if qty is None and event.amount_usdt is not None:
            if price is None:
                return _answer(event, False, f"{event.symbol} has no price yet; {CLOSE_ALL_OF_IT}")
            qty = event.amount_usdt / price
        instrument = self._view.instrument(event.symbol)
        if qty is not None and instrument is not None:
            qty = instrument.fit_qty(qty, market=True)
            least = instrument.min_notional_usdt
            if qty <= 0 or (price is not None and qty * price < least):
                told = f"the venue takes no order below {text(least)} USDT; the stop stays"
                return _answer(event, False, told)
        self._close(event.symbol, event, qty)
        return _answer(event, True, f"selling {'all' if qty is None else text(qty)} {event.symbol}")

    def _act(self, event: OperatorActed) -> CommandAnswered | None:
        match event.verb:
            case "close":
                return self._sell(event)
            case "close_all":
                return self._close_all(event)
            case "cancel_all":
                count = self._state.execution.cancel_entries()
                return _answer(event, True, f"{_orders(count)}; stops stay")
            case "stop":
                return self._move_stop(event)
            case "halt":
                told = "trading is halted for this home; positions keep their stops"
                return _answer(event, True, told)
        return None

    def _close_all(self, event: OperatorActed) -> CommandAnswered:
        scores = self._view.priority_scores
        symbols = sorted(scores, key=lambda symbol: (-scores[symbol], symbol))
        too_wide = [s for s in symbols if self._slips(s, event.max_slippage_fraction)]
        for symbol in symbols:
            if symbol not in too_wide:
                self._close(symbol, event, None)
        self._state.execution.cancel_entries()
        count = len(symbols) - len(too_wide)
        told = f"closing {count} position{'s' if count != 1 else ''}" if symbols else "flat already"
        if too_wide:
            told += f"; left open, the book is thinner than allowed: {', '.join(too_wide)}"
        return _answer(event, not too_wide, told)

    def _slips(self, symbol: str, most: Decimal | None) -> bool:
        """Is the bid further below the mark than allowed?"""
        top, mark = self._view.top(symbol), self._view.mark(symbol)
        if most is None or top is None or mark is None:
            return False
        return (mark - top.bid) / mark > most

    def _close(self, symbol: str, event: OperatorActed, qty: Decimal | None) -> None:
        self._state.execution.close(symbol, Closing(MANUAL, OPERATOR, event.client_ref, qty))

    def _move_stop(self, event: OperatorActed) -> CommandAnswered:
        """Move a stop: tighter always, wider only when new risk would be allowed."""
        if event.symbol is None or event.stop_new is None:
            return _answer(event, False, "name a symbol and a price")
        position = self._view.position(event.symbol)
        instrument = self._view.instrument(event.symbol)
        if position is None or instrument is None:
            return _answer(event, False, f"there is no open position in {event.symbol}")
        price = instrument.fit_price(event.stop_new)
        old = self._state.execution.protector.stops.get(event.symbol)
        if old is not None and price < old:
            forbidden = self._forbids(event.symbol)
            if forbidden:
                why = forbidden[0].reason
                return _answer(event, False, f"only a tighter stop is possible now: {why}")
        if instrument.fit_qty(position.qty) * price < instrument.min_notional_usdt:
            return _answer(event, False, f"a stop at {text(price)} would be too small to be sold")
        self._state.execution.move_stop(event.symbol, price)
        return _answer(event, True, f"the stop of {event.symbol} moves to {text(price)}")


def _exit_reason(why: str) -> str:
    """Reasons of closed trades are few words; a strategy may name its target."""
    return why if why in EXIT_REASONS else SIGNAL


def _orders(count: int) -> str:
    if not count:
        return "there is no entry order to cancel"
    return f"{count} entry order{'s are' if count > 1 else ' is'} being cancelled"


def _answer(event: OperatorActed, accepted: bool, told: str) -> CommandAnswered:
    return CommandAnswered(event.ts_ns, event.client_ref, event.verb, accepted, told)


def _on_grid(instrument: Instrument | None, price: Decimal | None) -> Decimal | None:
    return price if price is None or instrument is None else instrument.fit_price(price)


def widths_of(strategies: Iterable[Strategy]) -> tuple[int, ...]:
    """Bar widths the strategies want, in nanoseconds, smallest first."""
    return tuple(sorted({parse_width(s.bar) for s in strategies if s.bar}))
