"""How fast trades come into the store: rows per second, and the peak of memory.

    python -m tests.benchmarks.bench_import [--rows 5000000] [--runs 5]

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
from tests.benchmarks.figures import DISK, Figure

ROOT = Path(__file__).resolve().parents[2]
GOAL = 0.5
ROWS = 5_000_000
SMALL_ROWS = 50_000
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


def measure(rows: int, runs: int) -> dict[str, float]:
    """Median seconds, MiB of the peak, and bytes held."""
    with tempfile.TemporaryDirectory(dir=DISK) as folder:
        source = Path(folder) / "BTCUSDT-trades-bench.csv"
        write_vision(source, rows)
        taken, floors = [], []
        for run in range(runs):
            store = TickStore(Path(folder) / f"home{run}")
            floors.append(timed(lambda: pacsv.read_csv(source)))
            taken.append(timed(lambda store=store: store.import_file(source)))
        again = timed(lambda: store.import_file(source))
        command = [sys.executable, "-c", _ONE_IMPORT, str(source), str(Path(folder) / "alone")]
        peak = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
        return {
            "import_s": statistics.median(taken),
            "floor_s": statistics.median(floors),
            "again_s": again,
            "peak_mib": float(peak),
            "load_s": timed(lambda: store.arrays("BTC/USDT")),
            "held_bytes": float(sum(each.size_bytes for each in store.list())),
        }


def figures(*, rounds: int, small: bool) -> list[Figure]:
    rows = SMALL_ROWS if small else ROWS
    found = measure(rows, rounds)
    rate = rows / found["import_s"] / 1e6
    parse = "pyarrow's bare parse"
    return [
        Figure(
            f"import of {rows:,} csv rows",
            rate,
            "M rows/s",
            least=GOAL,
            ratio=found["import_s"] / found["floor_s"],
            to=parse,
        ),
        Figure("... its peak of memory", found["peak_mib"], "MiB"),
    ]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=ROWS)
    options.add_argument("--runs", type=int, default=5)
    chosen = options.parse_args()
    rows, found = chosen.rows, measure(chosen.rows, chosen.runs)
    taken, floor = found["import_s"], found["floor_s"]
    rate = rows / taken
    print(f"csv import: {rate / 1e6:.2f} M rows/s (median of {chosen.runs}; {taken:.2f} s)")
    print(f"pyarrow's bare parse: {rows / floor / 1e6:.2f} M rows/s; we reach {floor / taken:.2f}")
    print(f"imported again: {rows / found['again_s'] / 1e6:.2f} M rows/s")
    print(f"peak memory of one import: {found['peak_mib']:.0f} MiB")
    held, load_ms = found["held_bytes"] / rows, found["load_s"] * 1e3
    print(f"stored: {held:.2f} bytes a row; all to numpy: {load_ms:.0f} ms")
    if rate < GOAL * 1e6:
        raise SystemExit(f"below {GOAL} M rows/s")


if __name__ == "__main__":
    main()
