"""Genesis beside other engines at the same work: round by round in turns, as ratios.

    python -m tests.benchmarks.bench_peers [--rounds 5] [NAME]...

Every engine runs in a process of its own, on the same data, in its own form; the data are brought
into that form before. First a round that does not count, then rounds in which the engines take
turns. An engine that is not installed is named with the reason. The works, by name:

ticks      sma_cross 10/30 on one-minute bars of 5,000,000 ticks, 2 % stop checked on every tick,
           research rulebook, fill `next_tick`; hftbacktest has its strategy compiled
ticks-py   the same with a strategy in Python: 250,000 ticks, fill `bar_close`, as nautilus_trader
           needs some seconds for a million
bars       500,000 one-minute bars through the engine, a Python call for each
bars-few   the same for nautilus_trader: 25,000 bars
screen     one pair on 500,000 bars, compiled
sweep      100 pairs on 50,000 bars: more would not fit the memory that vectorbt needs for them
sweep-all  1,000 pairs, ours alone

"trades apart" tells how far the engines agree on the number of closed trades. hftbacktest sells one
price step lower, and ties of averages are crosses to some: what differs there is told, and tested,
in `tests/parity`.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.benchmarks import bench_backtest, bench_sweep
from tests.benchmarks.figures import DISK, Figure, table
from tests.benchmarks.peers.running import (
    HFT,
    LOOPS,
    NAUTILUS,
    OURS,
    VECTORBT,
    Engine,
    Ran,
    here,
    interleaved,
    ratio,
)
from tests.benchmarks.peers.work import Asked, Columns

MOST_MIB = 1024
PAIRS = tuple((fast, slow) for fast in range(5, 15) for slow in range(50, 150, 10))
ALL_PAIRS = tuple((fast, slow) for fast in range(5, 45) for slow in range(50, 300, 10))
RICH = Asked(stop=None, cash=10_000_000)


@dataclass(frozen=True, slots=True)
class Contest:
    """One work: ours by the name `ours`, a peer's by `theirs`.

    rows: ticks or bars; small: of the short form. least: of ours, in the unit. above: ours must
    be faster than the peer. mib: tell the memory too.
    """

    what: str
    is_ticks: bool
    rows: int
    small: int
    ours: str
    asked: Asked
    peer: Engine | None = None
    theirs: str = ""
    least: float | None = None
    above: bool = False
    mib: bool = False

    @property
    def unit(self) -> str:
        if self.asked.pairs:
            return "backtests/s"
        return "M ticks/s" if self.is_ticks else "M bars/s"

    def amount(self, rows: int) -> float:
        return len(self.asked.pairs) or rows / 1e6


CONTESTS = {
    "ticks": Contest(
        "SMA 10/30, 2 % stop", True, 5_000_000, 20_000, "ticks_next", Asked(), HFT, "ticks_next",
        least=30.0, mib=True,
    ),
    "ticks-py": Contest(
        "the same, filled on the boundary", True, 250_000, 20_000, "ticks", Asked(), NAUTILUS,
        "ticks", mib=True,
    ),
    "bars": Contest(
        "a Python call each", False, 500_000, 2_000, "bars", RICH, LOOPS, "bars", least=0.3
    ),
    "bars-few": Contest(
        "a Python call each", False, 25_000, 2_000, "bars", RICH, NAUTILUS, "bars"
    ),
    "screen": Contest(
        "one pair, compiled", False, 500_000, 2_000, "screen", RICH, VECTORBT, "screen", above=True
    ),
    "sweep": Contest(
        "100 pairs", False, 50_000, 2_000, "sweep", Asked(stop=None, cash=10_000_000, pairs=PAIRS),
        VECTORBT, "sweep", mib=True,
    ),
    "sweep-all": Contest(
        "1,000 pairs", False, 50_000, 2_000, "sweep",
        Asked(stop=None, cash=10_000_000, pairs=ALL_PAIRS), least=10_000, mib=True,
    ),
}  # fmt: skip


def columns_of(contest: Contest, rows: int) -> Columns:
    if contest.is_ticks:
        names = ("ts_ns", "price", "qty", "is_buyer_maker")
        return dict(zip(names, bench_backtest.make(rows), strict=True))
    bars = bench_sweep.make(rows).columns
    prices = {"open": bars.opens, "high": bars.highs, "low": bars.lows, "close": bars.closes}
    shown = {name: np.round(column / 100, 2) for name, column in prices.items()}
    return {"ts_ns": bars.open_ts_ns, **shown, "volume": np.ones(rows)}


def contest_figures(contest: Contest, rounds: int, *, small: bool) -> list[Figure]:
    rows = contest.small if small else contest.rows
    columns = columns_of(contest, rows)
    engines = [(OURS, contest.ours)]
    if contest.peer is not None and not contest.peer.absent:
        engines.append((contest.peer, contest.theirs))
    if small:
        ran = [here(*each, columns, contest.asked) for each in engines]
    else:
        with TemporaryDirectory(dir=DISK) as folder:
            ran = interleaved(engines, columns, contest.asked, rounds, Path(folder))
    return _told(contest, rows, ran)


def _told(contest: Contest, rows: int, ran: Sequence[Ran]) -> list[Figure]:
    name = f"{rows:,} {'ticks' if contest.is_ticks else 'bars'}, {contest.what}"
    rates = [contest.amount(rows) / each.median_s for each in ran]
    least = rates[1] if contest.above and len(ran) > 1 else contest.least
    found = [Figure(name, rates[0], contest.unit, least=least)]
    if contest.mib:
        found.append(_memory(ran[0], most=MOST_MIB))
    if contest.peer is None:
        return found
    beside = f"... by {contest.peer.name}"
    if contest.peer.absent:
        return [*found, Figure(beside, float("nan"), contest.unit, absent=contest.peer.absent)]
    ours, theirs = ran
    found.append(Figure(beside, rates[1], contest.unit, ratio=ratio(theirs, ours), to="genesis"))
    if contest.mib:
        found.append(_memory(theirs))
    apart = abs(ours.told["trades"] - theirs.told["trades"])
    trades = f"... trades apart, of {ours.told['trades']:,.0f}"
    return [*found, Figure(trades, apart, "trades")]


def _memory(ran: Ran, most: float | None = None) -> Figure:
    grown = f"{ran.grown_mib:,.0f} of it by the work" if ran.grown_mib else ""
    return Figure("... its peak of memory", ran.peak_mib, "MiB", most=most, to=grown)


def figures(*, rounds: int, small: bool) -> list[Figure]:
    return [
        figure
        for contest in CONTESTS.values()
        for figure in contest_figures(contest, rounds, small=small)
    ]


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("names", nargs="*", metavar="NAME", help="only these works")
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    unknown = set(chosen.names) - set(CONTESTS)
    if unknown:
        options.error(f"unknown: {', '.join(sorted(unknown))}; known are {', '.join(CONTESTS)}")
    found: list[Figure] = []
    for name in chosen.names or CONTESTS:
        found += contest_figures(CONTESTS[name], chosen.rounds, small=False)
    print(table(found))
    return 1 if any(each.holds is False for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
