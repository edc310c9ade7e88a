"""`%load_ext genesis`: the tick store and the backtest, typed into a notebook as commands.

%%ticks
SELECT symbol, count(*) AS trades FROM trades GROUP BY symbol

%backtest sma_cross --symbol BTC/USDT --rules research --param fast=5 --param slow=20
"""

import shlex
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class

from genesis import research
from genesis.errors import UsageError
from genesis.research.bars import Bars
from genesis.research.markets import Market, first_ns
from genesis.research.result import BacktestResult
from genesis.research.setup import Fees
from genesis.research.store import TickStore
from genesis.research.tables import Table
from genesis.research.ticks import Ticks


class _Arguments(ArgumentParser):
    """Says what is wrong as everything else does, and ends nobody's process."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%backtest: {message}; %backtest? tells what it knows")


def _arguments() -> _Arguments:
    made = _Arguments("%backtest", add_help=False)
    made.add_argument("strategy", help="name of a strategy, such as sma_cross")
    made.add_argument("--data", help="a variable: Ticks, Bars, or a list of them")
    made.add_argument("--symbol", default="BTC/USDT", help="of the store; several with commas")
    made.add_argument("--start", help="begin here (UTC)")
    made.add_argument("--end", help="end before this moment (UTC)")
    made.add_argument("--param", action="append", default=[], help="NAME=VALUE; may be repeated")
    made.add_argument("--rules", default="sniper", help="sniper, research, or a .toml file")
    made.add_argument("--fill", help="next_tick, bar_close, book, or next_open (bars)")
    made.add_argument("--queue", default="conservative", help="conservative or optimistic")
    made.add_argument("--cash", default="500", help="starting amount of quote currency")
    made.add_argument("--qty", help="base quantity per entry; default: the gate sizes")
    made.add_argument("--stop-fraction", help="protective stop below the entry")
    made.add_argument("--maker-bps", default="10", help="maker fee")
    made.add_argument("--taker-bps", default="10", help="taker fee")
    made.add_argument("--home", help="the home folder of the tick store")
    return made


_ARGUMENTS: Final = _arguments()


@magics_class
class GenesisMagics(Magics):
    """What a notebook may type beside Python."""

    @line_cell_magic
    def ticks(self, line: str, cell: str | None = None) -> Table:
        """SQL over the tick store: views trades, books, bars_1m, bars_1h (DuckDB).

        As a cell, what follows `%%ticks` is the home folder, empty for the usual one.
        """
        query, home = (line, None) if cell is None else (cell, line.strip() or None)
        if not query.strip():
            raise UsageError("say what to ask, such as SELECT * FROM trades LIMIT 5")
        return Table(TickStore(home).sql(query).df())

    @line_magic
    def backtest(self, line: str) -> BacktestResult:
        """Run a strategy over stored ticks, or over a variable, with a bar of progress."""
        asked = _ARGUMENTS.parse_args(shlex.split(line))
        markets = self._markets(asked)
        fill = "next_open" if isinstance(markets[0], Bars) else "next_tick"
        with progress_bar(markets) as progress:
            return research.backtest(
                asked.strategy,
                markets,
                start=asked.start,
                end=asked.end,
                home=asked.home,
                params=dict(map(_named, asked.param)),
                rules=asked.rules,
                fill=asked.fill or fill,
                queue=asked.queue,
                cash=asked.cash,
                qty=asked.qty,
                stop_fraction=asked.stop_fraction,
                fees=Fees(asked.maker_bps, asked.taker_bps),
                progress=progress,
            )

    def _markets(self, asked: Namespace) -> list[Market]:
        if asked.data is None:
            store = TickStore(asked.home)
            symbols = [one.strip() for one in asked.symbol.split(",")]
            return [store.ticks(one, asked.start, asked.end) for one in symbols]
        assert self.shell is not None
        known: dict[str, Any] = self.shell.user_ns
        if asked.data not in known:
            raise UsageError(f"--data {asked.data}: there is no variable of that name")
        found = known[asked.data]
        markets = list(found) if isinstance(found, list | tuple) else [found]
        if not markets or not all(isinstance(one, Ticks | Bars) for one in markets):
            raise UsageError(f"--data {asked.data} is no Ticks, no Bars, and no list of them")
        return markets


def _named(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"--param {text!r} is not NAME=VALUE, such as fast=10")
    return name.strip(), value.strip()


@contextmanager
def progress_bar(markets: list[Market]) -> Iterator[Callable[[int], None]]:
    """A bar over the markets' time, which goes when the run is over."""
    from IPython.display import display
    from ipywidgets import FloatProgress

    held = [market for market in markets if len(market)]
    first, last = min(map(first_ns, held), default=0), max(map(_last_ns, held), default=0)
    named = ", ".join(market.instrument.symbol for market in held)
    shown = FloatProgress(min=0.0, max=1.0, description=named)
    display(shown)
    try:
        yield lambda now_ns: setattr(shown, "value", (now_ns - first) / max(1, last - first))
    finally:
        shown.close()


def _last_ns(market: Market) -> int:
    stamps = market.columns.ts_ns if isinstance(market, Ticks) else market.columns.open_ts_ns
    return int(stamps[-1])


GenesisMagics.backtest.__doc__ = f"{GenesisMagics.backtest.__doc__}\n\n{_ARGUMENTS.format_help()}"
