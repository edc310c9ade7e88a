"""Genesis itself, asked in the same words as its peers."""

from tempfile import TemporaryDirectory
from typing import Any

from genesis import research
from genesis.domain.time import MINUTE
from genesis.research import Bars, Ticks
from genesis.research.backtest import backtest  # without the trial ledger: no home is needed
from genesis.research.sweep_conditions import conditions_of, terms_of
from genesis.sim.screen import Scratch, screen_of, screened
from genesis.strategy.sma_cross import SmaCross
from tests.benchmarks.peers import work
from tests.benchmarks.peers.work import NAMES, Asked, Columns, Prepared, Trades

RESEARCH = {"rules": "research", "fill": "next_open"}


def ticks(columns: Columns, asked: Asked, fill: str = "bar_close") -> Prepared:
    names = ("ts_ns", "price", "qty", "is_buyer_maker")
    return _runner(Ticks.from_arrays("BTC/USDT", *(columns[name] for name in names)), asked, fill)


def ticks_next(columns: Columns, asked: Asked) -> Prepared:
    """Filled at the first tick after the boundary."""
    return ticks(columns, asked, "next_tick")


def bars(columns: Columns, asked: Asked) -> Prepared:
    """Filled at the next bar's open, a Python call for each bar."""
    return _runner(_bars(columns), asked, "next_open")


def _bars(columns: Columns) -> Bars:
    names = ("ts_ns", "open", "high", "low", "close", "volume")
    return Bars.from_arrays("BTC/USDT", *(columns[name] for name in names))


def _runner(data: Any, asked: Asked, fill: str) -> Prepared:
    def run() -> Any:
        return backtest(
            "sma_cross",
            data,
            params={"fast": asked.fast, "slow": asked.slow},
            rules="research",
            fill=fill,
            cash=asked.cash,
            qty=asked.qty,
            stop_fraction=asked.stop,
        )

    return run


def trades_of(result: Any) -> Trades:
    """The closed trades of a backtest in the common words."""
    return list(result.trades[list(NAMES)].itertuples(index=False, name=None))


def screen(columns: Columns, asked: Asked) -> Prepared:
    """One pair by the compiled screening, with all that is worked out from the bars alone."""
    data = _bars(columns)
    terms = terms_of(conditions_of({**RESEARCH, "cash": asked.cash, "qty": asked.qty}))

    def run() -> Any:
        ready = screen_of(data.columns, MINUTE, "next_open")
        pair = (asked.fast, asked.slow)
        found = screened(ready, SmaCross.signal, pair, terms, Scratch(len(data)))
        return {"trades": found.trades}

    return run


def sweep(columns: Columns, asked: Asked) -> Prepared:
    """All of `asked.pairs`, each with a row in the trial ledger; none of them in the engine."""
    data = _bars(columns)
    grid = {
        "fast": sorted({f for f, _ in asked.pairs}),
        "slow": sorted({s for _, s in asked.pairs}),
    }

    def run() -> Any:
        with TemporaryDirectory() as home:
            found = research.sweep(
                "sma_cross", data, grid, finalists=0, home=home, cash=asked.cash, qty=asked.qty,
                **RESEARCH,
            )  # fmt: skip
        return {"trades": int(found.table["trades"].sum())}

    return run


def told(result: Any) -> dict[str, float]:
    return work.told(result if isinstance(result, dict) else trades_of(result))
