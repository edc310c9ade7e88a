"""Figures of a result."""

from typing import Final

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from genesis.research.measured import Measured

MOST_POINTS: Final = 4_000


def backtest_figure(result: Measured) -> go.Figure:
    """Equity above, fall from the peak below, a mark at each closed trade."""
    equity = result.equity
    thin = equity.iloc[:: max(1, len(equity) // MOST_POINTS)]
    times = thin.index.to_numpy().astype("datetime64[ns]")
    peak = np.maximum(np.maximum.accumulate(equity.to_numpy()), float(result.setup.cash))
    fall = (equity.to_numpy() / peak - 1.0)[:: max(1, len(equity) // MOST_POINTS)]
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.7, 0.3])
    figure.add_scatter(x=times, y=thin.to_numpy(), name="equity", row=1, col=1)
    _mark_trades(figure, result)
    figure.add_scatter(x=times, y=fall, name="drawdown", fill="tozeroy", row=2, col=1)
    figure.update_yaxes(title_text=result.setup.instrument.quote, row=1, col=1)
    figure.update_yaxes(title_text="drawdown", tickformat=".1%", row=2, col=1)
    figure.update_layout(
        title=f"{result.setup.strategy} on {result.setup.instrument.symbol}: {result.coverage}",
        template="plotly_white",
        showlegend=False,
    )
    return figure


def _mark_trades(figure: go.Figure, result: Measured) -> None:
    trades = result.trades
    if not len(trades):
        return
    at = np.searchsorted(result.equity.index.to_numpy(), trades["exit_ts_ns"])
    level = result.equity.to_numpy()[np.minimum(at, len(result.equity) - 1)]
    colours = np.where(trades["pnl"] > 0, "#2a9d8f", "#b0655a")
    words = [
        f"{reason}: {pnl:,.2f}" for reason, pnl in zip(trades["reason"], trades["pnl"], strict=True)
    ]
    figure.add_scatter(
        x=trades["exit_ts_ns"].to_numpy().astype("datetime64[ns]"),
        y=level,
        mode="markers",
        marker={"size": 5, "color": colours},
        text=words,
        name="trades",
        row=1,
        col=1,
    )
