"""A walk forward as a picture: what was judged, what was promised, what was chosen."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from genesis.analytics import NoValue
from genesis.domain.time import MILLISECOND, MINUTE
from genesis.research.equity import closes
from genesis.research.style import (
    ASH,
    CLAY,
    INDIGO,
    INK,
    MOSS,
    OCHRE,
    SAND,
    TEMPLATE,
    WORDS,
    faint,
    on_paper,
    percent,
)

if TYPE_CHECKING:
    from genesis.research.walked import Walked

_MOST_POINTS: Final = 4_000
_MOST_WORDS: Final = 24
"""Windows in whose cells a value can still be read."""


def walk_figure(found: "Walked") -> go.Figure:
    """Stitched equity, promised and kept a day, chosen parameters: one time axis."""
    heights = [0.5, 0.28, 0.05 + 0.06 * len(found.axes)]
    figure = make_subplots(
        rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.07, row_heights=heights
    )
    _equity(figure, found)
    _promises(figure, found)
    _choices(figure, found)
    kept = found.efficiency
    told = kept.reason if isinstance(kept, NoValue) else f"efficiency {kept:.2f}"
    title = f"{found.strategy} on {found.market.instrument.symbol}: judged where it was not chosen"
    words = (
        f"{percent(found.metrics['return_fraction'])}, {told.replace('-', '−')}; {found.coverage}"
    )
    figure.update_layout(
        template=TEMPLATE,
        title={"text": f"{title}<br><sup>{words}</sup>"},
        height=540 + 30 * len(found.axes),
        margin={"t": 96, "b": 44},
        barmode="overlay",
        hovermode="closest",
        legend={"y": 1.01},
    )
    span = _times([found.steps[0].window.test_from_ns, found.steps[-1].window.test_to_ns])
    figure.update_xaxes(range=span)
    return figure


def _equity(figure: go.Figure, found: "Walked") -> None:
    equity = found.equity
    every = max(1, len(equity) // _MOST_POINTS)
    picks = np.unique(np.append(np.arange(0, len(equity), every), len(equity) - 1))
    times = equity.index.to_numpy()[picks]
    held_at, held = _held(found)
    figure.add_scatter(
        x=_times(held_at), y=held, name="buy and hold", mode="lines",
        line={"color": ASH, "width": 1, "dash": "dot"},
        hovertemplate="held %{y:.2%}<extra></extra>", row=1, col=1,
    )  # fmt: skip
    figure.add_scatter(
        x=_times(times), y=equity.to_numpy()[picks] - 1.0, name="judged", mode="lines",
        line={"color": INDIGO, "width": 1.6}, hovertemplate="%{x}: %{y:.2%}<extra></extra>",
        row=1, col=1,
    )  # fmt: skip
    for step in found.steps[1::2]:
        edges = _times([step.window.test_from_ns, step.window.test_to_ns])
        figure.add_vrect(
            x0=edges[0], x1=edges[1], fillcolor=faint(ASH, 0.08), line={"width": 0},
            layer="below", row=1, col=1,
        )  # fmt: skip
    figure.update_yaxes(title_text="return", tickformat=".3~%", row=1, col=1)


def _held(found: "Walked") -> tuple[Any, Any]:
    """(stamps, return) of the symbol over the judged spans."""
    since, until = found.steps[0].window.test_from_ns, found.steps[-1].window.test_to_ns
    width_ns = found.steps[0].judged.setup.width_ns or MINUTE
    stamps, prices = closes(found.market.between(since, until).columns, width_ns)
    every = max(1, len(stamps) // _MOST_POINTS)
    return stamps[::every], prices[::every] / prices[0] - 1.0


def _promises(figure: go.Figure, found: "Walked") -> None:
    windows = [step.window for step in found.steps]
    middle = _times([(one.test_from_ns + one.test_to_ns) // 2 for one in windows])
    wide = [(one.test_to_ns - one.test_from_ns) / MILLISECOND for one in windows]
    promised = [step.promised_per_day for step in found.steps]
    kept = [step.kept_per_day for step in found.steps]
    told = [", ".join(f"{k} {v}" for k, v in step.params.items()) for step in found.steps]
    shared = {"x": middle, "customdata": told, "row": 2, "col": 1}
    figure.add_bar(
        y=promised, width=[0.8 * w for w in wide], name="promised a day",
        marker={"color": faint(OCHRE, 0.28), "line": {"width": 1, "color": faint(OCHRE, 0.8)}},
        hovertemplate="promised %{y:.2%} a day: %{customdata}<extra></extra>", **shared,
    )  # fmt: skip
    figure.add_bar(
        y=kept, width=[0.4 * w for w in wide], name="kept a day",
        marker={"color": [on_paper(MOSS if k >= 0 else CLAY, 0.85) for k in kept],
                "line": {"width": 0}},
        hovertemplate="kept %{y:.2%} a day: %{customdata}<extra></extra>", **shared,
    )  # fmt: skip
    figure.add_hline(y=0, line={"color": faint(INK, 0.5), "width": 1}, row=2, col=1)
    figure.update_yaxes(title_text="a day", tickformat=".3~%", row=2, col=1)


def _choices(figure: go.Figure, found: "Walked") -> None:
    """A row per parameter: the darker, the later its value stands among those that were tried."""
    names = list(found.axes)
    ranks = [[_rank(found.axes[name], step.params[name]) for step in found.steps] for name in names]
    texts = [[str(step.params[name]) for step in found.steps] for name in names]
    edges = [step.window.test_from_ns for step in found.steps]
    edges.append(found.steps[-1].window.test_to_ns)
    figure.add_heatmap(
        z=ranks, x=_times(edges), y=names, text=texts, xgap=1, ygap=2, zmin=0, zmax=1,
        texttemplate="%{text}" if len(found) <= _MOST_WORDS else None,
        textfont={"size": 11, "color": INK}, showscale=False,
        colorscale=[[0, SAND], [1, on_paper(INDIGO, 0.55)]],
        hovertemplate="%{y} %{text}<extra></extra>", row=3, col=1,
    )  # fmt: skip
    figure.update_yaxes(
        autorange="reversed", showgrid=False, ticks="", tickfont={"color": WORDS}, row=3, col=1
    )


def _rank(axis: tuple[object, ...], value: object) -> float:
    return axis.index(value) / max(1, len(axis) - 1)


def _times(stamps: Any) -> Any:
    return np.asarray(stamps, np.int64).astype("datetime64[ns]")
