"""A distribution drawn quietly, with what happened marked in it."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from genesis.research.style import CLAY, INDIGO, TEMPLATE, WORDS, faint

_BARS = 40


def histogram(
    values: npt.NDArray[np.float64], title: str, said: str, axis: str, marks: Mapping[str, float]
) -> go.Figure:
    """(n,) values in bars, as shares of all; a line and its name at each of the marks."""
    shares, edges = np.histogram(values, bins=min(_BARS, max(1, np.unique(values).size)))
    figure = go.Figure()
    figure.add_bar(
        x=(edges[:-1] + edges[1:]) / 2, y=shares / values.size, width=np.diff(edges),
        marker={"color": faint(INDIGO, 0.45), "line": {"width": 0}},
        hovertemplate="%{x:.3g}: %{y:.1%}<extra></extra>",
    )  # fmt: skip
    for name, at in marks.items():
        figure.add_vline(
            x=at, line={"color": CLAY, "width": 1.4},
            annotation={"text": name, "font": {"size": 12, "color": WORDS}, "yanchor": "bottom",
                        "xanchor": "center"},
            annotation_position="top",
        )  # fmt: skip
    figure.update_layout(
        template=TEMPLATE, title={"text": f"{title}<br><sup>{said}</sup>"}, height=340,
        showlegend=False, hovermode="closest", margin={"t": 84}, bargap=0.04,
    )  # fmt: skip
    figure.update_xaxes(title_text=axis, tickformat=".0%" if axis.startswith("fraction") else "")
    figure.update_yaxes(title_text="share", tickformat=".0%")
    return figure
