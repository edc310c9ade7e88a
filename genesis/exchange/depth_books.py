"""The books of the symbols listened to: differences in sequence, snapshots where one is needed."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Final

from genesis.domain.events import BookDelta, Event
from genesis.errors import ExchangeError
from genesis.exchange.depth import DepthSync

_PAUSE_S: Final = 0.5


class DepthBooks:
    """Emits BookDelta: for every symbol a snapshot, then each difference that follows it.

    latest_ns: the largest venue time told so far, for snapshots tell none.
    complain: told why a snapshot could not be had; it is asked for again.
    """

    def __init__(
        self,
        symbols: Iterable[str],
        snapshot: Callable[[str], Awaitable[BookDelta]],
        emit: Callable[[Event], None],
        latest_ns: Callable[[], int],
        complain: Callable[[str], None],
    ) -> None:
        self._symbols = tuple(symbols)
        self._snapshot = snapshot
        self._emit = emit
        self._latest_ns = latest_ns
        self._complain = complain
        self._syncs: dict[str, DepthSync] = {}
        self._fetching: dict[str, asyncio.Task[None]] = {}
        self.begin_anew()

    def begin_anew(self) -> None:
        """Every book starts with a snapshot."""
        self.stop()
        self._syncs = {symbol: DepthSync() for symbol in self._symbols}

    def stop(self) -> None:
        for task in self._fetching.values():
            task.cancel()
        self._fetching.clear()

    def take(self, delta: BookDelta) -> None:
        """A difference from any line."""
        book = self._syncs.get(delta.symbol)
        if book is None:
            return
        for told in book.difference(delta):
            self._emit(told)
        if book.wants_snapshot and delta.symbol not in self._fetching:
            task = asyncio.create_task(self._fetch(delta.symbol, book))
            self._fetching[delta.symbol] = task

    async def _fetch(self, symbol: str, book: DepthSync) -> None:
        """Fetch snapshots until one fits what was held back meanwhile."""
        try:
            while book.wants_snapshot:
                try:
                    snapshot = await self._snapshot(symbol)
                except ExchangeError as error:
                    self._complain(error.message)
                    await asyncio.sleep(_PAUSE_S)
                    continue
                for told in book.snapshot(snapshot):
                    self._emit(self._told_now(told))
                if book.wants_snapshot:
                    await asyncio.sleep(_PAUSE_S)
        finally:
            if self._fetching.get(symbol) is asyncio.current_task():
                del self._fetching[symbol]

    def _told_now(self, delta: BookDelta) -> BookDelta:
        """Snapshot and held differences take place together, at the largest venue time told."""
        return replace(delta, ts_ns=max(self._latest_ns(), delta.ts_ns))
