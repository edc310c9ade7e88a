"""A sweep then and later, drawn and told."""

from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from genesis.analytics import NoValue
from genesis.domain.time import DAY
from genesis.errors import UsageError
from genesis.research.style import ASH, CLAY, INDIGO, TEMPLATE, Card, Shown, cards, faint, note
from genesis.research.style import share as share_of
from genesis.research.sweep_task import width_of

if TYPE_CHECKING:
    from genesis.research.both_parts import BothParts

_SHARES = frozenset({"return_fraction", "drawdown_fraction"})
_CARRIED = 0.5
_YEAR_DAYS = 365


def later_figure(of: "BothParts") -> go.Figure:
    """Then across, later up; the winner apart, a line where a trial did as well as before."""
    form = ".0%" if of.metric in _SHARES else ".2~f"
    scale, words = _words(of)
    then, later = of.then * scale, of.later * scale
    figure = go.Figure()
    both = np.concatenate((then[np.isfinite(then)], later[np.isfinite(later)], [0.0]))
    ends = [float(both.min()), float(both.max())]
    figure.add_scatter(
        x=ends, y=ends, mode="lines", name="as before", hoverinfo="skip",
        line={"color": ASH, "width": 1, "dash": "dot"},
    )  # fmt: skip
    figure.add_hline(y=0, line={"color": faint(ASH, 0.6), "width": 1})
    figure.add_vline(x=0, line={"color": faint(ASH, 0.6), "width": 1})
    figure.add_scatter(
        x=then, y=later, mode="markers", name="a trial",
        marker={"size": 7, "color": faint(INDIGO, 0.55)},
        hovertemplate=f"then %{{x:{form}}}, later %{{y:{form}}}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=[then[of.winner]], y=[later[of.winner]], mode="markers", name="the winner",
        marker={"size": 13, "color": CLAY},
        hovertemplate=f"the winner: then %{{x:{form}}}, later %{{y:{form}}}<extra></extra>",
    )  # fmt: skip
    symbol = of.first.ran.bench.market.instrument.symbol
    said = f"{symbol}, {len(of.then):,} trials, {words}"
    figure.update_layout(
        template=TEMPLATE, title={"text": f"Every trial, then and later<br><sup>{said}</sup>"},
        height=400, margin={"t": 72, "b": 84}, hovermode="closest",
        legend={"y": -0.24, "yanchor": "top"},
    )  # fmt: skip
    known = then[np.isfinite(then)]
    room = float(np.ptp(known)) * 0.08 if known.size else 0.0
    reach = [float(known.min()) - room, float(known.max()) + room] if room else None
    figure.update_xaxes(title_text="then", tickformat=form, range=reach)
    figure.update_yaxes(title_text="later", tickformat=form)
    return figure


def winners_figure(each: "Sequence[BothParts]") -> go.Figure:
    """A line for each: the metric of the winner then, and later; the mean of all above them.

    Raises UsageError: there is none, or their metrics differ.
    """
    metrics = {one.metric for one in each}
    if len(metrics) != 1:
        raise UsageError(f"one metric is needed, there are {', '.join(sorted(metrics)) or 'none'}")
    metric = metrics.pop()
    scale, words = _words(each[0])
    ends = scale * np.array([(one.then[one.winner], one.later[one.winner]) for one in each])
    figure = go.Figure()
    for then, later in ends.tolist():
        figure.add_scatter(
            x=["then", "later"], y=[then, later], mode="lines+markers", showlegend=False,
            line={"color": faint(INDIGO, 0.4), "width": 1.2}, marker={"size": 6},
        )  # fmt: skip
    mean = ends.mean(axis=0)
    figure.add_scatter(
        x=["then", "later"], y=mean, mode="lines+markers", name="their mean",
        line={"color": CLAY, "width": 3}, marker={"size": 10},
    )  # fmt: skip
    figure.add_hline(y=0, line={"color": faint(ASH, 0.7), "width": 1})
    said = f"{len(each)} markets, {words} of each winner"
    figure.update_layout(
        template=TEMPLATE, title={"text": f"The winners, then and later<br><sup>{said}</sup>"},
        height=380, margin={"t": 72, "b": 70}, hovermode=False,
        legend={"y": -0.14, "yanchor": "top"},
    )  # fmt: skip
    figure.update_xaxes(range=[-0.35, 1.35], showgrid=False)
    figure.update_yaxes(tickformat=".0%" if metric in _SHARES else ".3~f")
    return figure


def later_face(of: "BothParts") -> Shown:
    """Three cards and what they do not tell."""
    scale, words = _words(of)
    then, later = of.then[of.winner] * scale, of.later[of.winner] * scale
    match = of.correlation
    told = f"{match:+.2f}".replace("-", "−")
    stayed = not isinstance(match, NoValue) and match > _CARRIED
    said = (
        match.reason if isinstance(match, NoValue) else "1: the order stayed; 0: it tells nothing"
    )
    above = cards(
        [
            Card("the winner, then", _told(of.metric, then), words),
            Card("the winner, later", _told(of.metric, later),
                 f"{share_of(of.beaten_by, 0)} of the others did better",
                 "up" if of.beaten_by < _CARRIED and later > 0 else "down"),
            Card("order of all trials", told, said, "up" if stayed else "down"),
        ]
    )  # fmt: skip
    below = note("One market and one cut in two: neighbours move together, so this is no test.")
    return Shown(above.html + below.html, f"{above.plain}\n{below.plain}")


def _words(of: "BothParts") -> tuple[float, str]:
    """What to multiply the metric by, and how people call it: Sharpe ratios are told per year."""
    if of.metric != "sharpe_per_bar":
        return 1.0, of.metric.removesuffix("_fraction").removesuffix("_usdt").replace("_", " ")
    one, _ = of.first.trials[0]
    width_ns = width_of(of.first.ran.task.kind, one.params)
    return sqrt(_YEAR_DAYS * DAY / width_ns), "Sharpe ratio per year"


def _told(metric: str, value: float) -> str:
    if not np.isfinite(value):
        return "–"
    told = f"{abs(value):.1%}" if metric in _SHARES else f"{abs(value):,.2f}"
    return f"{'−' if value < 0 else '+'}{told}"
