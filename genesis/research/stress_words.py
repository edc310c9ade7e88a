"""A cost stress in words and as a picture."""

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from genesis.analytics import NoValue
from genesis.research.counting import return_fraction
from genesis.research.style import (
    CLAY,
    INK,
    MOSS,
    NONE,
    OCHRE,
    TEMPLATE,
    WORDS,
    Card,
    Shown,
    cards,
    faint,
    note,
    on_paper,
    percent,
    table,
)

if TYPE_CHECKING:
    from genesis.research.result import BacktestResult
    from genesis.research.stress import Stress, Stresses


def lines(found: "Stresses") -> list[tuple[str, str]]:
    """(name, text), coverage first."""
    run, left = found.stresses[0].run, found.stresses[1:]
    told = "; ".join(f"{one.name} {percent(return_fraction(one.run))}" for one in left)
    return [
        ("coverage", str(run.coverage)),
        ("run", f"{run.setup.strategy} on {run.setup.symbols}, rules {run.setup.rules}, fill "
         f"{run.setup.fill}: {percent(return_fraction(run))}"),
        ("break-even", _break_even(found)),
        ("slippage", _slippage(found)),
        ("under stress", told),
    ]  # fmt: skip


def face(found: "Stresses") -> Shown:
    """For a notebook: coverage, cards, a row per condition."""
    told = dict(lines(found))
    run, even = found.stresses[0], found.break_even_bps
    worst = min(found.stresses, key=lambda one: return_fraction(one.run))
    value, mood = NONE, ""
    if not isinstance(even, NoValue):
        value = f"{even:,.1f} bps".replace("-", "−")
        mood = "up" if even > run.cost_bps else "down"
    above = cards(
        [
            Card("break-even", value, f"a side; it paid {run.cost_bps:,.1f}", mood),
            Card(run.name, *_left(run.run)),
            Card(f"worst: {worst.name}", *_left(worst.run)),
        ]
    )  # fmt: skip
    names = {"run": "", "cost_bps": "cost a side, bps", "late_ms": "later, ms",
             "return_fraction": "return", "trades": "trades", "refused": "refused"}  # fmt: skip
    formats = {
        "return_fraction": _signed,
        "cost_bps": "{:,.1f}".format,
        "late_ms": "{:,.0f}".format,
    }
    rows = table(found.table, names=names, formats=formats)
    parts = (note(f"coverage: {told['coverage']}"), above, rows, note(told["slippage"]))
    plain = "\n".join(f"{name:<16} {text}" for name, text in told.items())
    return Shown("".join(part.html for part in parts), plain)


def stress_figure(found: "Stresses") -> go.Figure:
    """Return by cost a side with the break-even in it, and of what came later."""
    figure = go.Figure()
    paid = [one for one in found.stresses if not one.late_ns]
    late = [one for one in found.stresses if one.late_ns]
    figure.add_scatter(
        x=[one.cost_bps for one in paid], y=[return_fraction(one.run) for one in paid],
        mode="lines+markers+text", text=[one.name for one in paid], name="costs",
        textposition="top right", textfont={"size": 12, "color": WORDS}, cliponaxis=False,
        line={"color": faint(INK, 0.5), "width": 1.4}, marker=_marks(paid, "circle"),
        hovertemplate="%{text}: %{x:.1f} bps a side, %{y:.2%}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=[one.cost_bps for one in late], y=[return_fraction(one.run) for one in late],
        mode="markers+text", text=[one.name for one in late], name="later",
        textposition=["top left", "bottom left"][-len(late) :], cliponaxis=False,
        textfont={"size": 12, "color": WORDS},
        marker=_marks(late, "diamond"),
        hovertemplate="%{text}: %{x:.1f} bps a side, %{y:.2%}<extra></extra>",
    )  # fmt: skip
    figure.add_hline(y=0, line={"color": faint(INK, 0.5), "width": 1})
    even = found.break_even_bps
    if not isinstance(even, NoValue) and even > 0:
        figure.add_vline(
            x=even, line={"color": OCHRE, "width": 1.4, "dash": "dot"},
            annotation={"text": f"break-even {even:,.1f}", "font": {"size": 12, "color": WORDS}},
            annotation_position="top right",
        )  # fmt: skip
    run = found.stresses[0].run
    title = f"{run.setup.strategy} on {run.setup.symbols}: what costs and delay leave"
    figure.update_layout(
        template=TEMPLATE, title={"text": f"{title}<br><sup>{run.coverage}</sup>"}, height=380,
        showlegend=False, hovermode="closest", margin={"t": 80, "r": 90},
    )  # fmt: skip
    figure.update_xaxes(title_text="cost a side, bps", rangemode="tozero")
    figure.update_yaxes(title_text="return", tickformat=".3~%")
    return figure


def _marks(of: "list[Stress]", symbol: str) -> dict[str, object]:
    colours = [on_paper(MOSS if return_fraction(one.run) >= 0 else CLAY, 0.85) for one in of]
    return {"size": 10, "symbol": symbol, "color": colours}


def _left(run: "BacktestResult") -> tuple[str, str, str]:
    value = return_fraction(run)
    mood = "up" if value > 0 else "down" if value < 0 else ""
    return percent(value), f"{len(run.trades):,} trades", mood


def _signed(value: float) -> str:
    return percent(value)


def _break_even(found: "Stresses") -> str:
    value = found.break_even_bps
    if isinstance(value, NoValue):
        return f"{NONE} ({value.reason})"
    paid = found.stresses[0].cost_bps
    told = f"{value:,.2f} bps a side, all in; it paid {paid:,.2f}".replace("-", "−")
    return told if value > 0 else f"{told}: it loses without any cost"


def _slippage(found: "Stresses") -> str:
    value = found.measured_bps
    told = f"{NONE} ({value.reason})" if isinstance(value, NoValue) else f"{value:,.2f} bps"
    words = f"slippage of what was taken: {told} a side, against the last price at the decision"
    if found.assumed_bps is None:
        return words.replace("-", "−")
    return f"{words}; assumed beside it {found.assumed_bps:,.2f} bps".replace("-", "−")
