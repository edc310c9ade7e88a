"""The picture of a judged backtest, in the house style."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from genesis.research.style import CLAY, INDIGO, MOSS, OCHRE, TEMPLATE, faint
from genesis.risk.rulebooks import Standing

MOST_POINTS: Final = 4_000
_COLOURS: Final = (INDIGO, OCHRE, MOSS, CLAY)


def headroom_figure(
    left: pd.DataFrame, standings: Sequence[Standing], title: str, verdict: str
) -> go.Figure:
    """A line per floor: what was left to lose above it; below zero it is broken.

    left: USDT over UTC ns, a column per floor; the least of each group of points is drawn.
    """
    step = max(1, -(-len(left) // MOST_POINTS))
    thin = left.groupby(np.arange(len(left)) // step).min()
    times = left.index[::step].to_numpy().astype("datetime64[ns]")
    figure = go.Figure()
    for colour, name in zip(_COLOURS, thin.columns, strict=False):
        figure.add_scatter(
            x=times,
            y=thin[name].to_numpy(),
            name=str(name).replace("_", " "),
            line={"color": colour, "width": 1.6, "shape": "hv"},
            hovertemplate="%{y:,.2f}",
        )
    figure.add_hline(y=0, line={"color": faint(CLAY, 0.8), "width": 1})
    for one in standings:
        if one.headroom_usdt is not None and one.breach_ts_ns is not None:
            at = np.datetime64(one.breach_ts_ns, "ns")
            figure.add_vline(x=at, line={"color": CLAY, "width": 1, "dash": "dot"})
    told = {"text": f"Left to lose under {title}<br><sup>{verdict}</sup>"}
    figure.update_layout(template=TEMPLATE, title=told, height=380, showlegend=True)
    figure.update_yaxes(title_text="USDT")
    return figure
