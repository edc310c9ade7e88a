"""The trades of a day, who made them, and what their orders got for the price they decided on."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from genesis.domain.events import OrderFilled
from genesis.domain.fills import Fill
from genesis.domain.ids import EXTERNAL_RUN, OrderKey
from genesis.domain.money import BPS, ZERO
from genesis.domain.orders import OF_STRATEGY, OrderRequest, OrderType, Purpose, Side
from genesis.domain.outcomes import OrderApproved, PositionClosed, PositionOpened, TiltLevelChanged
from genesis.domain.slicing import ParentStarted
from genesis.domain.time import MILLISECOND, SECOND
from genesis.research.day_equity import Book
from genesis.research.day_frames import frame, utc
from genesis.research.day_log import DayLog, DayStep
from genesis.research.day_market import DayMarket

TRADE_COLUMNS: Final = (
    *("opened", "closed", "symbol", "who", "entry", "exit", "qty", "fees_usdt", "pnl_usdt"),
    *("r", "mae_r", "mfe_r", "mae_usdt", "mfe_usdt", "risk_usdt", "reason", "hold_s", "level"),
)
RECEIPT_COLUMNS: Final = (
    *("order", "approved", "symbol", "side", "type", "purpose", "who", "qty", "filled_qty"),
    *("decision_price", "fill_price", "slippage_bps", "wait_ms", "fee", "fee_asset"),
)
OPEN_COLUMNS: Final = ("symbol", "qty", "cost_usdt", "mark", "value_usdt", "result_usdt")
OUTSIDE: Final = "outside"
THE_STOP: Final = "the stop"
_NAMES: Final = {"operator": "you", "protection": THE_STOP}


def who(source: str) -> str:
    """The one behind an order: you, your stop, or a strategy by name."""
    return _NAMES.get(source, source.removeprefix(OF_STRATEGY))


def approvals(log: DayLog) -> dict[OrderKey, OrderApproved]:
    """Approved orders by key: those of the day, and the newest before it."""
    known = {told.key: told for told in log.before.approvals}
    return known | {told.key: told for _, told in log.outcomes(OrderApproved)}


def trades_frame(log: DayLog) -> pd.DataFrame:
    """One row per trade closed on the day. R: over what the first stop risked (none without it)."""
    rows = [_trade(log, opener, trade) for opener, trade in _closed(log)]
    return frame(rows, TRADE_COLUMNS)


def _closed(log: DayLog) -> Iterator[tuple[str, PositionClosed]]:
    """Closed trades with who opened them."""
    known = approvals(log)
    openers: dict[str, str] = {}
    for step in (*log.before.moved, *log.steps):
        for told in step.outcomes:
            if isinstance(told, PositionOpened):
                openers[told.symbol] = _opener(step, known)
            elif isinstance(told, PositionClosed) and step.ts_ns >= log.first_ns:
                yield openers.pop(told.symbol, ""), told


def _opener(step: DayStep, known: dict[OrderKey, OrderApproved]) -> str:
    if not isinstance(step.event, OrderFilled):
        return ""
    if step.event.key.run == EXTERNAL_RUN:
        return OUTSIDE
    approved = known.get(step.event.key)
    return "" if approved is None else who(approved.request.source)


def _trade(log: DayLog, opener: str, trade: PositionClosed) -> tuple[Any, ...]:
    risk = trade.risk_usdt

    def in_r(amount: Decimal) -> float:
        return float(amount / risk) if risk else float("nan")

    return (
        utc(trade.opened_ns),
        utc(trade.ts_ns),
        trade.symbol,
        opener,
        float(trade.entry_price),
        float(trade.exit_price),
        float(trade.qty),
        float(trade.fees_usdt),
        float(trade.pnl_usdt),
        in_r(trade.pnl_usdt),
        in_r(trade.mae_usdt),
        in_r(trade.mfe_usdt),
        float(trade.mae_usdt),
        float(trade.mfe_usdt),
        float(risk),
        trade.reason,
        (trade.ts_ns - trade.opened_ns) / SECOND,
        level_at(log, trade.opened_ns),
    )


def level_at(log: DayLog, ts_ns: int) -> str:
    """Tilt level at a moment of the day, or as the day began."""
    before = log.before.newest["TiltLevelChanged"]
    level = "NORMAL" if before is None else str(before.new)
    for step, changed in log.outcomes(TiltLevelChanged):
        if step.ts_ns > ts_ns:
            break
        level = str(changed.new)
    return level


def open_frame(book: Book, market: DayMarket) -> pd.DataFrame:
    """What was held when the day ended."""
    end, last = book.states[-1], len(market.moments_ns) - 1
    rows = []
    for symbol in sorted(end.open):
        qty, cost = end.held[symbol]
        mark = market.mark(last, symbol)
        value = cost if mark is None else qty * mark
        told = float("nan") if mark is None else float(mark)
        rows.append((symbol, float(qty), float(cost), told, float(value), float(value - cost)))
    return frame(rows, OPEN_COLUMNS)


# -- receipts --------------------------------------------------------------------------------
def receipts_frame(log: DayLog, market: DayMarket) -> pd.DataFrame:
    """One row per order filled on the day.

    decision_price: the market's middle when the gate approved a market order or a slice, the limit
    or the stop of the others. slippage_bps: how much worse the fill was. wait_ms: wall time from
    the approval to the first fill, of market orders.
    """
    decided = {told.key: (step, told) for step, told in log.outcomes(OrderApproved)}
    fills: dict[OrderKey, list[tuple[int, Fill]]] = {}
    for step, event in log.events(OrderFilled):
        fills.setdefault(event.key, []).append((step.logged_ns, event.fill))
    sliced = {told.key[:2] for _, told in log.outcomes(ParentStarted)}
    rows = [
        _receipt(*decided[key], made, market, is_slice=key[:2] in sliced)
        for key, made in fills.items()
        if key in decided
    ]
    return frame(rows, RECEIPT_COLUMNS)


def _receipt(
    step: DayStep,
    told: OrderApproved,
    made: list[tuple[int, Fill]],
    market: DayMarket,
    *,
    is_slice: bool,
) -> tuple[Any, ...]:
    request = told.request
    fills = list({fill.trade_id: fill for _, fill in made}.values())
    qty = sum((fill.qty for fill in fills), ZERO)
    price = sum((fill.qty * fill.price for fill in fills), ZERO) / qty
    decision = (
        market.mark_at(step, request.symbol) if is_slice else _decision(request, step, market)
    )
    worse = None if decision is None else (price - decision) / decision * BPS
    if worse is not None and request.side is Side.SELL:
        worse = -worse
    is_market = request.type is OrderType.MARKET
    return (
        str(told.key),
        utc(step.ts_ns),
        request.symbol,
        request.side.value,
        request.type.value,
        request.purpose.value,
        who(request.source) if request.purpose is not Purpose.PROTECT else THE_STOP,
        float(request.qty),
        float(qty),
        float("nan") if decision is None else float(decision),
        float(price),
        float("nan") if worse is None else float(worse),
        (made[0][0] - step.logged_ns) / MILLISECOND if is_market else float("nan"),
        float(sum((fill.fee for fill in fills), ZERO)),
        fills[0].fee_asset,
    )


def _decision(request: OrderRequest, step: DayStep, market: DayMarket) -> Decimal | None:
    if request.type is OrderType.LIMIT:
        return request.limit_price
    if request.type is OrderType.STOP_LOSS:
        return request.stop_price
    return market.mark_at(step, request.symbol)
