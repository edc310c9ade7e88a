"""Bars for research where no ticks are known."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from genesis.domain.instrument import Instrument
from genesis.domain.time import format_utc, parse_width
from genesis.errors import DataError, UsageError
from genesis.research.grid import check_times, column, to_lots, to_ticks
from genesis.research.instruments import instrument as instrument_of
from genesis.sim.columns import BarColumns


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """One symbol's bars, oldest first. A backtest on them fills at the next bar's open."""

    columns: BarColumns
    source: str = "arrays"

    @classmethod
    def from_arrays(
        cls,
        instrument: Instrument | str,
        open_ts_ns: npt.ArrayLike,
        open: npt.ArrayLike,  # noqa: A002
        high: npt.ArrayLike,
        low: npt.ArrayLike,
        close: npt.ArrayLike,
        volume: npt.ArrayLike,
        width: str = "1m",
    ) -> "Bars":
        """Bars from columns of equal length.

        open_ts_ns: (n,) int64 UTC ns at which each bar opened, at least a width apart. open, high,
        low, close: (n,) float64 quote per base, on the instrument's grid. volume: (n,) float64
        base. width: such as `1m`.

        Raises:
            UsageError: unknown symbol text or width. DataError: unequal lengths, bars that overlap,
            a price off the grid, a high or low that does not hold the other prices; names the row.
        """
        known = instrument_of(instrument)
        try:
            width_ns = parse_width(width)
        except ValueError as wrong:
            raise UsageError(str(wrong)) from wrong
        times = column(open_ts_ns, np.int64, "open_ts_ns")
        _check_apart(times, width_ns)
        rows = len(times)
        named = {"open": open, "high": high, "low": low, "close": close}
        prices = {
            name: to_ticks(column(values, np.float64, name, rows), known.price_tick, name)
            for name, values in named.items()
        }
        _check_shape(prices)
        volumes, qty_step = to_lots(
            column(volume, np.float64, "volume", rows), known.qty_lot, "volume", may_be_zero=True
        )
        columns = BarColumns(
            known,
            known.price_tick,
            qty_step,
            width_ns,
            times,
            prices["open"],
            prices["high"],
            prices["low"],
            prices["close"],
            volumes,
        )
        return cls(columns)

    @property
    def instrument(self) -> Instrument:
        return self.columns.instrument

    def __len__(self) -> int:
        return len(self.columns)

    def __repr__(self) -> str:
        if not len(self):
            return f"Bars({self.instrument.symbol}, empty)"
        first, last = int(self.columns.open_ts_ns[0]), int(self.columns.open_ts_ns[-1])
        return (
            f"Bars({self.instrument.symbol}, {len(self):,} bars, "
            f"{format_utc(first)} to {format_utc(last)})"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from genesis.research.faces import bars_face

        return bars_face(self.columns, repr(self))._repr_mimebundle_()

    def between(self, start_ns: int | None, end_ns: int | None) -> "Bars":
        """The bars that opened in [start, end)."""
        if start_ns is None and end_ns is None:
            return self
        c = self.columns
        a = 0 if start_ns is None else int(np.searchsorted(c.open_ts_ns, start_ns))
        b = len(c) if end_ns is None else max(a, int(np.searchsorted(c.open_ts_ns, end_ns)))
        cut = BarColumns(
            c.instrument,
            c.price_step,
            c.qty_step,
            c.width_ns,
            c.open_ts_ns[a:b],
            c.opens[a:b],
            c.highs[a:b],
            c.lows[a:b],
            c.closes[a:b],
            c.volumes[a:b],
        )
        return Bars(cut, self.source)


def _check_apart(times: npt.NDArray[np.int64], width_ns: int) -> None:
    check_times(times, "open_ts_ns")
    close = np.diff(times) < width_ns
    if close.any():
        row = int(close.argmax()) + 1
        raise DataError(
            f"open_ts_ns: row {row} opens before the bar above it has closed; "
            "check the width and duplicates"
        )


def _check_shape(prices: dict[str, npt.NDArray[np.int64]]) -> None:
    inner_high = np.maximum(prices["open"], prices["close"])
    inner_low = np.minimum(prices["open"], prices["close"])
    bad = (prices["high"] < inner_high) | (prices["low"] > inner_low)
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"row {row}: open and close must lie between low and high; mend or leave out that row"
        )
