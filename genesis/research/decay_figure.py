"""The evidence against a strategy, trade by trade, in the house style."""

import numpy as np
import plotly.graph_objects as go

from genesis.analytics.decay import Decay
from genesis.research.style import ASH, CLAY, INDIGO, TEMPLATE, WORDS


def evidence_figure(strategy: str, found: Decay) -> go.Figure:
    """What the bet against the strategy had become, and the line at which the alarm is raised."""
    number = np.arange(1, found.trades + 1)
    figure = go.Figure()
    figure.add_scatter(
        x=number, y=found.capital, mode="lines", line={"color": INDIGO, "width": 1.8},
        hovertemplate="trade %{x}: %{y:.2f}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=number[[0, -1]], y=[found.needed] * 2, mode="lines+text", text=["alarm", ""],
        textposition="top right", textfont={"size": 12, "color": WORDS}, hoverinfo="skip",
        line={"color": CLAY, "width": 1.4, "dash": "dot"},
    )  # fmt: skip
    for name, at in (("began", found.since), ("raised", found.alarm_at)):
        if at is not None:
            figure.add_vline(
                x=at, line={"color": ASH, "width": 1},
                annotation={"text": name, "font": {"size": 12, "color": WORDS}},
                annotation_position="top right",
            )  # fmt: skip
    said = f"odds of a false alarm {found.alpha:.0%} at most, however often it is looked at"
    figure.update_layout(
        template=TEMPLATE, height=340, showlegend=False, hovermode="closest", margin={"t": 72},
        title={"text": f"Evidence that {strategy} falls short<br><sup>{said}</sup>"},
    )  # fmt: skip
    figure.update_xaxes(title_text="closed trades")
    figure.update_yaxes(title_text="what a stake of 1 became", type="log")
    return figure
