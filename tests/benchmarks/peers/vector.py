"""vectorbt: all pairs at once as matrices of bars x pairs.

Signals come from its own moving averages in floating point. An order fills at the close of the bar
that decides (where a bar opens at the last close, that is the next open) and is stamped with that
bar's opening. Ties: a tie that rounds to a cross is one; the first bar with enough history is none.
"""

from typing import Any

import numpy as np
import pandas as pd
import vectorbt as vbt

from tests.benchmarks.peers.work import Asked, Columns, Prepared, Trades

MINUTE_NS = 60_000_000_000


def screen(columns: Columns, asked: Asked) -> Prepared:
    """One pair, as far as its return and number of trades."""
    return _figures(columns, asked, asked.fast, asked.slow)


def sweep(columns: Columns, asked: Asked) -> Prepared:
    """All of `asked.pairs`, as far as returns and numbers of trades."""
    fast, slow = ([int(pair[at]) for pair in asked.pairs] for at in (0, 1))
    return _figures(columns, asked, fast, slow)


def _figures(columns: Columns, asked: Asked, fast: Any, slow: Any) -> Prepared:
    close = pd.Series(columns["close"])

    def run() -> Any:
        folio = _folio(close, asked, fast, slow)
        return {"trades": int(np.sum(folio.trades.closed.count())), "return": folio.total_return()}

    return run


def bars(columns: Columns, asked: Asked) -> Prepared:
    """One pair with its closed trades, stamped as the others do: with the end of the bar."""
    close, opened = pd.Series(columns["close"]), columns["ts_ns"]

    def run() -> Trades:
        told: pd.DataFrame = _folio(close, asked, asked.fast, asked.slow).trades.records
        told = told[told["status"] == 1]
        fees = told["entry_fees"] + told["exit_fees"]
        stamps = [opened[told[name]] + MINUTE_NS for name in ("entry_idx", "exit_idx")]
        amounts = [told[name] for name in ("entry_price", "exit_price", "size")]
        reasons = ["signal"] * len(told)
        made = [*stamps, *amounts, fees, told["pnl"], np.array(reasons, object)]
        return list(zip(*(column.tolist() for column in made), strict=True))

    return run


def _folio(close: pd.Series, asked: Asked, fast: Any, slow: Any) -> Any:
    quick, calm = vbt.MA.run(close, fast, short_name="fast"), vbt.MA.run(close, slow)
    return vbt.Portfolio.from_signals(
        close, quick.ma_crossed_above(calm), quick.ma_crossed_below(calm), size=asked.qty,
        fees=0.001, init_cash=asked.cash, freq="1min",
    )  # fmt: skip
