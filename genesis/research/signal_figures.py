"""Figures of research signals: volume at price, and phases of a market."""

from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from genesis.domain.instrument import base_of, quote_of
from genesis.research.style import ASH, CLAY, INDIGO, INK, MOSS, OCHRE, TEMPLATE, faint

_WASHES: Final = {"ACCUMULATION": OCHRE, "MARKUP": MOSS, "DISTRIBUTION": ASH, "MARKDOWN": CLAY}
_MOST_WASHES: Final = 400


def profile_figure(
    table: pd.DataFrame, step: float, control: float, area: tuple[float, float], symbol: str
) -> go.Figure:
    """A lying bar for each price step: darker in the value area, a line at the point of control.

    table: that of a profile. step: height of its rows.
    """
    inside = table["in_value_area"].to_numpy()
    figure = go.Figure()
    figure.add_bar(
        x=table["volume"].to_numpy(),
        y=table["price"].to_numpy() + step / 2,
        orientation="h",
        width=step,
        marker={
            "color": [faint(INDIGO, 0.6 if one else 0.25) for one in inside],
            "line": {"width": 0},
        },
        hovertemplate="%{y:,.10g}: %{x:,.6g}<extra></extra>",
    )
    figure.add_hline(y=control, line={"color": CLAY, "width": 1.4})
    told = f"point of control {control:,.10g}, value area {area[0]:,.10g} – {area[1]:,.10g}"
    title = f"Volume at price, {symbol}<br><sup>{told}</sup>"
    figure.update_layout(template=TEMPLATE, title={"text": title}, height=460, showlegend=False)
    figure.update_layout(hovermode="closest", margin={"t": 64}, bargap=0)
    figure.update_xaxes(title_text=f"traded, {base_of(symbol)}")
    figure.update_yaxes(title_text=quote_of(symbol), tickformat=",.10~g")
    return figure


def wyckoff_figure(table: pd.DataFrame, stretches: pd.DataFrame, title: str) -> go.Figure:
    """The close over a wash for each stretch (of very many the longest), a mark at each event.

    table: a row per bar, with its phase and event. stretches: a row for each stretch of one phase.
    """
    figure = go.Figure()
    until_ns = stretches["first_ts_ns"].shift(-1, fill_value=stretches["last_ts_ns"].iloc[-1])
    longest = stretches.assign(until_ns=until_ns).nlargest(_MOST_WASHES, "bars")
    for phase, colour in _WASHES.items():
        spans = longest[longest["phase"] == phase]
        for ends in zip(_times(spans["first_ts_ns"]), _times(spans["until_ns"]), strict=True):
            figure.add_vrect(
                x0=str(ends[0]), x1=str(ends[1]), fillcolor=faint(colour, 0.22), line_width=0,
                layer="below",
            )  # fmt: skip
        figure.add_scatter(
            x=[None], y=[None], mode="markers", name=phase.lower(),
            marker={"size": 11, "symbol": "square", "color": faint(colour, 0.45)},
        )  # fmt: skip
    figure.add_scatter(
        x=_times(table["open_ts_ns"]), y=table["close"].to_numpy(), mode="lines",
        name="close", line={"color": INDIGO, "width": 1.4}, hovertemplate="%{y:,.10g}",
    )  # fmt: skip
    events = table[table["event"] != ""]
    figure.add_scatter(
        x=_times(events["open_ts_ns"]), y=events["close"].to_numpy(), mode="markers", name="event",
        marker={"size": 7, "color": INK}, text=events["event"].str.replace("_", " ").str.lower(),
        hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(template=TEMPLATE, title={"text": title}, height=440)
    figure.update_layout(margin={"t": 64}, legend={"y": -0.16, "yanchor": "top"})
    figure.update_xaxes(type="date")  # the marks of the legend alone would not tell
    figure.update_yaxes(title_text="close")
    return figure


def _times(stamps: pd.Series) -> Any:
    return stamps.to_numpy().astype("datetime64[ns]")
