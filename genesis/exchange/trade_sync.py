"""One symbol's prints in sequence: each is told once, and none is passed over in silence. Pure.

The venue numbers the prints of a symbol without a hole. A number further than the next one means
that some were lost: what comes after them is held back until they are filled in or given up.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from genesis.domain.events import TradeTick

HELD_MOST = 20_000
"""Prints held back behind a hole; with more it has to be given up."""


class Hole(NamedTuple):
    """Missing trade ids, the first and the last."""

    first_id: int
    last_id: int


class Missed(NamedTuple):
    """Ids given up, and the times of the print before them and of the one after them."""

    first_id: int
    last_id: int
    first_ns: int
    last_ns: int


class TradeSync:
    """Takes prints in any order and as often as they come; `take` returns what may be told."""

    def __init__(self, held_most: int = HELD_MOST) -> None:
        self._last: TradeTick | None = None
        self._held: dict[int, TradeTick] = {}
        self._next_held = 0
        self._held_most = held_most
        self._begins_anew = False

    @property
    def hole(self) -> Hole | None:
        """The first ids that are missing; None: the sequence is whole."""
        if self._last is None or not self._held:
            return None
        return Hole(self._last.trade_id + 1, self._next_held - 1)

    @property
    def is_full(self) -> bool:
        """More is held back than may be."""
        return len(self._held) > self._held_most

    def take(self, tick: TradeTick) -> tuple[TradeTick, ...]:
        """What may be told now that this print arrived."""
        if self._begins_anew:
            self._begins_anew = False
            if self._last is not None and tick.trade_id <= self._last.trade_id:
                self._held.clear()
                self._last = None
        return self._follow(tick)

    def fill(self, ticks: Iterable[TradeTick]) -> tuple[TradeTick, ...]:
        """As `take`, for prints that were asked for."""
        return tuple([told for tick in ticks for told in self._follow(tick)])

    def _follow(self, tick: TradeTick) -> tuple[TradeTick, ...]:
        last, held = self._last, self._held
        ahead = 1 if last is None else tick.trade_id - last.trade_id
        if ahead < 1:
            return ()
        if ahead > 1:
            if not held or tick.trade_id < self._next_held:
                self._next_held = tick.trade_id
            held.setdefault(tick.trade_id, tick)
            return ()
        self._last = tick
        return (tick, *self.release()) if held else (tick,)

    def interrupt(self) -> None:
        """Every line was lost: a next print below the last one means that counting began anew."""
        self._begins_anew = self._last is not None

    def give_up(self, through_id: int, next_ns: int | None = None) -> Missed | None:
        """Do without the missing ids up to `through_id`; call `release` after it.

        next_ns: the time of the print after them, where that is none of those held back.
        """
        hole, last = self.hole, self._last
        if hole is None or last is None or through_id < hole.first_id:
            return None
        if next_ns is None or through_id >= hole.last_id:
            through_id, next_ns = min(through_id, hole.last_id), self._held[self._next_held].ts_ns
        self._last = replace(last, trade_id=through_id)
        return Missed(hole.first_id, through_id, last.ts_ns, next_ns)

    def release(self) -> tuple[TradeTick, ...]:
        """What was held back and follows now."""
        told: list[TradeTick] = []
        while self._last is not None:
            following = self._held.pop(self._last.trade_id + 1, None)
            if following is None:
                break
            self._last = following
            told.append(following)
        if self._held:
            self._next_held = min(self._held)
        return tuple(told)
