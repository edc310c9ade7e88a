"""Pictures of the detector at work, in the house style."""

from collections.abc import Sequence
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from genesis.domain.indicator_words import indicator
from genesis.research.style import (
    ASH,
    CLAY,
    INDIGO,
    INK,
    LEVELS,
    MOSS,
    OCHRE,
    TEMPLATE,
    WORDS,
    faint,
)
from genesis.tilt.rules import LevelRules

_WASHES: Final = (INDIGO, OCHRE, CLAY, MOSS, ASH, INK)
_HIGHEST: Final = 100


def roc_figure(
    curve: pd.DataFrame, lines: Sequence[tuple[str, int]], area: float, said: str
) -> go.Figure:
    """What is caught against what is called in vain; a mark where each level begins.

    curve: line, false_share, caught_share, from the highest line down. area: under the curve.
    """
    figure = go.Figure()
    figure.add_scatter(
        x=[0.0, *curve["false_share"]], y=[0.0, *curve["caught_share"]], mode="lines",
        name="detector", line={"color": INDIGO, "width": 1.8}, hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="a coin", hoverinfo="skip",
        line={"color": ASH, "width": 1, "dash": "dot"},
    )  # fmt: skip
    for name, line in lines:
        above = curve[curve["line"] >= line]
        if above.empty:
            continue
        last = above.iloc[-1]
        figure.add_scatter(
            x=[last["false_share"]], y=[last["caught_share"]], mode="markers+text", name=name,
            marker={"size": 9, "color": LEVELS[name]}, text=[f"  {name} from {line}"],
            textposition="bottom right", textfont={"size": 12, "color": WORDS},
            hovertemplate="%{x:.1%} of calm entries, %{y:.1%} of tilted ones<extra></extra>",
        )  # fmt: skip
    title = f"Tilt told from calm, area {area:.2f}<br><sup>{said}</sup>"
    figure.update_layout(template=TEMPLATE, title={"text": title}, height=420, showlegend=False)
    figure.update_layout(hovermode="closest", margin={"t": 64})
    figure.update_xaxes(title_text="calm entries at or above the line", tickformat=".0%")
    figure.update_yaxes(title_text="tilted entries at or above it", tickformat=".0%")
    return figure


def scored_day_figure(
    acts: pd.DataFrame, indicators: Sequence[str], levels: LevelRules, title: str
) -> go.Figure:
    """The score as steps over the levels, its parts below it, a wash where he was on tilt.

    acts: at, tilted, score, and a column of points for each of the indicators.
    """
    figure = go.Figure()
    times = acts["at"].to_numpy().astype("datetime64[us]")
    main, rest = indicators[: len(_WASHES) - 1], indicators[len(_WASHES) - 1 :]
    parts = [(indicator(name), acts[name]) for name in main]
    if rest:
        parts.append(("all others", acts[list(rest)].sum(axis=1)))
    for colour, (name, values) in zip(_WASHES, parts, strict=False):
        figure.add_scatter(
            x=times, y=values.to_numpy(), name=name, mode="lines", stackgroup="parts",
            line={"width": 0, "shape": "hv"}, fillcolor=faint(colour, 0.35), hovertemplate="%{y}",
        )  # fmt: skip
    figure.add_scatter(
        x=times, y=acts["score"].to_numpy(), name="score", mode="lines",
        line={"color": INDIGO, "width": 1.6, "shape": "hv"}, hovertemplate="%{y}",
    )  # fmt: skip
    _levels(figure, levels)
    _truth(figure, acts)
    figure.update_layout(template=TEMPLATE, title={"text": title}, height=380)
    figure.update_layout(margin={"t": 64}, legend={"y": -0.16, "yanchor": "top"})
    figure.update_yaxes(title_text="score", range=[0, _HIGHEST])
    figure.update_xaxes(tickformat="%H:%M")
    return figure


def _levels(figure: go.Figure, levels: LevelRules) -> None:
    entered = (levels.caution_enter, levels.warning_enter, levels.locked_enter)
    for value, name in zip(entered, ("CAUTION", "WARNING", "LOCKED"), strict=True):
        figure.add_hline(
            y=value, line={"color": LEVELS[name], "width": 1, "dash": "dot"},
            annotation={"text": name, "font": {"size": 11, "color": WORDS}},
            annotation_position="top left",
        )  # fmt: skip


def _truth(figure: go.Figure, acts: pd.DataFrame) -> None:
    """From the first tilted act of a run to its last."""
    runs = (acts["tilted"] != acts["tilted"].shift()).cumsum()
    for _, run in acts[acts["tilted"]].groupby(runs):
        span = run["at"].to_numpy().astype("datetime64[us]")
        figure.add_vrect(
            x0=str(span[0]), x1=str(span[-1]), fillcolor=faint(CLAY, 0.14), line_width=0,
            layer="below",
        )  # fmt: skip
