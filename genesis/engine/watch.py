"""Which prices could touch a limit: lets a driver skip the ticks in between."""

from decimal import Decimal
from typing import TYPE_CHECKING

from genesis.engine.step import NO_WATCH, Watch
from genesis.risk.levels import arming_level, static_levels, trade_level, trailing_falls
from genesis.risk.limits import limits_equity

if TYPE_CHECKING:
    from genesis.engine.state import EngineState
    from genesis.engine.view import EngineView

EVERY_TICK = Watch(every_tick=True)
_TWO = Decimal(2)


def watch(state: "EngineState", view: "EngineView", symbol: str) -> Watch:
    """The levels of one symbol while a position is open, in this symbol or in another one.

    Where equity depends on several prices every tick of those is asked for; of a symbol of which
    nothing is held, only while a loss is being confirmed, which takes marks of any symbol.
    """
    limits, rules = state.limits, state.rules.risk
    if not state.books.books and not limits_equity(limits, rules):
        return NO_WATCH
    drawdown, ledger = state.risk.drawdown, state.ledger
    mark, position = view.mark(symbol), ledger.positions.get(symbol)
    confirming = drawdown.is_confirming or state.books.is_confirming
    held = ledger.holdings(symbol)
    if confirming:
        return EVERY_TICK
    if not held:
        return NO_WATCH
    beside = any(dust.qty for other, dust in ledger.dust.items() if other != symbol)
    if beside or len(ledger.positions) > 1 or position is None or mark is None:
        return EVERY_TICK
    equity = view.equity_usdt

    def price_at(level: Decimal) -> Decimal:
        return mark + (level - equity) / held

    static = static_levels(drawdown, ledger.flows_usdt, limits, rules)
    static += state.books.levels(ledger.flows_usdt)
    trade = trade_level(drawdown, limits)
    if trade is not None:
        result = position.realized_usdt + position.unrealized_usdt(mark)
        static.append(equity + (trade - result) * held / position.qty)
    levels = [price_at(max(static))] if static else []  # the highest level has the highest price
    if levels and levels[0] >= mark:
        return EVERY_TICK
    arming = arming_level(drawdown, ledger.flows_usdt, limits, rules)
    armed_at = None if arming is None else price_at(arming)
    if armed_at is not None and armed_at <= mark:
        return EVERY_TICK  # a book top and the last trade do not agree yet
    falls = trailing_falls(drawdown, limits, rules)
    peak = drawdown.peak_usdt + drawdown.base_usdt + ledger.flows_usdt
    trails = [(peak, min(falls))] if falls else []
    trails += state.books.trails(ledger.flows_usdt)
    aboves = [] if armed_at is None else [armed_at]
    for top, fall in trails:
        # A new peak moves the trailing level. Half of the room below is given to the peak: prices
        # under `above` cannot lift the level over `below`.
        highest = price_at(top)
        room = (mark - (highest - fall / held)) / _TWO
        if room <= 0:
            return EVERY_TICK
        levels.append(mark - room)
        aboves.append(max(highest, mark) + room)
    return Watch(max(levels, default=None), min(aboves, default=None))
