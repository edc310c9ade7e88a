"""Prints in their sequence, and those that were lost fetched from the venue before others go on.

`historicalTrades` gives single prints by id, 1,000 for a weight of 25; `aggTrades` is cheaper but
numbers and tells sums of prints, so it cannot fill a hole.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from genesis.domain.events import Event, TicksMissed, TradeTick
from genesis.errors import ExchangeError
from genesis.exchange.rest import Clock
from genesis.exchange.trade_sync import Hole, TradeSync

PastTrades = Callable[[str, int], Awaitable[tuple[TradeTick, ...]]]
"""Prints of a symbol from a trade id on, oldest first, as many as the venue gives in one answer."""
FILLED_MOST: Final = 20_000
"""Prints of one hole that are fetched: a twelfth of a minute's weight. Older ones are let go."""
WITHIN_S: Final = 5.0
"""Wall time for which live prints are held back while older ones are fetched."""
NOT_HELD: Final = "the venue does not have them"
"""Why prints are missed for good; for any other reason they may be had later."""


class Trades:
    """Emits TradeTick in the order of ids, and TicksMissed for those that cannot be had.

    symbols: what is listened to; prints of others are left out.
    """

    def __init__(
        self,
        symbols: Iterable[str],
        past: PastTrades,
        emit: Callable[[Event], None],
        now_ns: Clock,
        within_s: float = WITHIN_S,
        filled_most: int = FILLED_MOST,
    ) -> None:
        self._past = past
        self._emit = emit
        self._now_ns = now_ns
        self._within_s = within_s
        self._filled_most = filled_most
        self._syncs = {symbol: TradeSync() for symbol in symbols}
        self._filling: dict[str, asyncio.Task[None]] = {}

    def take(self, tick: TradeTick) -> None:
        """A print from any line."""
        sync = self._syncs.get(tick.symbol)
        if sync is None:
            return
        told = sync.take(tick)
        for each in told:
            self._emit(each)
        if not told and sync.hole is not None:
            self._mend(tick.symbol, sync)

    def interrupt(self) -> None:
        """All lines were lost."""
        for sync in self._syncs.values():
            sync.interrupt()

    def stop(self) -> None:
        for task in self._filling.values():
            task.cancel()
        self._filling.clear()

    # -- holes -------------------------------------------------------------------------------
    def _mend(self, symbol: str, sync: TradeSync) -> None:
        if sync.is_full:
            self._give_up(symbol, sync, "more prints came behind it than are held back")
        if sync.hole is not None and symbol not in self._filling:
            self._filling[symbol] = asyncio.create_task(self._fill(symbol, sync))

    async def _fill(self, symbol: str, sync: TradeSync) -> None:
        """Fetch until the sequence is whole; what is not there in time is given up."""
        try:
            async with asyncio.timeout(self._within_s):
                while (hole := sync.hole) is not None:
                    await self._fill_some(symbol, sync, hole)
        except TimeoutError:
            self._give_up(symbol, sync, f"the venue did not tell them within {self._within_s:g} s")
        except ExchangeError as error:
            self._give_up(symbol, sync, error.message)
        finally:
            if self._filling.get(symbol) is asyncio.current_task():
                del self._filling[symbol]

    async def _fill_some(self, symbol: str, sync: TradeSync, hole: Hole) -> None:
        first_id = max(hole.first_id, hole.last_id + 1 - self._filled_most)
        past = await self._past(symbol, first_id)
        found = [tick for tick in past if tick.trade_id >= first_id]
        if sync.hole is None:
            return  # another line told them meanwhile
        if first_id > hole.first_id:
            self._without(symbol, sync, first_id - 1, found, "they are too many to be fetched")
        if not found or found[0].trade_id > first_id:
            through_id = found[0].trade_id - 1 if found else hole.last_id
            reason = NOT_HELD if found else "the venue tells of none from there on"
            self._without(symbol, sync, through_id, found, reason)
        for told in (*sync.release(), *sync.fill(found)):
            self._emit(told)

    def _give_up(self, symbol: str, sync: TradeSync, reason: str) -> None:
        """Go on without everything that is missing."""
        while (hole := sync.hole) is not None:
            self._without(symbol, sync, hole.last_id, (), reason)
            for told in sync.release():
                self._emit(told)

    def _without(
        self,
        symbol: str,
        sync: TradeSync,
        through_id: int,
        found: Sequence[TradeTick],
        reason: str,
    ) -> None:
        missed = sync.give_up(through_id, found[0].ts_ns if found else None)
        if missed is not None:
            self._emit(TicksMissed(self._now_ns(), symbol, *missed, reason))
