"""Equity of a day both ways, in the house style."""

import pandas as pd
import plotly.graph_objects as go

from genesis.research.style import CLAY, INDIGO, MOSS, TEMPLATE


def both_ways(own: pd.Series, other: pd.Series, refused: pd.DataFrame, said: str) -> go.Figure:
    """Under the day's own rules, under the others, and a mark where only these refused."""
    figure = go.Figure()
    for name, series, colour in (("own rules", own, INDIGO), ("other rules", other, MOSS)):
        figure.add_scatter(
            x=_naive(series.index), y=series.to_numpy(), name=name, mode="lines",
            line={"color": colour, "width": 1.8}, hovertemplate="%{y:,.2f}",
        )  # fmt: skip
    if len(refused):
        at = pd.DatetimeIndex(refused["at"])
        places = other.index.searchsorted(at, side="right") - 1
        figure.add_scatter(
            x=_naive(at), y=other.to_numpy()[places.clip(min=0)], name="refused", mode="markers",
            marker={"color": CLAY, "size": 8}, text=refused["code"], hovertemplate="%{text}",
        )  # fmt: skip
    figure.update_layout(
        template=TEMPLATE, height=380, margin={"t": 72, "b": 72}, legend={"y": -0.28},
        title={"text": f"The same hand under other rules<br><sup>{said}</sup>"},
    )  # fmt: skip
    figure.update_yaxes(title_text="equity, USDT")
    figure.update_xaxes(tickformat="%H:%M")
    return figure


def _naive(index: pd.Index) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(index).tz_localize(None)
