"""Tables from what a run decided. Money in tables for statistics is float64; `.fills` is exact."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

import pandas as pd

from genesis.domain.events import OrderFilled
from genesis.domain.orders import Order, Side
from genesis.domain.outcomes import OrderRefused, PositionClosed
from genesis.engine.step import Step
from genesis.positions.ledger import Position

TRADE_COLUMNS: Final = (
    *("entry_ts_ns", "exit_ts_ns", "entry_price", "exit_price", "qty", "fee", "pnl", "reason"),
    *("mae", "mfe", "r", "symbol"),
)
_TIMES: Final = ("entry_ts_ns", "exit_ts_ns", "ts_ns", "until_ns")
_TEXTS: Final = ("reason", "symbol", "side", "source", "stage", "code", "type", "purpose", "status")


def closed(steps: Iterable[Step]) -> list[tuple[int, PositionClosed]]:
    """Closed trades with the stamp of the fill that closed them, in order."""
    found: list[tuple[int, PositionClosed]] = []
    last_sale: dict[str, int] = {}
    for step in steps:
        event = step.event
        if type(event) is OrderFilled and event.fill.side is Side.SELL:
            last_sale[event.fill.symbol] = event.ts_ns
        found += [
            (last_sale.get(outcome.symbol, outcome.ts_ns), outcome)
            for outcome in step.outcomes
            if type(outcome) is PositionClosed
        ]
    return found


def trades(found: Iterable[tuple[int, PositionClosed]]) -> pd.DataFrame:
    """One row per closed trade. mae, mfe: worst and best unrealized result, in quote currency;
    r: net result over the risk to the first stop (nan without one).
    """
    rows = [
        (
            trade.opened_ns,
            exit_ns,
            float(trade.entry_price),
            float(trade.exit_price),
            float(trade.qty),
            float(trade.fees_usdt),
            float(trade.pnl_usdt),
            trade.reason,
            float(trade.mae_usdt),
            float(trade.mfe_usdt),
            float(trade.pnl_usdt / trade.risk_usdt) if trade.risk_usdt else float("nan"),
            trade.symbol,
        )
        for exit_ns, trade in found
    ]
    return _table(rows, TRADE_COLUMNS)


def open_positions(
    positions: Iterable[Position], last_prices: Mapping[str, Decimal]
) -> pd.DataFrame:
    """What was still held at the end, valued at the last price of its symbol."""
    rows = [
        (
            position.opened_ns,
            float(position.entry_price),
            float(position.qty),
            float(last),
            float(position.unrealized_usdt(last) + position.realized_usdt),
            position.symbol,
        )
        for position in positions
        for last in (last_prices[position.symbol],)
    ]
    columns = ("entry_ts_ns", "entry_price", "qty", "last_price", "pnl", "symbol")
    return _table(rows, columns)


def fills(events: Iterable[OrderFilled]) -> pd.DataFrame:
    """Every execution, amounts as exact Decimals."""
    rows = [
        (
            event.ts_ns,
            event.fill.symbol,
            event.fill.side.value,
            event.fill.price,
            event.fill.qty,
            event.fill.fee,
            event.fill.fee_asset,
            event.fill.liquidity.value,
            str(event.key),
            event.fill.trade_id,
        )
        for event in events
    ]
    columns = (
        *("ts_ns", "symbol", "side", "price", "qty", "fee", "fee_asset", "liquidity"),
        *("order", "trade_id"),
    )
    frame = pd.DataFrame(rows, columns=list(columns), dtype=object)
    return frame.astype({"ts_ns": "int64", "trade_id": "int64"})


def orders(found: Iterable[Order]) -> pd.DataFrame:
    """Every order that left, in the order of birth."""
    rows = [
        (
            order.placed_ns,
            str(order.key),
            order.request.symbol,
            order.request.side.value,
            order.request.type.value,
            order.request.purpose.value,
            float(order.request.qty),
            _number(order.request.limit_price),
            _number(order.request.stop_price),
            order.status.value,
            float(order.filled_qty),
            order.request.why,
        )
        for order in found
    ]
    columns = (
        *("ts_ns", "order", "symbol", "side", "type", "purpose", "qty"),
        *("limit_price", "stop_price", "status", "filled_qty", "why"),
    )
    return _table(rows, columns)


def refusals(steps: Iterable[Step]) -> pd.DataFrame:
    """Every refusal of the gate: the strictest failed check, and the codes of all of them."""
    rows = [
        (
            outcome.ts_ns,
            outcome.symbol,
            outcome.side.value if outcome.side else "",
            outcome.source,
            outcome.failures[0].stage,
            outcome.failures[0].code,
            outcome.failures[0].reason,
            ",".join(failure.code for failure in outcome.failures),
        )
        for step in steps
        for outcome in step.outcomes
        if type(outcome) is OrderRefused
    ]
    columns = ("ts_ns", "symbol", "side", "source", "stage", "code", "reason", "codes")
    return _table(rows, columns)


def _number(value: Decimal | None) -> float:
    return float("nan") if value is None else float(value)


def _table(rows: Sequence[tuple[object, ...]], columns: Sequence[str]) -> pd.DataFrame:
    """A frame whose columns keep their types when there is no row."""
    frame = pd.DataFrame(list(rows), columns=list(columns))
    kinds = {name: _kind(name) for name in columns}
    return frame.astype(kinds)


def _kind(name: str) -> str:
    if name in _TIMES:
        return "int64"
    return "object" if name in _TEXTS or name in ("order", "why", "codes") else "float64"
