"""One door for wishes: strategies and the operator come to the same desk."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from genesis.domain.account import Tier
from genesis.domain.events import BarClosed, Event, OperatorActed
from genesis.domain.instrument import Instrument
from genesis.domain.money import round_up, text
from genesis.domain.orders import OF_STRATEGY, OrderType, Purpose, Side
from genesis.domain.outcomes import CommandAnswered
from genesis.domain.slicing import Algorithm
from genesis.domain.time import parse_width
from genesis.engine.gate import MARKET_ONLY
from genesis.engine.verdicts import OPERATOR
from genesis.engine.wider_stops import LowestStop
from genesis.execution.draft import Draft
from genesis.execution.held import Closing
from genesis.positions.ledger import Position
from genesis.risk.sizing import STOP_TOO_FAR
from genesis.strategy.base import Intent, Strategy
from genesis.strategy.lineage import tier_needed
from genesis.strategy.rank import urgency
from genesis.strategy.sound import readable

if TYPE_CHECKING:
    from genesis.engine.gate import Gate
    from genesis.engine.state import EngineState
    from genesis.engine.view import EngineView

MANUAL: Final = "manual"
SIGNAL: Final = "signal"
CLOSE_ALL_OF_IT: Final = "`close` sells all of it without one"
EXIT_REASONS: Final = frozenset({SIGNAL, "target"})
_ALGORITHMS: Final = {algorithm.value: algorithm for algorithm in Algorithm}
_TYPES: Final = {
    "market": OrderType.MARKET,
    "limit": OrderType.LIMIT,
    **dict.fromkeys(_ALGORITHMS, OrderType.LIMIT),
}


class Desk:
    """Collects intents and puts them into the gate's form."""

    def __init__(
        self, state: "EngineState", view: "EngineView", gate: "Gate", strategies: Sequence[Strategy]
    ) -> None:
        self._state = state
        self._view = view
        self._forbids = gate.forbids
        self._lowest_stop = gate.lowest_stop
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

    def swap(self, new: Strategy) -> None:
        """From now on this one instead of the one of its name."""
        kept = [new if strategy.name == new.name else strategy for strategy in self.strategies]
        self.strategies = tuple(kept)
        self._needed = {
            id(one): self._needed.get(id(one)) or tier_needed(one) for one in self.strategies
        }
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
                known = readable(intents, strategy.name, event)
                wishes += [(intent, strategy) for intent in known]
        if not wishes:
            return ()
        if len(wishes) > 1:
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
            qty=_sellable(instrument, intent.qty) if intent.reduces else intent.qty,
            limit_price=_on_grid(instrument, intent.price),
            post_only=intent.post_only,
            stop_plan=_on_grid(instrument, intent.stop),
            cancel=intent.cancel,
            source=OF_STRATEGY + strategy.name,
            strategy=strategy.name,
            strategy_tier=self._tier_of(strategy),
            why=_exit_reason(intent.why) if intent.reduces else intent.why,
            algorithm=_ALGORITHMS.get(intent.type),
            over_ns=intent.over_ns,
        )

    def _tier_of(self, strategy: Strategy) -> Tier:
        then, now = self._needed[id(strategy)], tier_needed(strategy)
        return now if now.rank > then.rank else then

    # -- the operator ------------------------------------------------------------------------
    def operator(self, event: OperatorActed) -> Draft | CommandAnswered | None:
        """What the operator asks for: a wish for the gate, or the answer where none is needed."""
        return self._trade(event) if event.verb == "trade" else self._act(event)

    def as_scored(self, event: OperatorActed) -> OperatorActed:
        """The act as it is scored: a stop that is refused is asked for, not moved.

        One that is refused only because asking for it paused trading counts as what it was.
        """
        behaviour = self._state.rules.tilt.behaviour
        if event.verb != "stop" or behaviour is None or not behaviour.moved_only:
            return event
        refused = self._refused_stop(event)
        return event if refused is None else replace(event, stop_old=None, reason=refused[1])

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
            algorithm=_ALGORITHMS.get(event.algorithm or ""),
            over_ns=event.over_ns,
        )

    def _sell(self, event: OperatorActed) -> CommandAnswered:
        assert event.symbol is not None
        position = self._view.position(event.symbol)
        if position is None:
            return _answer(event, False, f"there is no open position in {event.symbol}")
        if event.order_type is OrderType.LIMIT:
            return _answer(event, False, MARKET_ONLY)
        qty, price = event.qty, self._view.price(event.symbol)
        if event.share is not None:
            qty = position.qty * event.share
        elif qty is None and event.amount_usdt is not None:
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
        stop = self._state.execution.protector.stops.get(event.symbol)
        told = _selling(qty, position, instrument, min(filter(None, (price, stop)), default=None))
        return _answer(event, True, f"selling {told}")

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
                way_out = self._state.tiers.way_out
                told = f"trading is halted and positions keep their stops; {way_out}"
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
        """Would selling all of it now, through the book as it is known, cost more than allowed?

        Under rules that know nothing of slices: is the bid that much below the mark?
        """
        position, mark = self._view.position(symbol), self._view.mark(symbol)
        if most is None or position is None or mark is None:
            return False
        if self._state.execution.parents.rules is None:
            top = self._view.top(symbol)
            return top is not None and (mark - top.bid) / mark > most
        walked = self._view.walk(symbol, Side.SELL, position.qty)
        return walked is not None and (mark - walked) / mark > most

    def _close(self, symbol: str, event: OperatorActed, qty: Decimal | None) -> None:
        self._state.execution.close(symbol, Closing(MANUAL, OPERATOR, event.client_ref, qty))

    def _move_stop(self, event: OperatorActed) -> CommandAnswered:
        """Move a stop: tighter always, wider only where and as far as new risk is allowed."""
        refused = self._refused_stop(event)
        if refused is not None:
            return _answer(event, False, refused[0])
        assert event.symbol is not None and event.stop_new is not None
        price = _on_grid(self._view.instrument(event.symbol), event.stop_new)
        assert price is not None
        self._state.execution.move_stop(event.symbol, price)
        return _answer(event, True, f"the stop of {event.symbol} moves to {text(price)}")

    def _refused_stop(self, event: OperatorActed) -> tuple[str, str | None] | None:
        """Why a stop is not moved, and the code where the gate says so; None: it is moved."""
        if event.symbol is None or event.stop_new is None:
            return "name a symbol and a price", None
        position = self._view.position(event.symbol)
        instrument = self._view.instrument(event.symbol)
        if position is None or instrument is None:
            return f"there is no open position in {event.symbol}", None
        price, last = instrument.fit_price(event.stop_new), self._view.fresh_price(event.symbol)
        if self._state.rules.execution.stops_below and last is not None and price >= last:
            return _too_high(event.symbol, price, last), None
        old = self._state.execution.protector.stops.get(event.symbol)
        if old is not None and price < old:
            forbidden = self._forbids(event.symbol)
            if forbidden:
                why = forbidden[0]
                return f"only a tighter stop is possible now: {why.reason}", why.code
            lowest = self._lowest_stop(position)
            if lowest is not None and price < lowest.price:
                return _too_low(price, old, lowest, instrument), STOP_TOO_FAR
        if instrument.fit_qty(position.qty) * price < instrument.min_notional_usdt:
            return f"a stop at {text(price)} would be too small to be sold", None
        return None


def _selling(
    qty: Decimal | None, position: Position, instrument: Instrument | None, least: Decimal | None
) -> str:
    """What a close sells in the end, as execution does it.

    least: the lowest price at which what stays should still be sold: at its stop.
    """
    symbol = position.symbol
    if qty is None or instrument is None:
        return f"all {symbol}"
    rest = instrument.fit_qty(position.qty, market=True) - qty
    if rest <= 0:
        return f"all {symbol}"
    if least is not None and rest * least < instrument.min_notional_usdt:
        return f"all {symbol}: the {text(rest)} left would be too little to be sold later"
    return f"{text(qty)} {symbol}"


def _too_high(symbol: str, price: Decimal, last: Decimal) -> str:
    return (
        f"a stop lies below the price, which is {text(last)} now: at {text(price)} it would sell "
        f"at once; to sell now: close {symbol}"
    )


def _too_low(price: Decimal, old: Decimal, lowest: LowestStop, instrument: Instrument) -> str:
    least = round_up(lowest.price, instrument.price_tick)
    told = f"at {text(price)} more could be lost than {lowest.told}"
    if least >= old:
        return f"only a tighter stop is possible now: {told}"
    return f"{told}; the lowest stop possible now is {text(least)}"


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


def _sellable(instrument: Instrument | None, qty: Decimal | None) -> Decimal | None:
    """The part of a position that is to be sold, on the grid; entries are fitted by sizing."""
    return qty if qty is None or instrument is None else instrument.fit_qty(qty, market=True)


def widths_of(strategies: Iterable[Strategy]) -> tuple[int, ...]:
    """Bar widths the strategies want, in nanoseconds, smallest first."""
    return tuple(sorted({parse_width(s.bar) for s in strategies if s.bar}))
