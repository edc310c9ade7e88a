"""What one symbol's recording misses. Pure: told of events, it tells gap records.

A jump in trade ids is a hole. Trades that come later (fetched from the venue after an outage) fill
it; what is open after a while is told as missed, and told as filled where it comes after all. Only
the venue's word that it does not have them ends the search. The depth of the book begins anew with
a snapshot after each loss.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from genesis.domain.events import (
    BookDelta,
    FeedLost,
    FeedRestored,
    MarketEvent,
    TicksMissed,
    TradeTick,
)
from genesis.domain.time import SECOND
from genesis.exchange.backfill import NOT_HELD
from genesis.store.ticks.records import AWAY, DEPTH, FEED, FILLED, TRADES, GapRecord

PATIENCE_NS: Final = 30 * SECOND
"""Wall time after which a hole is told, counted from the last trade that filled some of it."""
_REMEMBERED: Final = 100
_AWAY: Final = "no recorder was running"
_JUMP: Final = "the stream went on with a later trade"


@dataclass(frozen=True, slots=True)
class _Hole:
    """Trades that are missing and may come yet."""

    record: GapRecord
    since_ns: int
    is_told: bool = False

    @property
    def ids(self) -> tuple[int, int]:
        assert self.record.first_id is not None and self.record.last_id is not None
        return self.record.first_id, self.record.last_id

    def without(self, first: int, last: int) -> list["_Hole"]:
        """What is left of it when these ids are taken out."""
        return [replace(self, record=left) for left in self.record.without(first, last)]

    def within(self, first: int, last: int) -> "_Hole":
        """What it has of these ids, which is something."""
        begin, end = max(first, self.ids[0]), min(last, self.ids[1])
        return replace(self, record=replace(self.record, first_id=begin, last_id=end))


class GapTracker:
    """One symbol.

    last_trade_id, last_ns: where the recordings of earlier sessions end (venue time); None: there
        are none.
    """

    def __init__(self, last_trade_id: int | None = None, last_ns: int | None = None) -> None:
        self._last_id = last_trade_id
        self._last_ns = last_ns
        self._last_trade_ns = last_ns
        self._is_first = True
        self._depth: BookDelta | None = None
        self._lost: FeedLost | None = None
        self._holes: list[_Hole] = []
        """In the order of ids."""
        self._given_up: deque[TicksMissed] = deque(maxlen=_REMEMBERED)
        self._told: list[GapRecord] = []

    # -- what is heard -----------------------------------------------------------------------
    def hear(self, event: MarketEvent, elapsed_ns: int) -> None:
        """A trade, top or depth change of the symbol. elapsed_ns: monotonic wall time."""
        if self._is_first:
            self._begin(event.ts_ns)
        if isinstance(event, TradeTick):
            self._trade(event, elapsed_ns)
        elif isinstance(event, BookDelta):
            self._change(event)
        self._last_ns = max(event.ts_ns, self._last_ns or 0)

    def fetched(self, tick: TradeTick, elapsed_ns: int) -> None:
        """A trade that the venue was asked for."""
        here, only = self._among(tick.trade_id, tick.trade_id), (tick.trade_id, tick.trade_id)
        for hole in self._holes[here]:
            if hole.is_told:
                self._tell_filled(hole.within(*only).record)
            left = [replace(part, since_ns=elapsed_ns) for part in hole.without(*only)]
            self._holes[here] = left

    def lost(self, event: FeedLost) -> None:
        """The line to the venue broke."""
        self._lost = self._lost or event

    def restored(self, event: FeedRestored) -> None:
        """It is there again."""
        if self._lost is not None:
            after_ns = min(self._last_ns or self._lost.ts_ns, self._lost.ts_ns)
            self._told.append(
                GapRecord(FEED, after_ns, max(after_ns, event.ts_ns), reason=self._lost.reason)
            )
            self._lost = None

    def missed(self, event: TicksMissed) -> None:
        """The stream itself says what it could not get; the trades behind it may come later."""
        self._given_up.append(event)
        if event.reason == NOT_HELD:
            self._give_up(event.first_id, event.last_id)
            ids = event.first_id, event.last_id
            self._told.append(GapRecord(TRADES, event.first_ns, event.last_ns, *ids, event.reason))

    # -- holes -------------------------------------------------------------------------------
    def left(self, record: GapRecord, elapsed_ns: int) -> None:
        """An earlier session lacks these trades; they may be fetched yet. In the order of ids."""
        self._holes.append(_Hole(record, elapsed_ns))

    def told_before(self, record: GapRecord) -> None:
        """An earlier session wrote this down: it is not told again. It is not asked for either
        where the venue does not have it.
        """
        if record.first_id is None or record.last_id is None:
            return
        if record.reason == NOT_HELD:
            self._give_up(record.first_id, record.last_id)
            return
        ids = record.first_id, record.last_id
        here = self._among(*ids)
        parts = [part for hole in self._holes[here] for part in hole.without(*ids)]
        parts += [replace(hole.within(*ids), is_told=True) for hole in self._holes[here]]
        self._holes[here] = sorted(parts, key=lambda hole: hole.ids)

    def holes(self) -> tuple[tuple[int, int], ...]:
        """First and last trade id of everything that may still be filled, the oldest first."""
        return tuple(hole.ids for hole in self._holes)

    def not_held(self, first_id: int, last_id: int) -> None:
        """The venue was asked: what is missing among these ids is missed for good."""
        for hole in self._holes[self._among(first_id, last_id)]:
            record = hole.within(first_id, last_id).record
            self._told.append(replace(record, reason=NOT_HELD))
        self._give_up(first_id, last_id)

    def settled(self, elapsed_ns: int, *, at_the_end: bool = False) -> tuple[GapRecord, ...]:
        """What is certain by now and was not told before."""
        told, self._told = self._told, []
        for n, hole in enumerate(self._holes):
            is_due = at_the_end or elapsed_ns - hole.since_ns >= PATIENCE_NS
            if is_due and not hole.is_told:
                self._holes[n] = replace(hole, is_told=True)
                told.append(hole.record)
        return tuple(told)

    def _tell_filled(self, record: GapRecord) -> None:
        """What was told as missed came after all."""
        assert record.first_id is not None
        last = self._told[-1] if self._told else None
        if last is not None and last.kind == FILLED and last.last_id == record.first_id - 1:
            self._told[-1] = replace(last, last_id=record.last_id)
        else:
            self._told.append(replace(record, kind=FILLED, reason=""))

    def _give_up(self, first: int, last: int) -> None:
        here = self._among(first, last)
        left = [part for hole in self._holes[here] for part in hole.without(first, last)]
        self._holes[here] = left

    def _among(self, first: int, last: int) -> slice:
        """Where the holes stand that have some of these ids."""
        begin = bisect_left(self._holes, first, key=lambda hole: hole.ids[1])
        return slice(begin, bisect_right(self._holes, last, key=lambda hole: hole.ids[0]))

    # -- what is missing ---------------------------------------------------------------------
    def _begin(self, ts_ns: int) -> None:
        self._is_first = False
        if self._last_ns is not None and ts_ns > self._last_ns:
            self._told.append(GapRecord(AWAY, self._last_ns, ts_ns, reason=_AWAY))

    def _trade(self, tick: TradeTick, elapsed_ns: int) -> None:
        last, after_ns = self._last_id, self._last_trade_ns
        if last is not None and tick.trade_id <= last:
            self.fetched(tick, elapsed_ns)
            return
        self._last_id, self._last_trade_ns = tick.trade_id, tick.ts_ns
        if last is None or tick.trade_id == last + 1:
            return
        span = (tick.ts_ns if after_ns is None else after_ns, tick.ts_ns)
        ids = last + 1, tick.trade_id - 1
        self._holes.append(_Hole(GapRecord(TRADES, *span, *ids, self._reason(*ids)), elapsed_ns))
        for given_up in self._given_up:
            if given_up.reason == NOT_HELD:
                self._give_up(given_up.first_id, given_up.last_id)

    def _reason(self, first_id: int, last_id: int) -> str:
        """Why the stream jumped over these trades."""
        for given_up in reversed(self._given_up):
            is_of_these = first_id <= given_up.first_id and given_up.last_id <= last_id
            if is_of_these and given_up.reason != NOT_HELD:
                return given_up.reason
        return _JUMP if self._lost is None else self._lost.reason

    def _change(self, delta: BookDelta) -> None:
        before, self._depth = self._depth, delta
        if before is not None and delta.is_snapshot and delta.last_id > before.last_id:
            self._told.append(
                GapRecord(
                    DEPTH,
                    before.ts_ns,
                    max(delta.ts_ns, before.ts_ns),
                    before.last_id + 1,
                    delta.last_id,
                    "the book began again with a snapshot",
                )
            )
