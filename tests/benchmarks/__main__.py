"""Every benchmark, one table: figure, value, bound, ratio to a peer or floor of the same run.

    python -m tests.benchmarks [--small]

Medians of five; about ten minutes. `--small` only shows that everything runs: one short round,
whose figures say nothing. Bounds are judged on an otherwise idle machine.
"""

import argparse
import os
import sys

from tests.benchmarks import (
    bench_backtest,
    bench_cancel,
    bench_commit,
    bench_garden,
    bench_gate,
    bench_import,
    bench_order,
    bench_report,
    bench_service,
    bench_streams,
    bench_sweep,
)
from tests.benchmarks.figures import Figure, table

ALL = (
    bench_backtest,
    bench_sweep,
    bench_import,
    bench_commit,
    bench_gate,
    bench_service,
    bench_order,
    bench_cancel,
    bench_streams,
    bench_garden,
    bench_report,
)
ROUNDS = 5


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--small", action="store_true", help="one short round of each")
    small = options.parse_args().small
    before = os.getloadavg()[0]
    found: list[Figure] = []
    for bench in ALL:
        found += bench.figures(rounds=1 if small else ROUNDS, small=small)
    print(table(found, judged=not small))
    after = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load average {before:.2f} before and {after:.2f} after")
    return 1 if not small and any(each.holds is False for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
