"""How fast one-minute bars come out of the tick store, beside DuckDB on the same files.

    python -m tests.benchmarks.bench_bars [--ticks 10000000] [--rounds 5]

`TickStore.bars` and a plain DuckDB query over the Parquet files (open and close by `arg_min` and
`arg_max` of the trade id, the sum of quantities), both as far as a DataFrame, in turns. Bound: no
slower than DuckDB. "view" is the store's own SQL view `bars_1m`. Beside them the way a backtest
takes: ticks into arrays, bars from those. The bars are compared, and have to be the same.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import duckdb
import numpy as np

from genesis.domain.time import MINUTE
from genesis.research import TickStore
from genesis.sim.columns import bar_rows
from genesis.store import ticks as stored
from genesis.store.ticks.kinds import TRADES
from tests.benchmarks.bench_backtest import make
from tests.benchmarks.figures import DISK, Figure, table

ROWS = 10_000_000
SMALL_ROWS = 20_000
SYMBOL = "BTC/USDT"


def fill(home: Path, rows: int) -> None:
    """Generated ticks, two a second: a file a day."""
    ts, price, qty, makers = make(rows)
    ids = np.arange(1, rows + 1)
    columns = {
        "trade_id": ids, "ts_ns": ts, "price": np.rint(price * 1e2).astype(np.int64),
        "qty": np.rint(qty * 1e5).astype(np.int64), "is_buyer_maker": makers, "received_ns": ts,
        "arrival": ids,
    }  # fmt: skip
    block = stored.Block(TRADES, SYMBOL, columns, 2, 5, np.zeros(rows, np.int64))
    stored.TickStore(home).add_synthetic([block], "generated")


def by_duckdb(home: Path) -> Any:
    files = f"read_parquet('{home}/ticks/trades/*/*/*.parquet', hive_partitioning = false)"
    query = f"""
        SELECT ts_ns // {MINUTE} * {MINUTE} AS open_ts_ns, arg_min(price, trade_id) / 1e2 AS open,
               max(price) / 1e2 AS high, min(price) / 1e2 AS low,
               arg_max(price, trade_id) / 1e2 AS close, (sum(qty) / 1e5)::DOUBLE AS volume
        FROM {files} GROUP BY 1 ORDER BY 1"""
    return duckdb.connect().sql(query).df()


def measure(rows: int, rounds: int) -> dict[str, list[float]]:
    """Seconds of every way, round by round; the first, which fills caches, left out."""
    with TemporaryDirectory(dir=DISK) as folder:
        home = Path(folder)
        fill(home, rows)
        store = TickStore(home)
        ways: dict[str, Callable[[], Any]] = {
            "ours": lambda: store.bars(SYMBOL),
            "duckdb": lambda: by_duckdb(home),
            "view": lambda: store.sql("SELECT * FROM bars_1m ORDER BY open_ts_ns").df(),
            "arrays": lambda: bar_rows(store.ticks(SYMBOL, books=False).columns, MINUTE),
        }
        ours, theirs = ways["ours"](), ways["duckdb"]()
        for name in theirs.columns:
            assert np.array_equal(ours[name], theirs[name]), f"{name} differs from DuckDB's"
        found: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds + 1):
            for name, way in ways.items():
                begun = perf_counter()
                way()
                found[name].append(perf_counter() - begun)
    return {name: taken[1:] for name, taken in found.items()}


def figures(*, rounds: int, small: bool, rows: int = ROWS) -> list[Figure]:
    rows = SMALL_ROWS if small else rows
    found = measure(rows, rounds)
    rates = {name: rows / median(taken) / 1e6 for name, taken in found.items()}
    ratios = {
        name: median(a / b for a, b in zip(taken, found["duckdb"], strict=True))
        for name, taken in found.items()
    }
    duckdb_too = "DuckDB on the same files"
    return [
        Figure(f"{rows:,} stored ticks to 1m bars", rates["ours"], "M ticks/s"),
        Figure("... beside DuckDB", ratios["ours"], "x as long", most=1.0, to=duckdb_too),
        Figure("... by DuckDB", rates["duckdb"], "M ticks/s"),
        *(
            Figure(f"... {what}", rates[name], "M ticks/s", ratio=ratios[name], to=duckdb_too)
            for name, what in (("view", "by the view bars_1m"), ("arrays", "by arrays of ticks"))
        ),
    ]


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--ticks", type=int, default=ROWS)
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    found = figures(rounds=asked.rounds, small=False, rows=asked.ticks)
    print(table(found))
    return 1 if any(each.holds is False for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
