"""A strategy on show, drawn: two markets side by side, the trades in them, the account below."""

from textwrap import wrap
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from genesis.research.measured import Measured
from genesis.research.style import ASH, CLAY, INDIGO, MOSS, OCHRE, TEMPLATE, WORDS, faint
from genesis.sim.columns import BarColumns, TickColumns

if TYPE_CHECKING:
    from genesis.research.exhibited import Exhibited

Float64 = npt.NDArray[np.float64]

_POINTS: Final = 800
_WIDE: Final = 34
"""Letters of a column's title in a line: on a narrow page two columns share the width."""
_LINES: Final = (INDIGO, OCHRE, MOSS, ASH, CLAY)


def exhibit_figure(of: "Exhibited") -> go.Figure:
    """Left where it works, right where it fails, on axes of the same size."""
    scenes = ["<br>".join(wrap(s.words, _WIDE)) for s in (of.scenes.works, of.scenes.fails)]
    figure = make_subplots(
        rows=2, cols=2, shared_xaxes=True, row_heights=[0.58, 0.42], vertical_spacing=0.08,
        horizontal_spacing=0.09, column_titles=scenes,
    )  # fmt: skip
    runs = (of.works, of.fails)
    for column, run in enumerate(runs, 1):
        _prices(figure, run, column)
        _account(figure, run, column)
    ends = [float(x) for run in runs for x in (run.equity.min(), run.equity.max())]
    cash = float(of.works.setup.cash)
    low, high = min(*ends, cash), max(*ends, cash)
    room = (high - low) * 0.06 or 1.0
    figure.update_yaxes(range=[low - room, high + room], row=2)
    symbols = ", ".join(name for run in runs for name in _drawn(run))
    figure.update_layout(
        template=TEMPLATE, height=470, showlegend=False, hovermode="closest",
        title={"text": f"{of.name}<br><sup>made-up markets: {_once(symbols)}; the first price is "
                       "100</sup>"},
        margin={"t": 112, "b": 36, "l": 62},
    )  # fmt: skip
    figure.update_annotations(font={"size": 13, "color": WORDS})
    figure.update_yaxes(title_text="price", row=1, col=1)
    figure.update_yaxes(title_text=of.works.setup.instrument.quote, row=2, col=1)
    figure.update_xaxes(nticks=5)
    return figure


def _prices(figure: go.Figure, run: Measured, column: int) -> None:
    """Closes (or trades) of each symbol that can be traded, the first at 100; trades in them."""
    starts = {}
    for number, market in enumerate(_traded(run)):
        stamps, prices = _line(market)
        starts[market.instrument.symbol] = prices[0]
        step = max(1, len(prices) // _POINTS)
        figure.add_scatter(
            x=_times(stamps[::step]), y=prices[::step] / prices[0] * 100, mode="lines",
            line={"color": faint(_LINES[number % len(_LINES)], 0.75), "width": 1.2},
            name=market.instrument.symbol, hovertemplate="%{y:.2f}", row=1, col=column,
        )  # fmt: skip
    trades = run.trades
    scale = trades["symbol"].map(starts).to_numpy() / 100 if len(trades) else 1.0
    for side, symbol, colour in (("entry", "triangle-up", MOSS), ("exit", "triangle-down", CLAY)):
        figure.add_scatter(
            x=_times(trades[f"{side}_ts_ns"].to_numpy()),
            y=trades[f"{side}_price"].to_numpy() / scale, mode="markers", name=side,
            marker={"symbol": symbol, "size": 7, "color": faint(colour, 0.8), "line": {"width": 0}},
            hovertemplate=f"{side} %{{y:.2f}}", row=1, col=column,
        )  # fmt: skip


def _account(figure: go.Figure, run: Measured, column: int) -> None:
    equity, cash = run.equity, float(run.setup.cash)
    made = float(equity.iloc[-1]) - cash
    step = max(1, len(equity) // _POINTS)
    times = _times(equity.index.to_numpy()[::step])
    figure.add_hline(y=cash, line={"color": faint(ASH, 0.7), "width": 1}, row=2, col=column)
    figure.add_scatter(
        x=times, y=equity.to_numpy()[::step], mode="lines", name="equity",
        line={"color": MOSS if made > 0 else CLAY, "width": 1.8}, hovertemplate="%{y:,.2f}",
        row=2, col=column,
    )  # fmt: skip


def _traded(run: Measured) -> list[BarColumns | TickColumns]:
    quote = run.setup.instrument.quote
    return [market for market in run.markets if market.instrument.quote == quote]


def _drawn(run: Measured) -> list[str]:
    return [market.instrument.symbol for market in run.markets]


def _once(symbols: str) -> str:
    return ", ".join(dict.fromkeys(symbols.split(", ")))


def _line(market: BarColumns | TickColumns) -> tuple[npt.NDArray[np.int64], Float64]:
    step = float(market.price_step)
    if isinstance(market, BarColumns):
        return market.open_ts_ns + market.width_ns, np.asarray(market.closes * step, np.float64)
    return market.ts_ns, np.asarray(market.prices * step, np.float64)


def _times(stamps: npt.NDArray[np.int64]) -> npt.NDArray[np.datetime64]:
    return np.asarray(stamps, np.int64).astype("datetime64[ns]")
