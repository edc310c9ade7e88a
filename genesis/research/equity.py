"""The curve of equity, computed after the run from its fills and the market's closes."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from genesis.domain.events import OrderFilled
from genesis.domain.instrument import Instrument
from genesis.domain.orders import Side
from genesis.sim.columns import BarColumns, TickColumns

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


def closes(columns: TickColumns | BarColumns, width_ns: int) -> tuple[Int64, Float64]:
    """(stamps, prices) at the end of each bar and at the end of the data."""
    step = np.float64(columns.price_step)
    if isinstance(columns, BarColumns):
        return columns.open_ts_ns + columns.width_ns, columns.closes.astype(np.float64) * step
    rows = columns.bars(width_ns)
    stamps = np.array([*rows.boundary_ns, int(columns.ts_ns[-1])], np.int64)
    prices = np.array([*rows.close, int(columns.prices[-1])], np.int64)
    return stamps, prices.astype(np.float64) * step


def equity_curve(
    stamps: Int64,
    prices: Float64,
    fills: Sequence[OrderFilled],
    instrument: Instrument,
    cash: float,
) -> pd.Series:
    """Cash and holdings at each stamp, in quote currency, fees paid; float64 over UTC ns.

    A fill stamped like a bar's end counts with that bar.
    """
    quote = np.zeros(len(fills) + 1)
    base = np.zeros(len(fills) + 1)
    quote[0] = cash
    for i, event in enumerate(fills, start=1):
        fill = event.fill
        signed = fill.qty if fill.side is Side.BUY else -fill.qty
        in_base = fill.fee if fill.fee_asset == instrument.base else 0
        in_quote = fill.fee if fill.fee_asset == instrument.quote else 0
        quote[i] = float(-signed * fill.price - in_quote)
        base[i] = float(signed - in_base)
    times = np.array([event.ts_ns for event in fills], np.int64)
    done = np.searchsorted(times, stamps, side="right")
    value = np.cumsum(quote)[done] + np.cumsum(base)[done] * prices
    return pd.Series(value, index=pd.Index(stamps, name="ts_ns"), name="equity")
