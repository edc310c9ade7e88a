"""How much was traded at which price: a signal to look at, never a limit.

The profile of a span has a row per price step. Its point of control is the row in which most was
traded (of equals the one nearest to the middle of the profile, then the lower one). The value area
grows from there, always by the larger of the two rows beside it (of equals the lower one), until
it holds 70 % of all volume (Steidlmayer, 1984, in its simple form of one row at a time).

Ticks say exactly at which price what was traded. Bars do not: the volume of each is spread evenly
between its low and its high, which is a guess and is told as such.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from genesis.domain.instrument import Instrument
from genesis.domain.money import round_down, round_up, text
from genesis.domain.time import parse_width
from genesis.errors import DataError, UsageError
from genesis.research.bars import Bars
from genesis.research.ticks import Ticks

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from genesis.research.style import Shown

Numbers = npt.NDArray[Any]

VALUE_AREA: Final = 0.7
_ROWS: Final = 50
_MOST_ROWS: Final = 5_000
_ROUND: Final = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True, eq=False)
class VolumeProfile:
    """One span.

    table: pandas, a row per price step from the lowest up: price (lower edge), volume (base),
    share (of all volume), float64; in_value_area, bool. step: height of a row. is_exact: from
    ticks.
    """

    instrument: Instrument
    step: Decimal
    table: pd.DataFrame
    control_row: int
    is_exact: bool

    @property
    def point_of_control(self) -> float:
        """The middle of the row in which most was traded."""
        return float(self.table["price"].iloc[self.control_row]) + float(self.step) / 2

    @property
    def value_area(self) -> tuple[float, float]:
        """Its lowest and its highest price."""
        inside = self.table["price"][self.table["in_value_area"]]
        return float(inside.iloc[0]), float(inside.iloc[-1]) + float(self.step)

    def plot(self) -> "Figure":
        """Bars of volume along the price."""
        from genesis.research.signal_figures import profile_figure

        control, area = self.point_of_control, self.value_area
        return profile_figure(self.table, float(self.step), control, area, self.instrument.symbol)

    def shown(self) -> "Shown":
        """The three prices that matter, and how they were found."""
        from genesis.research.style import Card, Shown, cards, note

        low, high = self.value_area
        inside = self.table["share"][self.table["in_value_area"]].sum()
        above = cards(
            [
                Card(self.instrument.symbol, f"{self.point_of_control:,.10g}", "point of control"),
                Card("value area", f"{low:,.10g} – {high:,.10g}", f"{inside:.1%} of the volume"),
                Card("rows", f"{len(self.table)}", f"of {text(self.step)} {self.instrument.quote}"),
            ]
        )
        told = "from every trade" if self.is_exact else "bars spread evenly between low and high"
        below = note(f"Volume at price, {told}. A signal to look at, not a limit.")
        return Shown(above.html + below.html, f"{above.plain}\n{below.plain}")

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


def volume_profile(
    data: Ticks | Bars, *, step: Decimal | str | None = None, value_area: float = VALUE_AREA
) -> VolumeProfile:
    """The profile of all of the data (`data.between` cuts it).

    step: height of a row in quote, a multiple of the price tick; None: about fifty rows, of a round
    number. value_area: its share of the volume, above 0 and at most 1.

    Raises:
        UsageError: a step or share that cannot be used. DataError: no data, or no volume in it.
    """
    if not 0 < value_area <= 1:
        raise UsageError(f"value_area must lie above 0 and not above 1, not {value_area}")
    if not len(data):
        raise DataError(f"there is nothing of {data.instrument.symbol} to make a profile of")
    c, (lowest, highest) = data.columns, _extremes(data)
    height = _height(step, c.price_step, lowest, highest)
    first, last = lowest // height, highest // height
    if last - first >= _MOST_ROWS:
        raise UsageError(f"a step of {step} makes more than {_MOST_ROWS} rows: take a larger one")
    if isinstance(data, Ticks):
        volumes = _at_prices(data.columns.prices // height - first, data.columns.qtys)
    else:
        volumes = _between(data, height, first, last)
    total = volumes.sum()
    if not total:
        raise DataError(f"nothing was traded in the data of {data.instrument.symbol}")
    control = _control(volumes)
    low, high = _area(volumes, control, Fraction(str(value_area)))
    row_step = c.price_step * height
    rows = np.arange(len(volumes))
    table = pd.DataFrame(
        {
            "price": [float(row_step * (first + int(row))) for row in rows],
            "volume": volumes * float(c.qty_step),
            "share": volumes / total,
            "in_value_area": (rows >= low) & (rows <= high),
        }
    )
    return VolumeProfile(data.instrument, row_step, table, control, isinstance(data, Ticks))


def profile_levels(
    data: Ticks | Bars, every: str = "1d", *, step: Decimal | str | None = None
) -> pd.DataFrame:
    """The levels of each period: one row per period that is over and in which something traded.

    start_ts_ns; known_ts_ns, its end: nobody knew them before; int64. point_of_control, value_low,
    value_high, volume: float64. A period at whose end the data has already stopped is left out.

    Raises:
        UsageError: `every` is no width, or a step that cannot be used. DataError: no data.
    """
    try:
        width_ns = parse_width(every)
    except ValueError as wrong:
        raise UsageError(str(wrong)) from wrong
    if not len(data):
        raise DataError(f"there is nothing of {data.instrument.symbol} to make levels of")
    first_ns, last_ns = _ends(data)
    rows = []
    for start_ns in range(first_ns // width_ns * width_ns, last_ns - width_ns + 1, width_ns):
        part = data.between(start_ns, start_ns + width_ns)
        if len(part):
            found = volume_profile(part, step=step)
            levels = (found.point_of_control, *found.value_area, found.table["volume"].sum())
            rows.append((start_ns, start_ns + width_ns, *levels))
    names = ["start_ts_ns", "known_ts_ns", "point_of_control", "value_low", "value_high", "volume"]
    return pd.DataFrame(rows, columns=names)


def _extremes(data: Ticks | Bars) -> tuple[int, int]:
    """The lowest and the highest price, in price ticks."""
    if isinstance(data, Ticks):
        return int(data.columns.prices.min()), int(data.columns.prices.max())
    return int(data.columns.lows.min()), int(data.columns.highs.max())


def _ends(data: Ticks | Bars) -> tuple[int, int]:
    """From when to when the data tells, in UTC ns."""
    if isinstance(data, Ticks):
        return int(data.columns.ts_ns[0]), int(data.columns.ts_ns[-1])
    opened = data.columns.open_ts_ns
    return int(opened[0]), int(opened[-1]) + data.columns.width_ns


def _height(step: Decimal | str | None, tick: Decimal, low: int, high: int) -> int:
    """Height of a row in price ticks."""
    if step is None:
        return _round_height(max(1, -(-(high - low + 1) // _ROWS)))
    wanted = Decimal(step)
    if wanted <= 0 or wanted % tick:
        near = max(tick, round_down(wanted, tick)) if wanted > 0 else tick
        raise UsageError(
            f"step must be a multiple of {tick}, the price tick of the data, not {step}: "
            f"take {near} or {round_up(max(wanted, tick), tick)}"
        )
    return int(wanted / tick)


def _round_height(least: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, ... that is not below `least`."""
    power = int(10 ** (len(str(least)) - 1))
    return next(power * one for one in _ROUND if power * one >= least)


def _at_prices(rows: Numbers, qtys: Numbers) -> Numbers:
    """Sums of whole numbers by row, exact."""
    found = np.zeros(int(rows.max()) + 1, np.int64)
    np.add.at(found, rows, qtys)
    return found


def _between(bars: Bars, height: int, first: int, last: int) -> Numbers:
    """Each bar's volume spread evenly over the ticks from its low to its high."""
    c = bars.columns
    spans = (c.highs - c.lows + 1).astype(np.float64)
    edges = (np.arange(first, last + 2) * height).tolist()
    below = [(np.clip((edge - c.lows) / spans, 0, 1) * c.volumes).sum() for edge in edges]
    return np.diff(below)


def _control(volumes: Numbers) -> int:
    middle = (len(volumes) - 1) / 2
    largest: Iterable[int] = np.flatnonzero(volumes == volumes.max()).tolist()
    return min(largest, key=lambda row: (abs(row - middle), row))


def _area(volumes: Numbers, control: int, share: Fraction) -> tuple[int, int]:
    """The first and the last row of the value area."""
    rows = volumes.tolist()
    low = high = control
    held, wanted = rows[control], share * Fraction(sum(rows))
    while held < wanted and (low > 0 or high < len(rows) - 1):
        below = rows[low - 1] if low > 0 else -1
        above = rows[high + 1] if high < len(rows) - 1 else -1
        if above > below:
            high += 1
            held += above
        else:
            low -= 1
            held += below
    return low, high
