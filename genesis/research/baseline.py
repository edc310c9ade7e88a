"""Baselines: what cash, holding, and entering by chance would have done in the same market.

baselines(result)     # a strategy that does not beat these knows nothing
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from genesis import analytics
from genesis.research.beside import Beside, marks_of, trades_of
from genesis.research.result import BacktestResult

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


@dataclass(frozen=True, eq=False)
class Baselines(Beside):
    """A run beside what takes no skill.

    odds: of the moments of entry; NoValue where nothing could be drawn. table: pandas, one row per
    baseline: return_fraction, fall (deepest, at marks, >= 0), sharpe (daily, annualised), in_market
    (share of the time), and of what was drawn by chance low and high (the middle 90 %).
    """

    # -- faces -------------------------------------------------------------------------------
    def plot(self) -> "Figure":
        """The run among entries by chance. Raises UsageError: nothing was drawn."""
        from genesis.research.baseline_words import baseline_figure

        return baseline_figure(self)

    def summary(self) -> list[tuple[str, str]]:
        """The result in a few lines: (name, text). The first is the coverage of the data."""
        from genesis.research.baseline_words import lines

        return lines(self)

    def __repr__(self) -> str:
        return "\n".join(f"{name:<16} {text}" for name, text in self.summary())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from genesis.research.baseline_words import face

        return face(self)._repr_mimebundle_()


def baselines(result: BacktestResult, seed: int = 0, *, draws: int = 1_000) -> Baselines:
    """A run beside buy-and-hold, cash, and the same trades entered at other moments.

    Entering by chance trades as often, holds as long, with the same worth and costs a trade
    (`genesis.analytics.random_entries`); what is still open counts with its last price. Returns
    are over the cash of the run.

    Raises:
        UsageError: a run of several symbols, or fewer than 100 draws.
    """
    stamps, prices = marks_of(result)
    trades = trades_of(result)
    entries, exits = (
        np.searchsorted(stamps, trades[name], side="right") - 1 for name in ("entry_ns", "exit_ns")
    )
    odds = analytics.random_entries(
        prices, np.maximum(entries, 0), np.maximum(exits, 0), trades["worth"], trades["pnl"],
        draws=draws, seed=seed,
    )  # fmt: skip
    return Baselines(result, odds)
