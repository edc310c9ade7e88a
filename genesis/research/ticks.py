"""Trade prints for research: checked once, then scanned as exact integer columns."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from genesis.domain.instrument import Instrument
from genesis.domain.time import format_utc
from genesis.research.grid import check_ids, check_times, column, to_lots, to_ticks
from genesis.research.instruments import instrument as instrument_of
from genesis.sim.columns import TickColumns, TopColumns
from genesis.store.ticks import GapRecord


@dataclass(frozen=True, slots=True, eq=False)
class Ticks:
    """One symbol's trades, oldest first, and its book tops where they were recorded.

    gaps: what our recorder says it missed around them.
    """

    columns: TickColumns
    tops: TopColumns | None = None
    source: str = "arrays"
    gaps: tuple[GapRecord, ...] = ()

    @classmethod
    def from_arrays(
        cls,
        instrument: Instrument | str,
        ts_ns: npt.ArrayLike,
        price: npt.ArrayLike,
        qty: npt.ArrayLike,
        is_buyer_maker: npt.ArrayLike,
        trade_id: npt.ArrayLike | None = None,
    ) -> "Ticks":
        """Ticks from columns of equal length.

        ts_ns: (n,) int64 UTC ns, non-decreasing (equal stamps are legal). price: (n,) float64
        quote per base, on the instrument's grid. qty: (n,) float64 base. is_buyer_maker: (n,)
        bool, True where the seller was the aggressor. trade_id: (n,) int64 or None.

        Raises:
            UsageError: unknown symbol text. DataError: unequal lengths, falling times, a price
            off the grid (by more than 1e-6 of a tick), a number that is none, a quantity of 0, one
            trade id twice; names the row.
        """
        known = instrument_of(instrument)
        times = column(ts_ns, np.int64, "ts_ns")
        rows = len(times)
        prices = column(price, np.float64, "price", rows)
        sizes = column(qty, np.float64, "qty", rows)
        makers = column(is_buyer_maker, np.bool_, "is_buyer_maker", rows)
        ids = None if trade_id is None else column(trade_id, np.int64, "trade_id", rows)
        check_times(times)
        if ids is not None:
            check_ids(ids, times)
        counts, qty_step = to_lots(sizes, known.qty_lot)
        ticks = to_ticks(prices, known.price_tick)
        return cls(
            TickColumns(known, known.price_tick, qty_step, times, ticks, counts, makers, ids)
        )

    @property
    def instrument(self) -> Instrument:
        return self.columns.instrument

    def __len__(self) -> int:
        return len(self.columns)

    def __repr__(self) -> str:
        if not len(self):
            return f"Ticks({self.instrument.symbol}, empty)"
        first, last = int(self.columns.ts_ns[0]), int(self.columns.ts_ns[-1])
        return (
            f"Ticks({self.instrument.symbol}, {len(self):,} trades, "
            f"{format_utc(first)} to {format_utc(last)})"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from genesis.research.faces import ticks_face

        tops = None if self.tops is None else len(self.tops.ts_ns)
        return ticks_face(self.columns, tops, repr(self))._repr_mimebundle_()

    def between(self, start_ns: int | None, end_ns: int | None) -> "Ticks":
        """The ticks stamped in [start, end); no copy."""
        if start_ns is None and end_ns is None:
            return self
        ts = self.columns.ts_ns
        a = 0 if start_ns is None else int(np.searchsorted(ts, start_ns))
        b = len(ts) if end_ns is None else max(a, int(np.searchsorted(ts, end_ns)))
        tops = _tops_slice(self.tops, a, b)
        return Ticks(_ticks_slice(self.columns, a, b), tops, self.source, self.gaps)

    def frame(self) -> pd.DataFrame:
        """A table of floats for looking at: ts_ns, price, qty, is_buyer_maker, trade_id."""
        c = self.columns
        data: dict[str, npt.NDArray[np.generic]] = {
            "ts_ns": c.ts_ns,
            "price": c.prices * float(c.price_step),
            "qty": c.qtys * float(c.qty_step),
            "is_buyer_maker": c.buyer_is_maker,
        }
        if c.trade_ids is not None:
            data["trade_id"] = c.trade_ids
        return pd.DataFrame(data)


def _ticks_slice(c: TickColumns, a: int, b: int) -> TickColumns:
    return TickColumns(
        c.instrument,
        c.price_step,
        c.qty_step,
        c.ts_ns[a:b],
        c.prices[a:b],
        c.qtys[a:b],
        c.buyer_is_maker[a:b],
        None if c.trade_ids is None else c.trade_ids[a:b],
    )


def _tops_slice(tops: TopColumns | None, a: int, b: int) -> TopColumns | None:
    """The tops consumed after the tick before `a` and before tick `b`."""
    if tops is None:
        return None
    i = int(np.searchsorted(tops.ticks_before, a))
    j = int(np.searchsorted(tops.ticks_before, b, side="right"))
    return TopColumns(
        tops.instrument,
        tops.price_step,
        tops.qty_step,
        tops.ts_ns[i:j],
        tops.bids[i:j],
        tops.bid_qtys[i:j],
        tops.asks[i:j],
        tops.ask_qtys[i:j],
        tops.update_ids[i:j],
        tops.ticks_before[i:j] - a,
    )
