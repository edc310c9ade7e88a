"""A strategy for the benchmark: it looks at every tick and trades to a fixed beat.

It comes to the service as those of installed packages do, through an entry point.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from genesis.domain.account import Tier
from genesis.domain.events import Event, TradeTick
from genesis.domain.orders import Side
from genesis.domain.time import MILLISECOND
from genesis.strategy.base import Intent, View

_ENTRY_POINTS = "[genesis.strategies]\npulse = tests.benchmarks.pulse:Pulse\n"


@dataclass(frozen=True, slots=True)
class PulseParams:
    """beat_ms: venue time between two acts."""

    beat_ms: int = 400


class Pulse:
    """In at one beat, out at the next: entry, stop, cancelled stop and exit in every second one."""

    name = "pulse"
    tier = Tier.SNIPER
    bar: str | None = None
    wants: frozenset[type] = frozenset({TradeTick})
    Params = PulseParams

    def __init__(self, params: PulseParams | None = None) -> None:
        self.params = params or PulseParams()
        self._next_ns = 0

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        if type(event) is not TradeTick or event.ts_ns < self._next_ns:
            return ()
        self._next_ns = event.ts_ns + self.params.beat_ms * MILLISECOND
        held, working = view.position(event.symbol), view.orders(event.symbol)
        if held is None and not working:
            return (Intent(event.symbol, Side.BUY, why="beat"),)
        if held is not None and working:
            return (Intent(event.symbol, Side.SELL, reduces=True, why="signal"),)
        return ()


@contextmanager
def installed(folder: Path) -> Iterator[None]:
    """As if a package with this strategy were installed: in this process, for a while."""
    info = folder / "pulse-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pulse\nVersion: 1\n")
    (info / "entry_points.txt").write_text(_ENTRY_POINTS)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
