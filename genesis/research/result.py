"""What a backtest found: exact records, and tables and figures made when they are asked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesis.research.measured import Measured, Metric, Setup

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["BacktestResult", "Metric", "Setup"]


@dataclass(frozen=True, eq=False)
class BacktestResult(Measured):
    """One run.

    setup: its conditions. steps: the steps that decided anything. executions: every fill event.
    positions: held at the end. sent: every order that left. gaps: what the recorder of the data
    missed. Everything else is derived:

    trades: pandas; entry_ts_ns, exit_ts_ns int64; entry_price, exit_price, qty, fee (both sides),
    pnl (net), mae, mfe, r float64; reason signal | stop | target | manual | halt; symbol.
    open_positions, orders, refusals: pandas. fills: pandas with exact Decimals. fees: exact
    Decimal by asset. equity: float64 series over UTC ns. metrics: figures by name.
    coverage: what the data covers. decision_digest: 64 hex digits.
    """

    # -- keeping -----------------------------------------------------------------------------
    def save(self, path: str | Path, notebook: str | Path | None = None) -> Path:
        """Everything it takes to make this result again, in one file: see `genesis.research.kept`.

        notebook: a file that is kept along. Raises UsageError: a strategy that has no name another
        machine would know it by. DataError: the file cannot be written.
        """
        from genesis.research.kept import save

        return save(self, Path(path), None if notebook is None else Path(notebook))

    # -- faces -------------------------------------------------------------------------------
    def plot(self) -> "Figure":
        """Equity, drawdown and trades."""
        from genesis.research.plots import backtest_figure

        return backtest_figure(self)

    def summary(self) -> list[tuple[str, str]]:
        """The result in a few lines: (name, text)."""
        from genesis.research.summary import lines

        return lines(self)

    def __repr__(self) -> str:
        return "\n".join(f"{name:<16} {text}" for name, text in self.summary())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from genesis.research.summary import face

        return face(self)._repr_mimebundle_()
