"""The curve of equity, computed after the run from its fills and the market's closes."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

from genesis.domain.events import OrderFilled
from genesis.domain.instrument import Instrument
from genesis.domain.orders import Side
from genesis.sim.columns import BarColumns, TickColumns

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


Columns = TickColumns | BarColumns


def closes(columns: Columns, width_ns: int) -> tuple[Int64, Float64]:
    """(stamps, prices) at the end of each bar and at the end of the data."""
    step = np.float64(columns.price_step)
    if isinstance(columns, BarColumns):
        return columns.open_ts_ns + columns.width_ns, columns.closes.astype(np.float64) * step
    rows = columns.bars(width_ns)
    stamps = np.array([*rows.boundary_ns, int(columns.ts_ns[-1])], np.int64)
    prices = np.array([*rows.close, int(columns.prices[-1])], np.int64)
    return stamps, prices.astype(np.float64) * step


def first_price(columns: Columns) -> Decimal:
    prices = columns.opens if isinstance(columns, BarColumns) else columns.prices
    return columns.price_step * int(prices[0])


def last_price(columns: Columns) -> Decimal:
    prices = columns.closes if isinstance(columns, BarColumns) else columns.prices
    return columns.price_step * int(prices[-1])


def equity_curve(
    markets: Sequence[Columns], width_ns: int, fills: Sequence[OrderFilled], cash: float
) -> pd.Series:
    """Cash and holdings at each stamp, in quote currency, fees paid; float64 over UTC ns.

    Stamps are the ends of the bars of all markets; a market that has none there keeps its price.
    A fill stamped like a bar's end counts with that bar.
    """
    found = [closes(market, width_ns) for market in markets]
    stamps = found[0][0] if len(found) == 1 else np.unique(np.concatenate([f[0] for f in found]))
    value = np.full(len(stamps), cash)
    for market, (ends, prices) in zip(markets, found, strict=True):
        own = [event for event in fills if event.fill.symbol == market.instrument.symbol]
        times = np.array([event.ts_ns for event in own], np.int64)
        quote, base = _moved(own, market.instrument)
        done = np.searchsorted(times, stamps, side="right")
        if len(found) > 1:  # one market's own stamps may repeat: its last trade on a bar's end
            prices = prices[np.maximum(np.searchsorted(ends, stamps, side="right") - 1, 0)]
        value = value + (quote[done] + base[done] * prices)
    return pd.Series(value, index=pd.Index(stamps, name="ts_ns"), name="equity")


def _moved(fills: Sequence[OrderFilled], instrument: Instrument) -> tuple[Float64, Float64]:
    """(quote, base) that came in all, before the first fill and after each."""
    quote = np.zeros(len(fills) + 1)
    base = np.zeros(len(fills) + 1)
    for i, event in enumerate(fills, start=1):
        fill = event.fill
        signed = fill.qty if fill.side is Side.BUY else -fill.qty
        in_base = fill.fee if fill.fee_asset == instrument.base else 0
        in_quote = fill.fee if fill.fee_asset == instrument.quote else 0
        quote[i] = float(-signed * fill.price - in_quote)
        base[i] = float(signed - in_base)
    return np.cumsum(quote), np.cumsum(base)
