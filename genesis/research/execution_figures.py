"""Figures of execution: latencies, the law of slippage, the queue, what an order costs."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from genesis.analytics.reliability import Checked, Reliability
from genesis.analytics.slippage_fit import FORMS, SlippageFit
from genesis.analytics.survival import FillOdds
from genesis.analytics.values import NoValue
from genesis.research.style import ASH, CLAY, INDIGO, MOSS, OCHRE, TEMPLATE, faint

Float64 = npt.NDArray[np.float64]

_COLOURS: Final = {"feed": INDIGO, "entry": CLAY, "response": MOSS}
_CHECK_COLOURS: Final = {
    "latency, feed": INDIGO, "latency, entry": CLAY, "latency, response": MOSS,
    "slippage": ASH, "queue": OCHRE,
}  # fmt: skip
_MARKS_MS: Final = [step * 10**power for power in range(5) for step in (1, 2, 5)]
_COST_COLOURS: Final = {"spread": INDIGO, "delay": OCHRE, "walk": CLAY, "fee": MOSS}


def _laid_out(figure: go.Figure, title: str, said: str, height: int = 360) -> go.Figure:
    figure.update_layout(
        template=TEMPLATE, title={"text": f"{title}<br><sup>{said}</sup>"}, height=height,
        hovermode="closest", margin={"t": 96},
    )  # fmt: skip
    return figure


def latency_figure(parts: Mapping[str, Float64]) -> go.Figure:
    """Of each part (sorted ms) the share of messages that took at most so long."""
    figure = go.Figure()
    for part, samples in parts.items():
        colour = _COLOURS[part]
        if len(samples) > 1:
            figure.add_scatter(
                x=samples, y=np.arange(1, len(samples) + 1) / len(samples), name=part,
                mode="lines", line={"color": colour, "width": 1.8, "shape": "hv"},
                hovertemplate="%{y:.0%} within %{x:.1f} ms<extra>" + part + "</extra>",
            )  # fmt: skip
    _laid_out(figure, "How long messages take", "share that took at most so long")
    figure.update_xaxes(title_text="ms", type="log", tickvals=_MARKS_MS, ticktext=_MARKS_MS)
    figure.update_yaxes(title_text="share", tickformat=".0%")
    return figure


def slippage_figure(
    fit: SlippageFit, sizes: Float64, slipped: Float64, found: Reliability | NoValue
) -> go.Figure:
    """Orders (oldest first), the law, and what was predicted of the newest third."""
    at = np.linspace(0.0, max(float(sizes.max()), 1e-9), 80)
    figure = go.Figure()
    figure.add_scatter(
        x=sizes, y=slipped, mode="markers", name="orders",
        marker={"color": faint(INDIGO, 0.35), "size": 5},
        hovertemplate="%{x:.2%} of a minute: %{y:.2f} bps<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=at, y=fit.predicted_bps(at), mode="lines", name="the law", hoverinfo="skip",
        line={"color": CLAY, "width": 2},
    )  # fmt: skip
    if isinstance(found, Reliability):
        _add_checked(figure, found, _middles(sizes, found))
    power = "√share" if FORMS[fit.form] < 1 else "share"
    said = f"{fit.intercept_bps.point:.2f} + {fit.slope_bps.point:.1f} · {power} bps"
    _laid_out(figure, "What size costs", said)
    figure.update_xaxes(title_text="share of a minute's volume", tickformat=".0%")
    figure.update_yaxes(title_text="slippage, bps (above 0 is worse)", range=_around(slipped))
    return figure


def _around(slipped: Float64) -> list[float]:
    """Most orders; a few far ones would press the rest flat."""
    low, high = np.quantile(slipped, (0.01, 0.99))
    room = 0.15 * float(high - low) + 1e-9
    return [float(low) - room, float(high) + room]


def _middles(sizes: Float64, found: Reliability) -> list[float]:
    """Where each of the checked groups of the newest third lies in size."""
    parts = np.array_split(np.sort(sizes[found.fitted :]), len(found.rows))
    return [float(part.mean()) for part in parts]


def _add_checked(figure: go.Figure, found: Reliability, at: list[float]) -> None:
    """What came of orders that were held out, and where it had to come to lie."""
    rows = found.rows
    figure.add_scatter(
        x=at, y=[row.predicted for row in rows], mode="markers", name="should lie",
        marker={"color": MOSS, "size": 11, "symbol": "line-ew-open"},
        error_y=_where_it_should_lie(rows, MOSS), hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=at, y=[row.realised for row in rows], mode="markers", name="newest third",
        marker={"color": MOSS, "size": 9, "symbol": "diamond"},
        text=[row.name for row in rows],
        hovertemplate="%{text}: %{y:.2f}<extra>held out</extra>",
    )  # fmt: skip


def _where_it_should_lie(rows: Sequence[Checked], colour: str) -> dict[str, Any]:
    """Bars about what was predicted, from low to high."""
    return {
        "type": "data", "symmetric": False, "color": colour, "thickness": 1.6, "width": 5,
        "array": [row.high - row.predicted for row in rows],
        "arrayminus": [row.predicted - row.low for row in rows],
    }  # fmt: skip


def queue_figure(odds: FillOdds, middle: float, found: Reliability | NoValue) -> go.Figure:
    """Odds of a fill by how much of the queue was traded; middle: when half are filled."""
    at, share = np.append(0.0, odds.at), np.append(0.0, odds.odds)
    figure = go.Figure()
    figure.add_scatter(
        x=at, y=share, mode="lines", name="filled by then",
        line={"color": INDIGO, "width": 2, "shape": "hv"},
        hovertemplate="%{y:.0%} after %{x:.2f} of the queue<extra></extra>",
    )  # fmt: skip
    if isinstance(found, Reliability):
        marks = [float(row.name.removeprefix("until ")) for row in found.rows]
        _add_checked(figure, found, marks)
    for name, place in (("optimistic", 0.0), ("conservative", 1.0)):
        figure.add_vline(
            x=place, line={"color": CLAY, "width": 1.2, "dash": "dot"},
            annotation={"text": name, "font": {"size": 12}}, annotation_position="top left",
        )  # fmt: skip
    said = f"half are filled after {middle:.2f} of what stood before them"
    _laid_out(figure, "How the queue moves", said)
    figure.update_xaxes(title_text="traded at the price, over what stood before the order")
    figure.update_yaxes(title_text="share filled", tickformat=".0%", range=[-0.02, 1.05])
    return figure


def reliability_figure(checks: Sequence[tuple[str, Reliability]]) -> go.Figure:
    """Predicted across, realised upwards, of what was held out: shares left, bps right."""
    figure = make_subplots(rows=1, cols=2, column_widths=[0.55, 0.45], horizontal_spacing=0.12)
    ends: dict[int, list[float]] = {1: [0.0, 1.0], 2: [0.0]}
    for name, found in checks:
        column = 2 if found.unit == "bps" else 1
        rows, colour = found.rows, _CHECK_COLOURS[name]
        ends[column] += [each for row in rows for each in (row.predicted, row.realised)]
        predicted = [row.predicted for row in rows]
        figure.add_scatter(
            x=predicted, y=predicted, mode="markers", showlegend=False, row=1, col=column,
            marker={"color": colour, "size": 9, "symbol": "line-ew-open"},
            error_y=_where_it_should_lie(rows, faint(colour, 0.55)), hoverinfo="skip",
        )  # fmt: skip
        figure.add_scatter(
            x=predicted, y=[row.realised for row in rows], name=name, mode="markers",
            marker={"color": colour, "size": 8}, row=1, col=column,
            text=[row.name for row in rows],
            hovertemplate="%{text}: predicted %{x:.3g}, realised %{y:.3g}<extra>" + name
            + "</extra>",
        )  # fmt: skip
    for column, of in ends.items():
        line = [min(of), max(of)]
        figure.add_scatter(
            x=line, y=line, mode="lines", line={"color": ASH, "width": 1, "dash": "dot"},
            hoverinfo="skip", showlegend=False, row=1, col=column,
        )  # fmt: skip
    said = "a point beyond its bar: not as predicted"
    _laid_out(figure, "Predicted and realised", said, height=400)
    figure.update_xaxes(title_text="predicted share", tickformat=".0%", row=1, col=1)
    figure.update_yaxes(title_text="realised share", tickformat=".0%", row=1, col=1)
    figure.update_xaxes(title_text="predicted bps", row=1, col=2)
    figure.update_yaxes(title_text="realised bps", row=1, col=2)
    return figure


def cost_figure(table: pd.DataFrame, mean_bps: float) -> go.Figure:
    """The parts of every order, one on the other; mean_bps: of all of it."""
    figure = go.Figure()
    for name, colour in _COST_COLOURS.items():
        figure.add_bar(
            x=np.arange(1, len(table) + 1), y=table[f"{name}_bps"], name=name,
            marker={"color": faint(colour, 0.75), "line": {"width": 0}},
            hovertemplate="order %{x}: %{y:.2f} bps<extra>" + name + "</extra>",
        )  # fmt: skip
    said = f"{mean_bps:.1f} bps of what was traded; below 0 the market came closer"
    _laid_out(figure, "What an order really costs", said)
    figure.update_layout(barmode="relative", bargap=0.25)
    figure.update_xaxes(title_text="market orders, oldest first")
    figure.update_yaxes(title_text="bps")
    return figure
