"""What is heard on the market stream: numbered in arrival order, stamped, counted."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from genesis.domain.events import (
    BookDelta,
    BookTop,
    Event,
    FeedLost,
    FeedRestored,
    HealthReported,
    TicksMissed,
    TradeTick,
)
from genesis.service.recording.gaps import GapTracker
from genesis.service.recording.spans import IdSpans
from genesis.store.ticks.records import GapRecord
from genesis.wire.capture import Captured

Clock = Callable[[], int]


@dataclass(slots=True)
class Heard:
    """One symbol: where its numbers stand, and what came of it.

    next_arrival: the number of the next event. latest_ns: venue time of the latest one.
    """

    next_arrival: int
    gaps: GapTracker
    counts: Counter[str] = field(default_factory=Counter)
    latest_ns: int | None = None
    trade_ids: IdSpans = field(default_factory=IdSpans)
    lag_ns: int | None = None


class Taken(NamedTuple):
    """Rows in arrival order, and what was missed, by symbol."""

    rows: Sequence[Captured]
    gaps: Sequence[tuple[str, GapRecord]]


class Hearing:
    """Takes the events of the stream in; gives rows and gap records out.

    wall_ns: this machine's clock, for receive stamps. now_ns: venue time, for the lag.
    """

    def __init__(
        self, symbols: Mapping[str, Heard], *, wall_ns: Clock, now_ns: Clock, elapsed_ns: Clock
    ) -> None:
        self.symbols = symbols
        self.complaints: Counter[str] = Counter()
        self.last_complaint = ""
        self.lost: str | None = None
        """Why nothing is heard just now; None while the line is open."""
        self._rows: list[Captured] = []
        self._wall_ns, self._now_ns, self._elapsed_ns = wall_ns, now_ns, elapsed_ns

    def hear(self, event: Event) -> None:
        """One event of the market stream; never fails, never waits."""
        if isinstance(event, TradeTick | BookTop | BookDelta):
            self._market(event)
        elif isinstance(event, TicksMissed):
            if event.symbol in self.symbols:
                self.symbols[event.symbol].gaps.missed(event)
        elif isinstance(event, FeedLost):
            self.lost = event.reason or "the line broke"
            for heard in self.symbols.values():
                heard.gaps.lost(event)
        elif isinstance(event, FeedRestored):
            self.lost = None
            for heard in self.symbols.values():
                heard.gaps.restored(event)
        elif isinstance(event, HealthReported) and event.status != "ok":
            self.complain(event.component, event.detail)

    def fetched(self, tick: TradeTick) -> None:
        """A trade of the past that the venue was asked for."""
        heard = self.symbols[tick.symbol]
        heard.gaps.fetched(tick, self._elapsed_ns())
        self._keep(heard, tick)

    def complain(self, about: str, words: str) -> None:
        """Something could not be used; the recording goes on."""
        self.complaints[about] += 1
        self.last_complaint = words

    def waiting(self) -> int:
        """How many rows wait to be taken."""
        return len(self._rows)

    def taken(self, *, at_the_end: bool = False) -> Taken:
        """What was heard since the last call. For the thread that hears."""
        rows, self._rows = self._rows, []
        now = self._elapsed_ns()
        gaps = [
            (symbol, record)
            for symbol, heard in self.symbols.items()
            for record in heard.gaps.settled(now, at_the_end=at_the_end)
        ]
        return Taken(rows, gaps)

    def _market(self, event: TradeTick | BookTop | BookDelta) -> None:
        heard = self.symbols.get(event.symbol)
        if heard is None:
            return
        heard.gaps.hear(event, self._elapsed_ns())
        self._keep(heard, event)
        if event.ts_ns >= (heard.latest_ns or 0):
            heard.latest_ns = event.ts_ns
            if isinstance(event, TradeTick):
                heard.lag_ns = self._now_ns() - event.ts_ns

    def _keep(self, heard: Heard, event: TradeTick | BookTop | BookDelta) -> None:
        self._rows.append(Captured(heard.next_arrival, self._wall_ns(), event, 0))
        heard.next_arrival += 1
