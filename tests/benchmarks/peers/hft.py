"""hftbacktest: a strategy compiled by numba, woken by every trade.

Fed per tick with a bid one price step below the trade, an ask at its price (both seen by the venue
only) and the trade (seen by the strategy only): three rows, the least it can be asked with. So its
buys fill at the tick's price as `next_tick` does, and its sells one step lower. No latency.
"""

from typing import Any

import numpy as np
from hftbacktest import (
    BUY_EVENT,
    DEPTH_EVENT,
    EXCH_EVENT,
    GTC,
    LOCAL_EVENT,
    MARKET,
    SELL_EVENT,
    TRADE_EVENT,
    BacktestAsset,
    ROIVectorMarketDepthBacktest,
)
from hftbacktest.types import event_dtype
from numba import njit

from tests.benchmarks.peers.work import Asked, Columns, Prepared, Trades

STEP = 0.01
MINUTE_NS = 60_000_000_000
MOST_TRADES = 100_000


def ticks_next(columns: Columns, asked: Asked) -> Prepared:
    rows = _rows(columns)
    keep = 1 - (asked.stop or 1)
    low, high = float(columns["price"].min() - 1), float(columns["price"].max() + 1)

    def run() -> Trades:
        asset = (
            BacktestAsset()
            .data([rows])
            .linear_asset(1.0)
            .constant_order_latency(0, 0)
            .risk_adverse_queue_model()
            .no_partial_fill_exchange()
            .trading_value_fee_model(0.001, 0.001)
            .tick_size(STEP)
            .lot_size(0.00001)
            .last_trades_capacity(8)
            .roi_lb(low)
            .roi_ub(high)
        )
        market = ROIVectorMarketDepthBacktest([asset])
        found = np.zeros((MOST_TRADES, 5))
        stamps = np.zeros((MOST_TRADES, 2), np.int64)
        count = _cross(market, found, stamps, asked.fast, asked.slow, keep, asked.qty)
        market.close()
        return _trades(stamps[:count], found[:count], asked.qty)

    return run


def _rows(columns: Columns) -> np.ndarray:
    """The side that the price moves away from comes last: it then finds the other one at once."""
    ts, price = columns["ts_ns"], columns["price"]
    ts, price = np.append(ts, ts[-1] + 1), np.append(price, price[-1])  # the last one wakes nobody
    rises = np.diff(price, prepend=price[0]) > 0
    bid, below = DEPTH_EVENT | EXCH_EVENT | BUY_EVENT, np.round(price - STEP, 2)
    ask = DEPTH_EVENT | EXCH_EVENT | SELL_EVENT
    rows = np.zeros((len(ts), 3), event_dtype)
    rows["ev"][:, 0], rows["px"][:, 0] = np.where(rises, ask, bid), np.where(rises, price, below)
    rows["ev"][:, 1], rows["px"][:, 1] = np.where(rises, bid, ask), np.where(rises, below, price)
    rows["ev"][:, 2], rows["px"][:, 2] = TRADE_EVENT | LOCAL_EVENT | BUY_EVENT, price
    rows["qty"] = 1_000.0
    rows["exch_ts"] = rows["local_ts"] = ts[:, None]
    return rows.reshape(-1)


def _trades(stamps: np.ndarray, found: np.ndarray, qty: float) -> Trades:
    reasons = np.where(found[:, 2] > 0, "stop", "signal")
    bought, sold = np.round(found[:, 0], 2), np.round(found[:, 1], 2)
    fee = (bought + sold) * qty * 0.001
    pnl = (sold - bought) * qty - fee
    columns: list[Any] = [
        stamps[:, 0], stamps[:, 1], bought, sold, np.full(len(found), qty), fee, pnl, reasons
    ]  # fmt: skip
    return list(zip(*(column.tolist() for column in columns), strict=True))


@njit  # it cannot be cached: it holds pointers of the market
def _cross(hbt, found, stamps, fast, slow, keep, qty):  # type: ignore[no-untyped-def]
    closes = np.zeros(slow, np.int64)
    bars = fast_sum = slow_sum = sign = count = 0
    minute, last, order_id = -1, 0.0, 0
    held, stop_at, bought_ns = False, -1.0, 0
    while True:
        woken = hbt.wait_next_feed(False, 3_600_000_000_000)
        if woken == 1:
            break
        trades = hbt.last_trades(0)
        if len(trades) == 0:
            continue
        price, now_ns = trades[len(trades) - 1].px, hbt.current_timestamp
        hbt.clear_last_trades(0)
        wish, why = 0, 0.0
        number = now_ns // MINUTE_NS
        if number != minute:
            if minute >= 0:
                close = np.int64(np.round(last * 100))
                fast_sum += close - (closes[(bars - fast) % slow] if bars >= fast else 0)
                slow_sum += close - (closes[bars % slow] if bars >= slow else 0)
                closes[bars % slow] = close
                bars += 1
                if bars >= slow:
                    difference = fast_sum * slow - slow_sum * fast
                    if difference > 0:
                        wish = 1 if sign <= 0 else 0
                        sign = 1
                    elif difference < 0:
                        wish = sign = -1
            minute = number
        last = price
        if held and wish >= 0 and now_ns > bought_ns and price <= stop_at:
            wish, why = -1, 1.0
        if wish > 0 and not held:
            order_id += 1
            hbt.submit_buy_order(0, order_id, price, qty, GTC, MARKET, True)
            order = hbt.orders(0).get(order_id)
            found[count, 0], stamps[count, 0] = order.exec_price, now_ns
            stop_at, bought_ns, held = order.exec_price * keep, now_ns, True
            hbt.clear_inactive_orders(0)
        elif wish < 0 and held:
            order_id += 1
            hbt.submit_sell_order(0, order_id, price, qty, GTC, MARKET, True)
            order = hbt.orders(0).get(order_id)
            found[count, 1], stamps[count, 1], found[count, 2] = order.exec_price, now_ns, why
            count += 1
            held = False
            hbt.clear_inactive_orders(0)
    return count
