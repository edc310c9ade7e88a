"""How fast trades come into the store: rows per second, and the peak of memory.

    python tests/benchmarks/bench_import.py [--rows 5000000] [--runs 5]

The file is a Binance Vision csv of synthetic trades over several UTC days. The floor beside it is
the bare parse of the same file by pyarrow (no check, no write), in the same process. Peak memory
is of a process that does nothing else than one import.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from genesis.sim.sample import sample_arrays
from genesis.store.ticks import TickStore

_ONE_IMPORT = """
import sys
from pathlib import Path
from genesis.store.ticks import TickStore
TickStore(Path(sys.argv[2])).import_file(Path(sys.argv[1]))
status = Path("/proc/self/status").read_text()
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


def write_vision(path: Path, rows: int) -> None:
    """A Vision `trades` csv with `rows` trades, some 13 a second, prices with 8 decimals."""
    trades = sample_arrays(seconds=rows // 12 + 60).trades
    if len(trades.ts_ns) < rows:
        raise SystemExit(f"the sample has only {len(trades.ts_ns)} trades")
    price = pa.array(trades.price[:rows] * 10**6).cast(pa.decimal128(19))
    qty = pa.array(trades.qty[:rows] * 10**3).cast(pa.decimal128(19))
    flags = pc.if_else(pa.array(trades.is_buyer_maker[:rows]), "True", "False")
    columns = {
        "id": trades.trade_id[:rows],
        "price": _decimal(price),
        "qty": _decimal(qty),
        "quote_qty": np.zeros(rows, np.int64),
        "time": trades.ts_ns[:rows] // 1_000_000,
        "maker": flags,
        "best": pa.array(["True"]).take(pa.array(np.zeros(rows, np.int64))),
    }
    options = pacsv.WriteOptions(include_header=False, quoting_style="none")
    pacsv.write_csv(pa.table(columns), path, options)


def _decimal(counts: pa.Array) -> pa.Array:
    """Counts of 10**-8 as decimals: the same 128-bit words under another type."""
    return pa.Array.from_buffers(pa.decimal128(19, 8), len(counts), counts.buffers())


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=5_000_000)
    options.add_argument("--runs", type=int, default=5)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "BTCUSDT-trades-bench.csv"
        write_vision(source, chosen.rows)
        runs, floors = [], []
        for run in range(chosen.runs):
            store = TickStore(Path(folder) / f"home{run}")
            floors.append(timed(lambda: pacsv.read_csv(source)))
            runs.append(timed(lambda store=store: store.import_file(source)))
        again = timed(lambda: store.import_file(source))
        command = [sys.executable, "-c", _ONE_IMPORT, str(source), str(Path(folder) / "alone")]
        peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        loaded = timed(lambda: store.arrays("BTC/USDT"))
        held = sum(each.size_bytes for each in store.list())
    median, floor = statistics.median(runs), statistics.median(floors)
    rate = chosen.rows / median
    print(f"csv import: {rate / 1e6:.2f} M rows/s (median of {chosen.runs}; {median:.2f} s)")
    share = floor / median
    print(f"pyarrow's bare parse: {chosen.rows / floor / 1e6:.2f} M rows/s; we reach {share:.2f}")
    print(f"imported again: {chosen.rows / again / 1e6:.2f} M rows/s")
    print(f"peak memory of one import: {peak} MiB")
    print(f"stored: {held / chosen.rows:.2f} bytes a row; all to numpy: {loaded * 1e3:.0f} ms")
    if rate < 0.5e6:
        raise SystemExit("below 0.5 M rows/s")


if __name__ == "__main__":
    main()
