"""Figures of a backtest and of a day, in the house style."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from genesis.research.day_facts import DayFacts
from genesis.research.measured import Measured
from genesis.research.style import (
    ASH,
    CLAY,
    INDIGO,
    INK,
    LEVELS,
    MOSS,
    OCHRE,
    PAPER,
    SAND,
    SERIF,
    TEMPLATE,
    WORDS,
    faint,
    on_paper,
    percent,
    share,
    signed,
)

MOST_POINTS: Final = 4_000
_FLAT: Final = 0.005
_SHORT: Final = np.timedelta64(6, "h")


# -- a backtest ------------------------------------------------------------------------------
def backtest_figure(result: Measured) -> go.Figure:
    """Equity above, fall from the peak below, a mark at each closed trade."""
    equity = result.equity
    thin = equity.iloc[:: max(1, len(equity) // MOST_POINTS)]
    times = thin.index.to_numpy().astype("datetime64[ns]")
    peak = np.maximum(np.maximum.accumulate(equity.to_numpy()), float(result.setup.cash))
    fall = (equity.to_numpy() / peak - 1.0)[:: max(1, len(equity) // MOST_POINTS)]
    figure = _two_rows()
    figure.add_scatter(x=times, y=thin.to_numpy(), name="equity", line=_ink(), row=1, col=1)
    _mark_trades(figure, result)
    figure.add_scatter(x=times, y=fall, name="drawdown", **_wash(CLAY), row=2, col=1)
    figure.update_yaxes(title_text=result.setup.instrument.quote, row=1, col=1)
    figure.update_yaxes(title_text="drawdown", tickformat=".1%", row=2, col=1)
    title = f"{result.setup.strategy} on {result.setup.symbols}"
    return _dressed(figure, f"{title}<br><sup>{result.coverage}</sup>", height=480)


def _mark_trades(figure: go.Figure, result: Measured) -> None:
    trades = result.trades
    if not len(trades):
        return
    at = np.searchsorted(result.equity.index.to_numpy(), trades["exit_ts_ns"])
    level = result.equity.to_numpy()[np.minimum(at, len(result.equity) - 1)]
    words = [
        f"{reason}: {pnl:,.2f}" for reason, pnl in zip(trades["reason"], trades["pnl"], strict=True)
    ]
    figure.add_scatter(
        x=trades["exit_ts_ns"].to_numpy().astype("datetime64[ns]"),
        y=level,
        mode="markers",
        marker={"size": 6, "color": _moods(trades["pnl"])},
        text=words,
        name="trades",
        row=1,
        col=1,
    )


# -- a day -----------------------------------------------------------------------------------
def day_equity_figure(day: DayFacts) -> go.Figure:
    """Equity by the minute with its trades, the fall from the day's high below."""
    equity, drawdown = day.equity, day.drawdown
    figure = _two_rows()
    times = _naive(equity.index)
    figure.add_scatter(
        x=times, y=equity.to_numpy(), name="equity", line=_ink(), hovertemplate="%{y:,.2f}",
        row=1, col=1,
    )  # fmt: skip
    figure.add_scatter(
        x=times, y=drawdown["fall_usdt"].to_numpy() * -1, name="below the high", **_wash(CLAY),
        hovertemplate="%{y:,.2f}", row=2, col=1,
    )  # fmt: skip
    _start_line(figure, day)
    _trade_marks(figure, day)
    _shades(figure, day)
    figure.update_yaxes(title_text="USDT", row=1, col=1)
    figure.update_yaxes(title_text="below the high", row=2, col=1)
    figure.update_xaxes(range=_span(day), tickformat="%H:%M")
    part = percent(day.result_usdt / day.start_usdt) if day.start_usdt else "no start"
    return _dressed(figure, f"Equity, {signed(day.result_usdt)} USDT ({part})", height=440)


def _start_line(figure: go.Figure, day: DayFacts) -> None:
    figure.add_scatter(
        x=_span(day), y=[day.start_usdt] * 2, mode="lines", name="start of the day",
        line={"color": ASH, "width": 1, "dash": "dot"}, hoverinfo="skip", row=1, col=1,
    )  # fmt: skip


def _trade_marks(figure: go.Figure, day: DayFacts) -> None:
    trades = day.trades
    if trades.empty:
        return
    at = _naive(pd.DatetimeIndex(trades["closed"]))
    figure.add_scatter(
        x=at,
        y=_equity_at(day, trades["closed"]),
        mode="markers",
        name="trade closed",
        marker={
            "size": 9, "color": _moods(trades["pnl_usdt"]), "line": {"width": 1, "color": PAPER},
        },
        text=[
            f"{signed(pnl)} USDT, {signed(r)} R, {reason}"
            for pnl, r, reason in zip(
                trades["pnl_usdt"], trades["r"], trades["reason"], strict=True
            )
        ],
        hovertemplate="%{text}",
        row=1,
        col=1,
    )  # fmt: skip


def _equity_at(day: DayFacts, moments: Iterable[pd.Timestamp]) -> list[float]:
    """Equity at the first minute at or after each moment."""
    places = np.minimum(day.equity.index.searchsorted(list(moments)), len(day.equity) - 1)
    return [float(day.equity.iloc[place]) for place in places]


def _shades(figure: go.Figure, day: DayFacts) -> None:
    """Washes behind the lines: while down or deaf, and while trading was paused."""
    gaps = day.coverage.gaps
    for gap in gaps[gaps["kind"].isin(["down", "feed"])].itertuples():
        _shade(figure, gap[3], gap[4], faint(ASH, 0.22))
    for row in day.tilt.interventions.itertuples():
        end = day.equity.index[-1] if row.ended is pd.NaT else row.ended
        _shade(figure, row.opened, end, faint(CLAY, 0.16))


def _shade(figure: go.Figure, start: Any, end: Any, colour: str) -> None:
    span = _naive(pd.DatetimeIndex([start, end]))
    figure.add_vrect(
        x0=str(span[0]), x1=str(span[1]), fillcolor=colour, line_width=0, layer="below"
    )


def day_trades_figure(day: DayFacts) -> go.Figure:
    """One bar per trade, in R; the whisker reaches from its worst to its best moment."""
    trades = day.trades.dropna(subset=["r"])
    names = [f"{n}. {at:%H:%M}" for n, at in enumerate(trades["closed"], 1)]
    figure = go.Figure()
    figure.add_bar(
        x=names,
        y=trades["r"].to_numpy(),
        marker={"color": [faint(mood, 0.6) for mood in _moods(trades["r"])], "line": {"width": 0}},
        width=min(0.5, 0.06 * max(1, len(trades))),
        text=[signed(r) for r in trades["r"]],
        textposition="none",
        customdata=trades[["who", "reason"]].to_numpy().tolist(),
        hovertemplate="%{y:+.2f} R, by %{customdata[0]}, left by %{customdata[1]}<extra></extra>",
    )
    middle = (trades["mae_r"] + trades["mfe_r"]) / 2
    reach = (trades["mfe_r"] - trades["mae_r"]) / 2
    figure.add_scatter(
        x=names,
        y=middle.to_numpy(),
        mode="markers",
        marker={"size": 1, "color": ASH},
        error_y={"type": "data", "array": reach.to_numpy(), "color": INDIGO, "thickness": 1.4,
                 "width": 5},
        customdata=trades[["mae_r", "mfe_r"]].to_numpy(),
        hovertemplate="worst %{customdata[0]:+.2f}, best %{customdata[1]:+.2f} R<extra></extra>",
    )  # fmt: skip
    figure.add_hline(y=0, line={"color": ASH, "width": 1})
    figure.update_yaxes(title_text="R", tickformat="+.2~f")
    if trades.empty:
        _say(figure, "no trade with a stop was closed")
    total = signed(trades["r"].sum()) if len(trades) else "none"
    return _dressed(figure, f"Trades in R, together {total}", height=320)


def day_tilt_figure(day: DayFacts) -> go.Figure:
    """The score as steps over the levels, with what it was made of."""
    figure = go.Figure()
    levels = day.log.rules.tilt.levels
    lines = ((levels.caution_enter, "CAUTION"), (levels.warning_enter, "WARNING"),
             (levels.locked_enter, "LOCKED"))  # fmt: skip
    scores, parts = day.tilt.scores, day.tilt.contributions
    start, end = _span(day)
    times = [start, *_naive(pd.DatetimeIndex(scores["at"])), _last(day)]
    washes = (INDIGO, OCHRE, CLAY, MOSS, ASH)
    for number, name in enumerate(column for column in parts.columns if parts[column].any()):
        values = parts[name].to_numpy().tolist()
        figure.add_scatter(
            x=times, y=[0, *values, values[-1] if values else 0], name=name, mode="lines",
            stackgroup="parts", line={"width": 0, "shape": "hv"},
            fillcolor=faint(washes[number % len(washes)], 0.35), hovertemplate="%{y}",
        )  # fmt: skip
    told = scores["score"].to_numpy().tolist()
    figure.add_scatter(
        x=times, y=[0, *told, told[-1] if told else 0], name="score", mode="lines",
        line={**_ink(), "shape": "hv"}, hovertemplate="%{y}",
    )  # fmt: skip
    for value, name in lines:
        figure.add_hline(
            y=value, line={"color": LEVELS[name], "width": 1, "dash": "dot"},
            annotation={"text": name.lower(), "font": {"size": 11, "color": WORDS},
                        "showarrow": False, "x": 1, "xanchor": "right", "yanchor": "bottom"},
        )  # fmt: skip
    for row in day.tilt.interventions.itertuples():
        _shade(figure, row.opened, row.ended if row.ended is not pd.NaT else _utc(_last(day)),
               faint(CLAY, 0.16))  # fmt: skip
    for row in day.tilt.limited.itertuples():
        _shade(figure, row[1], row[2], faint(OCHRE, 0.14))
    figure.update_yaxes(title_text="score", range=[0, 100], dtick=20)
    figure.update_xaxes(range=[start, end], tickformat="%H:%M")
    score, level, _ = day.tilt.highest
    figure.update_layout(showlegend=True)
    return _dressed(figure, f"Tilt, at most {score} ({level.lower()})", height=320, legend=True)


def day_headroom_figure(day: DayFacts) -> go.Figure:
    """How much of the loss limits was used, by the minute."""
    used = day.headroom.used
    figure = go.Figure()
    colours = {"daily_loss_warning": OCHRE, "daily_loss": CLAY, "drawdown_critical": INDIGO,
               "drawdown_halt": ASH}  # fmt: skip
    names = {"daily_loss_warning": "day, warning", "daily_loss": "day, demotion",
             "drawdown_critical": "fall, critical", "drawdown_halt": "fall, halt"}  # fmt: skip
    shown = [name for name in names if name in used.columns]
    for name in shown:
        figure.add_scatter(
            x=_naive(used.index), y=used[name].to_numpy(), name=names[name], mode="lines",
            line={"color": colours[name], "width": 1.5}, hovertemplate="%{y:.1%}",
        )  # fmt: skip
    most = float(used[shown].max().max()) if shown else 0.0
    top = min(1.05, max(0.10, most * 1.3)) if most < 1 else most * 1.1
    if top >= 1:
        figure.add_hline(y=1, line={"color": CLAY, "width": 1})
    figure.update_yaxes(title_text="of the limit used", tickformat=".0%", range=[0, top])
    figure.update_xaxes(range=_span(day), tickformat="%H:%M")
    if not shown:
        _say(figure, "the rulebook has no loss limits")
    title = f"Loss limits, at most {share(most, 0)} used" if shown else "Loss limits"
    return _dressed(figure, title, height=300, legend=True)


def month_figure(day: DayFacts) -> go.Figure:
    """The last weeks as a calendar: a cell a day, coloured by its result. At most five weeks."""
    frame, last = day.month, pd.Timestamp(day.date)
    weeks = min(5, int((last - _monday(frame["date"].iloc[0])).days) // 7 + 1)
    first = _monday(last) - pd.Timedelta(days=7 * (weeks - 1))
    grid = np.full((weeks, 7), np.nan)
    words = [["" for _ in range(7)] for _ in range(weeks)]
    figure = go.Figure()
    for row in frame[frame["date"] >= first].to_dict("records"):
        week, weekday = divmod((row["date"] - first).days, 7)
        grid[week, weekday] = row["result_fraction"]
        words[week][weekday] = (
            f"{row['date'].day}<br><b>{signed(row['result_usdt'])}</b><br>"
            f"{row['trades']} trade{'s' * (row['trades'] != 1)}"
        )
    most = max(1e-9, float(np.nanmax(np.abs(grid))))
    figure.add_heatmap(
        z=grid, x=list(_WEEKDAYS), y=list(range(weeks)), text=words, texttemplate="%{text}",
        xgap=4, ygap=4, showscale=False, zmin=-most, zmax=most, hoverinfo="skip",
        colorscale=[[0, on_paper(CLAY, 0.7)], [0.5, SAND], [1, on_paper(MOSS, 0.7)]],
        textfont={"family": SERIF, "size": 12, "color": INK},
    )  # fmt: skip
    _days_without_data(figure, grid, first, last)
    figure.update_yaxes(
        autorange="reversed", showgrid=False, ticks="", showline=False, tickvals=list(range(weeks)),
        ticktext=[f"{first + pd.Timedelta(days=7 * week):%d %b}" for week in range(weeks)],
    )  # fmt: skip
    figure.update_xaxes(side="top", showgrid=False, ticks="", showline=False)
    figure.update_layout(hovermode=False)
    known = frame[frame["date"] >= first]
    days = f"{len(known)} day{'s' * (len(known) != 1)} with data"
    title = f"{signed(known['result_usdt'].sum())} USDT in {days}"
    return _dressed(figure, title, height=110 + 62 * weeks, top=76)


_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _monday(at: pd.Timestamp) -> pd.Timestamp:
    return at - pd.Timedelta(days=at.weekday())


def _days_without_data(figure: go.Figure, grid: Any, first: pd.Timestamp, last: Any) -> None:
    """They keep their number, in ash."""
    for offset in range((last - first).days + 1):
        week, weekday = divmod(offset, 7)
        if not np.isfinite(grid[week, weekday]):
            figure.add_annotation(
                x=_WEEKDAYS[weekday], y=week, showarrow=False,
                text=str((first + pd.Timedelta(days=offset)).day),
                font={"family": SERIF, "size": 12, "color": ASH},
            )  # fmt: skip


# -- dress -----------------------------------------------------------------------------------
def _two_rows() -> go.Figure:
    return make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.72, 0.28], vertical_spacing=0.06
    )


def _ink() -> dict[str, Any]:
    """A line that is seen on light and on dark paper."""
    return {"color": INDIGO, "width": 1.6}


def _wash(colour: str) -> dict[str, Any]:
    return {
        "mode": "lines",
        "line": {"color": faint(colour, 0.8), "width": 1},
        "fill": "tozeroy",
        "fillcolor": faint(colour, 0.28),
    }


def _moods(amounts: Iterable[float]) -> list[str]:
    return [MOSS if amount > 0 else CLAY for amount in amounts]


def _dressed(
    figure: go.Figure, title: str, *, height: int, legend: bool = False, top: int = 48
) -> go.Figure:
    figure.update_layout(template=TEMPLATE, title={"text": title}, height=height, showlegend=legend)
    if legend:  # below the times: on a narrow page it takes two lines, and may not reach the title
        figure.update_layout(legend={"y": -0.16, "yanchor": "top"})
    if top != 48:
        figure.update_layout(margin={"t": top}, title={"yref": "container", "y": 0.96})
    return figure


def _say(figure: go.Figure, words: str) -> None:
    figure.add_annotation(
        x=0.5, y=0.5, xref="paper", yref="paper", text=words, showarrow=False,
        font={"family": SERIF, "size": 14, "color": WORDS},
    )  # fmt: skip


def _naive(index: Any) -> Any:
    """UTC stamps as plotly draws them as they are."""
    return index.tz_localize(None).to_numpy().astype("datetime64[us]")


def _utc(at: Any) -> pd.Timestamp:
    return pd.Timestamp(at, tz="UTC")


def _span(day: DayFacts) -> list[Any]:
    """The whole day; only what was seen of it where that is short."""
    seen = _naive(day.equity.dropna().index)
    if len(seen) > 1 and seen[-1] - seen[0] < _SHORT:
        room = max((seen[-1] - seen[0]) / 25, np.timedelta64(30, "s"))
        return [seen[0] - room, seen[-1] + room]
    start = np.datetime64(day.date.isoformat(), "us")
    return [start, start + np.timedelta64(1, "D")]


def _last(day: DayFacts) -> Any:
    return _naive(day.equity.index)[-1]
