"""A market drawn quietly: price above, what was traded below."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from genesis.research.style import ASH, CLAY, INK, MOSS, TEMPLATE, faint


def market_figure(bars: pd.DataFrame, title: str = "") -> go.Figure:
    """Bars of `TickStore.bars`: candles, and the volume of each."""
    times = bars["open_ts_ns"].to_numpy().astype("datetime64[ns]")
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.76, 0.24], vertical_spacing=0.04
    )
    figure.add_candlestick(
        x=times,
        open=bars["open"], high=bars["high"], low=bars["low"], close=bars["close"],
        increasing={"line": {"color": MOSS, "width": 1}, "fillcolor": faint(MOSS, 0.55)},
        decreasing={"line": {"color": CLAY, "width": 1}, "fillcolor": faint(CLAY, 0.55)},
        name="price", row=1, col=1,
    )  # fmt: skip
    figure.add_bar(
        x=times, y=bars["volume"], marker={"color": faint(ASH, 0.55), "line": {"width": 0}},
        name="traded", row=2, col=1,
    )  # fmt: skip
    figure.update_layout(
        template=TEMPLATE,
        title={"text": title, "font": {"color": INK}},
        showlegend=False,
        height=440,
        xaxis={"rangeslider": {"visible": False}},
        bargap=0.15,
    )
    figure.update_yaxes(title_text="price", row=1, col=1)
    figure.update_yaxes(title_text="traded", row=2, col=1)
    return figure
