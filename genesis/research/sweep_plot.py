"""A sweep as a picture: the metric over its parameters, the peak beside the plateau."""

from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from genesis.errors import UsageError
from genesis.research.style import CLAY, INDIGO, INK, MOSS, OCHRE, PAPER, SAND, TEMPLATE, on_paper
from genesis.research.sweep_figures import LOWER_IS_BETTER

if TYPE_CHECKING:
    import pandas as pd

    from genesis.research.swept import Swept


_SIGNED: Final = frozenset({"return_fraction", "sharpe_per_bar", "pnl_usdt"})
"""Below 0 is bad, however well it stands among its like."""


def sweep_figure(result: "Swept", x: str | None, y: str | None, metric: str) -> go.Figure:
    """A heat map of two parameters; a line where the sweep has one only."""
    names = result.ran.space.names
    across = _axis(result, x or names[0])
    others = [name for name in names if name != across]
    if not others:
        figure = _line(result, across, metric)
    else:
        figure = _map(result, across, _axis(result, y or others[0]), metric)
    title = f"{result.ran.task.kind.name}: {metric.replace('_', ' ')}"
    trials = f"{len(result):,} trials, {result.counted.trials:,} ever"
    figure.update_layout(
        template=TEMPLATE,
        title={"text": f"{title}<br><sup>{result.coverage}<br>{trials}</sup>"},
        height=460 if others else 340,
        margin={"t": 92, "b": 70},
        hovermode="closest",
        legend={"y": -0.16 if others else -0.26, "yanchor": "top"},
    )
    return figure


def _map(result: "Swept", across: str, up: str, metric: str) -> go.Figure:
    if across == up:
        raise UsageError(f"x and y are both {across!r}: name two parameters")
    plane = result.table.pivot_table(index=up, columns=across, values=metric, aggfunc="median")
    xs, ys = [str(v) for v in plane.columns], [str(v) for v in plane.index]
    good, bad = (MOSS, CLAY) if metric not in LOWER_IS_BETTER else (CLAY, MOSS)
    figure = go.Figure()
    figure.add_heatmap(
        z=plane.to_numpy(), x=xs, y=ys, xgap=1, ygap=1,
        zmid=0 if metric in _SIGNED else None,
        colorscale=[[0, on_paper(bad, 0.8)], [0.5, SAND], [1, on_paper(good, 0.8)]],
        colorbar={"thickness": 10, "outlinewidth": 0, "tickformat": _form(metric)},
        hovertemplate=f"{across} %{{x}}, {up} %{{y}}: %{{z:{_form(metric)}}}<extra></extra>",
    )  # fmt: skip
    marks = (("best", result_best(result, metric), "x-thin", INK),
             ("steadiest", result.steadiest(metric), "circle-open", INDIGO))  # fmt: skip
    for name, row, symbol, colour in marks:
        figure.add_scatter(
            x=[str(row[across])], y=[str(row[up])], mode="markers", name=name,
            marker={"symbol": symbol, "size": 15, "color": colour,
                    "line": {"width": 2.5, "color": colour}},
            hovertemplate=f"{name}: {across} %{{x}}, {up} %{{y}}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title_text=across, type="category", showgrid=False)
    figure.update_yaxes(title_text=up, type="category", showgrid=False)
    return figure


def _line(result: "Swept", across: str, metric: str) -> go.Figure:
    found = result.plateau(metric).sort_values(across, kind="stable")
    names = [str(value) for value in found[across]]
    figure = go.Figure()
    figure.add_scatter(
        x=names, y=found[metric].to_numpy(), name=metric.replace("_", " "), mode="lines+markers",
        line={"color": INDIGO, "width": 1.6},
    )  # fmt: skip
    figure.add_scatter(
        x=names, y=found["plateau"].to_numpy(), name="median with its neighbours", mode="lines",
        line={"color": OCHRE, "width": 1.4, "dash": "dot"},
    )  # fmt: skip
    marks = (("best", result_best(result, metric), INK),
             ("steadiest", result.steadiest(metric), MOSS))  # fmt: skip
    for name, row, colour in marks:
        figure.add_scatter(
            x=[str(row[across])], y=[row[metric]], mode="markers", name=name,
            marker={"size": 12, "color": colour, "line": {"width": 1, "color": PAPER}},
        )  # fmt: skip
    figure.update_xaxes(title_text=across, type="category")
    figure.update_yaxes(tickformat=_form(metric))
    return figure


def result_best(result: "Swept", metric: str) -> "pd.Series[Any]":
    """The row that is best in a metric, whatever the sweep looked for."""
    scores = [figures.score(metric) for _, figures in result.trials]
    return result.table.iloc[scores.index(max(scores))]


def _axis(result: "Swept", name: str) -> str:
    if name not in result.ran.space.names:
        known = ", ".join(result.ran.space.names)
        raise UsageError(f"the sweep has no parameter {name!r}: it tried {known}")
    return name


def _form(metric: str) -> str:
    return ".1%" if metric in ("return_fraction", "drawdown_fraction") else ",.3~g"
