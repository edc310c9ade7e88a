"""One line to the venue that stays open: it notices silence, moves in time, reconnects, says so.

A connection that has to end (after 24 hours, or where the venue announces it) is overlapped: the
next one is open before it is left, and for a moment both are heard; who listens drops what comes
twice. One that breaks is opened anew, and the feed counts as lost until then.
"""

import asyncio
from math import inf
from typing import Final

import aiohttp

from genesis.errors import Unreachable
from genesis.exchange.connection import Connection, Patience, Talk
from genesis.exchange.feed import Feed
from genesis.exchange.pace import Pace

__all__ = ["Line", "Patience", "Talk"]
_STEADY_S: Final = 10.0
"""A connection that held as long as this is followed by another at once."""
_Broken: Final = (aiohttp.ClientError, OSError, TimeoutError, Unreachable)


class Line:
    """Keeps a websocket open and tells its feed when it is lost and when it is there.

    pace: how often it may try to connect, together with others of the same address.
    """

    def __init__(
        self,
        url: str,
        session: aiohttp.ClientSession,
        feed: Feed,
        patience: Patience,
        pace: Pace | None = None,
    ) -> None:
        self._url = url
        self._pace = pace
        self._session = session
        self._feed = feed
        self._patience = patience
        self._leaving: set[asyncio.Task[None]] = set()
        self._opened_s = inf

    async def run(self, talk: Talk) -> None:
        """Talk until cancelled, through every disconnection."""
        clock = asyncio.get_running_loop().time
        pause_s = self._patience.first_pause_s
        while True:
            self._opened_s = inf  # not yet
            self._feed.lost(self, await self._until_broken(talk))
            if clock() - self._opened_s >= _STEADY_S:
                pause_s = self._patience.first_pause_s
                continue
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, self._patience.longest_pause_s)

    async def _until_broken(self, talk: Talk) -> str:
        """A connection and those that succeed it, until one breaks; why it did."""
        try:
            current = await self._opened(talk)
        except _Broken as error:
            return _words(error)
        self._opened_s = asyncio.get_running_loop().time()
        self._feed.opened(self)
        try:
            while True:
                why = await current.until_due()
                if why is not None:
                    self._feed.lost(self, why)
                    return why
                successor = await self._successor(talk, current)
                if successor is not None:
                    self._leave(current)
                    current = successor
        finally:
            await current.close()
            for task in self._leaving:
                task.cancel()
            await asyncio.gather(*self._leaving, return_exceptions=True)

    async def _opened(self, talk: Talk) -> Connection:
        return await Connection.open(self._url, self._session, talk, self._patience, self._pace)

    async def _successor(self, talk: Talk, current: Connection) -> Connection | None:
        """Try to open one beside the current, for as long as that holds; None: it broke."""
        pause_s = self._patience.first_pause_s
        while not current.ended.done():
            opening = asyncio.create_task(self._opened(talk))
            found = await _first_of(opening, current.ended)
            if isinstance(found, Connection):
                if not current.ended.done():
                    return found
                await found.close()
            elif isinstance(found, _Broken):
                await asyncio.wait((current.ended,), timeout=pause_s)
                pause_s = min(pause_s * 2, self._patience.longest_pause_s)
            elif found is not None:
                raise found
        return None

    def _leave(self, connection: Connection) -> None:
        """Hear it out, then close it."""

        async def end() -> None:
            try:
                await asyncio.wait((connection.ended,), timeout=self._patience.overlap_s)
            finally:
                await connection.close()

        task = asyncio.create_task(end())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


async def _first_of(
    opening: "asyncio.Task[Connection]", ended: "asyncio.Task[str]"
) -> Connection | BaseException | None:
    """What came of an attempt; one that the end of the other overtook is given up (None)."""
    try:
        await asyncio.wait((opening, ended), return_when=asyncio.FIRST_COMPLETED)
    finally:
        is_given_up = not opening.done() and opening.cancel()
    (found,) = await asyncio.gather(opening, return_exceptions=True)
    return None if is_given_up and isinstance(found, asyncio.CancelledError) else found


def _words(error: BaseException) -> str:
    if isinstance(error, Unreachable):
        return error.message
    return f"{type(error).__name__}: {error}".rstrip(": ")
