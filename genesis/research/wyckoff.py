"""Phases of a market after Wyckoff (1931), by rule: a signal to look at, never a limit.

As it is taught the method is read by eye. These rules are one way to say it so that two people see
the same; no other is claimed to be wrong. All of them look back only: the row of a bar is known
when that bar closes, and later bars do not change it. `n` is the number of bars looked back on.

Efficiency: how much of the way prices went, up and down, led somewhere: the change of the close
over `n` bars by the sum of its absolute changes (Kaufman, 1995), 0 to 1.

| phase | definition |
|---|---|
| MARKUP | efficiency at least `trend_from`, and the close has risen over `n` bars |
| MARKDOWN | the same, and it has fallen |
| ACCUMULATION | no trend now, and the last one was a MARKDOWN |
| DISTRIBUTION | no trend now, and the last one was a MARKUP |
| UNKNOWN | no trend now and none before, or fewer than `n` bars |

Events; the range is that of the `n` bars before, means are of the same bars:

| event | definition |
|---|---|
| SPRING | in ACCUMULATION: the low is below the range, the close is back in it |
| UPTHRUST | in DISTRIBUTION: the high is above the range, the close is back in it |
| STRENGTH | in ACCUMULATION: the close is above the range, on more than the mean volume |
| WEAKNESS | in DISTRIBUTION: the close is below the range, on more than the mean volume |
| SELLING_CLIMAX | in MARKDOWN: twice the mean height and volume, closed in its upper half |
| BUYING_CLIMAX | in MARKUP: twice the mean height and volume, closed in its lower half |
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from genesis.errors import DataError, UsageError
from genesis.research.bars import Bars

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from genesis.research.style import Shown

PHASES: Final = ("ACCUMULATION", "MARKUP", "DISTRIBUTION", "MARKDOWN")
UNKNOWN: Final = "UNKNOWN"
_COLUMNS: Final = ("open_ts_ns", "open", "high", "low", "close", "volume")
_CLIMAX: Final = 2
_LEAST: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class Wyckoff:
    """table: pandas, a row per bar: open_ts_ns int64, close float64, efficiency float64 (NaN where
    too little is known), phase and event text (an empty event: none).
    """

    bars: int
    table: pd.DataFrame
    name: str = ""

    @property
    def spans(self) -> pd.DataFrame:
        """One row per stretch of one phase: phase, first_ts_ns, last_ts_ns (openings of its first
        and last bar), bars, change (of the close, a fraction).
        """
        found = self.table
        number = (found["phase"] != found["phase"].shift()).cumsum()
        stretches = found.groupby(number, sort=True)
        spans = pd.DataFrame(
            {
                "phase": stretches["phase"].first(),
                "first_ts_ns": stretches["open_ts_ns"].first(),
                "last_ts_ns": stretches["open_ts_ns"].last(),
                "bars": stretches.size(),
                "change": stretches["close"].last() / stretches["close"].first() - 1,
            }
        )
        return spans.reset_index(drop=True)

    @property
    def events(self) -> pd.DataFrame:
        """The bars with an event."""
        return self.table[self.table["event"] != ""].reset_index(drop=True)

    def plot(self) -> "Figure":
        """The close over washes of the phases, a mark at each event."""
        from genesis.research.signal_figures import wyckoff_figure

        title = f"Phases of {self.name or 'the market'}"
        below = f"<br><sup>by rule, {self.bars} bars back</sup>"
        return wyckoff_figure(self.table, self.spans, title + below)

    def shown(self) -> "Shown":
        """How much of the time each phase took, and what followed in it."""
        from genesis.research.style import Shown, note, percent, share, table

        rows = [
            (
                phase,
                (self.table["phase"] == phase).mean(),
                int((self.spans["phase"] == phase).sum()),
                self.spans["change"][self.spans["phase"] == phase].median(),
            )
            for phase in (*PHASES, UNKNOWN)
        ]
        frame = pd.DataFrame(rows, columns=["phase", "of the time", "times", "median change"])
        last = self.table["phase"].iloc[-1]
        above = table(
            frame,
            formats={"of the time": share, "median change": percent},
            caption=f"Looking back {self.bars} bars; the last bar: {last}.",
        )
        below = note("Read by one rule among many. A signal to look at, not a limit.")
        return Shown(above.html + below.html, f"{above.plain}\n{below.plain}")

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


def wyckoff(data: Bars | pd.DataFrame, *, bars: int = 60, trend_from: float = 0.3) -> Wyckoff:
    """Phase and event of every bar.

    data: Bars, or a table with the columns of `TickStore.bars`, oldest first. bars: looked back on.
    trend_from: the least efficiency of a trend, between 0 and 1.

    Raises:
        UsageError: fewer than five bars to look back on, or a share out of range.
        DataError: no bars, or a column is missing.
    """
    if bars < _LEAST or not 0 < trend_from < 1:
        raise UsageError(f"bars must be at least {_LEAST}, trend_from between 0 and 1")
    frame, name = _frame(data)
    change = frame["close"].diff(bars)
    way = frame["close"].diff().abs().rolling(bars).sum()
    efficiency = (change.abs() / way).where(way > 0, 0.0).clip(upper=1).where(change.notna())
    trend = pd.Series(np.sign(change), frame.index).where(efficiency >= trend_from)
    phase = _phases(trend, efficiency.notna())
    table = pd.DataFrame(
        {
            "open_ts_ns": frame["open_ts_ns"],
            "close": frame["close"],
            "efficiency": efficiency,
            "phase": phase,
            "event": _events(frame, phase, bars),
        }
    )
    return Wyckoff(bars, table, name)


def _frame(data: Bars | pd.DataFrame) -> tuple[pd.DataFrame, str]:
    if isinstance(data, Bars):
        c, step = data.columns, float(data.columns.price_step)
        prices = (c.opens * step, c.highs * step, c.lows * step, c.closes * step)
        columns = (c.open_ts_ns, *prices, c.volumes * float(c.qty_step))
        frame = pd.DataFrame(dict(zip(_COLUMNS, columns, strict=True)))
    else:
        missing = [name for name in _COLUMNS if name not in data.columns]
        if missing:
            raise DataError(f"the bars have no column {missing[0]!r}: {', '.join(_COLUMNS)}")
        frame = pd.DataFrame(data)[list(_COLUMNS)].reset_index(drop=True)
    if frame.empty:
        raise DataError("there are no bars to read")
    return frame, data.instrument.symbol if isinstance(data, Bars) else ""


def _phases(trend: pd.Series, is_known: pd.Series) -> pd.Series:
    """trend: 1 and -1 where there is one, else NaN."""
    before = trend.ffill()
    rest = np.select([before > 0, before < 0], ["DISTRIBUTION", "ACCUMULATION"], UNKNOWN)
    found = np.select([trend > 0, trend < 0], ["MARKUP", "MARKDOWN"], rest)
    return pd.Series(np.where(is_known, found, UNKNOWN), trend.index)


def _events(frame: pd.DataFrame, phase: pd.Series, bars: int) -> pd.Series:
    high, low, close, volume = (frame[name] for name in ("high", "low", "close", "volume"))
    top, bottom = high.shift().rolling(bars).max(), low.shift().rolling(bars).min()
    usual, height = volume.shift().rolling(bars).mean(), high - low
    is_busy = volume > usual
    is_climax = (height >= _CLIMAX * height.shift().rolling(bars).mean()) & (
        volume >= _CLIMAX * usual
    )
    is_upper = 2 * close > high + low
    is_lower = 2 * close < high + low
    down, up = phase == "ACCUMULATION", phase == "DISTRIBUTION"
    rules = {
        "SPRING": down & (low < bottom) & (close > bottom),
        "UPTHRUST": up & (high > top) & (close < top),
        "STRENGTH": down & (close > top) & is_busy,
        "WEAKNESS": up & (close < bottom) & is_busy,
        "SELLING_CLIMAX": (phase == "MARKDOWN") & is_climax & is_upper,
        "BUYING_CLIMAX": (phase == "MARKUP") & is_climax & is_lower,
    }
    return pd.Series(np.select(list(rules.values()), list(rules), ""), frame.index)
