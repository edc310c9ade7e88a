"""Every benchmark, one table: figure, value, bound, ratio to a peer or floor of the same run.

Medians of five rounds; some twenty minutes for all of them. Bounds are judged on an otherwise idle
machine; ratios to what ran in turns with it hold up better on a busy one.
"""

import argparse
import os
import platform
import sys
from pathlib import Path
from types import ModuleType

from tests.benchmarks import (
    bench_backtest,
    bench_bars,
    bench_cancel,
    bench_cold,
    bench_commit,
    bench_garden,
    bench_gate,
    bench_import,
    bench_order,
    bench_peers,
    bench_report,
    bench_service,
    bench_streams,
    bench_sweep,
)
from tests.benchmarks.figures import Figure, as_json, table

ALL = (
    bench_backtest,
    bench_sweep,
    bench_peers,
    bench_bars,
    bench_cold,
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
EXAMPLES = """
examples:
  python -m tests.benchmarks --small            does everything run? (under a minute)
  python -m tests.benchmarks backtest bars      two of them
  python -m tests.benchmarks peers --json -     beside other engines, for a program
  python -m tests.benchmarks.bench_peers ticks  one work of one; each has --help of its own

Other engines are no part of `dev`: pip install -e '.[dev,peers]'. One that is absent is named in
the table. The exit code is 1 where a bound was missed.
"""


def name_of(bench: ModuleType) -> str:
    return bench.__name__.rpartition("bench_")[2]


def _what_there_is() -> str:
    lines = (f"  {name_of(each):<9} {(each.__doc__ or '').splitlines()[0]}" for each in ALL)
    return "\n".join(["benchmarks:", *lines])


def _asked(arguments: list[str] | None) -> argparse.Namespace:
    options = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        epilog=f"{_what_there_is()}\n{EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("names", nargs="*", metavar="NAME", help="only these, as listed below")
    options.add_argument(
        "--small", action="store_true", help="one short round: its figures say nothing"
    )
    options.add_argument("--rounds", type=int, default=ROUNDS, help="of each (default 5)")
    options.add_argument("--json", metavar="FILE", help="the figures as JSON, too; - prints them")
    asked = options.parse_args(arguments)
    unknown = set(asked.names) - {name_of(each) for each in ALL}
    if unknown:
        options.error(f"no benchmark is called {', '.join(sorted(unknown))}: see --help")
    if asked.rounds < 1:
        options.error("--rounds must be 1 or more")
    return asked


def main(arguments: list[str] | None = None) -> int:
    asked = _asked(arguments)
    before = os.getloadavg()[0]
    found: list[Figure] = []
    for bench in ALL:
        if not asked.names or name_of(bench) in asked.names:
            found += bench.figures(rounds=1 if asked.small else asked.rounds, small=asked.small)
    load = (before, os.getloadavg()[0])
    if asked.json != "-":
        print(table(found, judged=not asked.small))
        print(f"{os.cpu_count()} cores, load average {load[0]:.2f} before and {load[1]:.2f} after")
    if asked.json:
        _write(asked.json, found, asked, load)
    return 1 if not asked.small and any(each.holds is False for each in found) else 0


def _write(
    place: str, found: list[Figure], asked: argparse.Namespace, load: tuple[float, float]
) -> None:
    text = as_json(
        found,
        small=asked.small,
        rounds=1 if asked.small else asked.rounds,
        cores=os.cpu_count(),
        load_average=load,
        python=platform.python_version(),
    )
    if place == "-":
        print(text)
    else:
        Path(place).write_text(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
