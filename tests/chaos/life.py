"""One life of a process that trades by a script, and dies by SIGKILL at a point of its own.

Points are counted from its start: after every step that the log made durable (before its commands
leave), after the bytes of an order or a cancel left, and after the answer to it arrived (before it
is read). Where it is to die before, it does so when such a step is about to be written. Of the
product nothing is changed: its log and its connection are wrapped from outside.

It tells, one JSON line each, what the market is to do, where it dies, and at the end of the script
how many points there were and what it believes of the account.
"""

import asyncio
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import aiohttp

from genesis.domain.events import TradeTick
from genesis.service.runner import Happened
from genesis.store.database import Database
from genesis.store.event_log import EventLog
from genesis.store.lease import Lease
from genesis.store.steps import StepText
from tests.chaos.composed import Composed, projections, trading_on
from tests.chaos.script import Act, last_trade, script

WRITING: Final = "writing"
LOGGED: Final = "logged"
LEFT: Final = "left"
ANSWERED: Final = "answered"
_CHANGES: Final = ("POST", "PUT", "DELETE")
_ON_ITS_WAY_S: Final = 0.03
"""So long what was sent may take to be carried out before we die (at every other point of the kind
we die at once), and what must not be sent yet has time to be.
"""


def tell(**told: Any) -> None:
    os.write(1, (json.dumps(told) + "\n").encode())


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody lives on")


class Points:
    """Counts the points of this life, and ends it at one of them.

    before: just before it, where that is a step of the log.
    """

    def __init__(self, last: int | None = None, *, before: bool = False) -> None:
        self.count = 0
        self._last, self._before = last, before
        self._lock = threading.Lock()  # the log is written in a thread of its own

    def reach(self, kind: str, what: str) -> None:
        with self._lock:
            self.count += 1
            if self.count == self._last:
                self._die(kind, what, waits=kind == LEFT and self.count % 2 == 0)

    def come_near(self, what: str, count: int) -> None:
        """So many steps are about to be written."""
        last = self._last
        if self._before and last is not None and self.count < last <= self.count + count:
            self._die(WRITING, what, waits=True)

    def _die(self, kind: str, what: str, *, waits: bool) -> NoReturn:
        if waits:
            time.sleep(_ON_ITS_WAY_S)
        tell(died=kind, at=self.count, what=what)
        die()


POINTS = Points()
"""Of this process; `main` sets it."""


class MortalLog(EventLog):
    """The event log, whose writer may not live on."""

    def __init__(self, database: Database, lease: Lease) -> None:
        super().__init__(database, lease)
        commits = self._commits
        commit = commits.commit

        def mortal(steps: Sequence[StepText]) -> int:
            kinds = [step.lines[0].kind for step in steps if step.is_urgent]
            POINTS.come_near(" ".join(kinds), len(kinds))
            durable = commit(steps)
            for kind in kinds:
                POINTS.reach(LOGGED, kind)
            return durable

        commits.commit = mortal  # type: ignore[method-assign]


class MortalRequest(aiohttp.ClientRequest):
    """Orders and cancels after which we may not live on."""

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        response = await super().send(conn)
        if not self.body:
            self._left()
        return response

    async def write_bytes(self, *given: Any) -> None:
        await super().write_bytes(*given)
        self._left()

    def _left(self) -> None:
        if self.method in _CHANGES:
            POINTS.reach(LEFT, self.method)


class MortalResponse(aiohttp.ClientResponse):
    """An answer that may never be read."""

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        started = await super().start(connection)
        if self.method in _CHANGES:
            POINTS.reach(ANSWERED, self.method)
        return started


async def live(home: Path, url: str, seed: int) -> None:
    """To the end of the script, or to the point of death."""
    async with trading_on(home, url, log_type=MortalLog) as composed:
        session = composed.gateway.session
        session._request_class, session._response_class = MortalRequest, MortalResponse
        done = composed.refs()
        await composed.trading.start()
        for act in _left_to_do(script(seed), done):
            await composed.calm()
            await (_typed if "say" in act else _moved)(composed, act)
        await composed.calm()
        composed.log.flush().result()
        believed = projections(composed.engine, composed.trading.wire_ids)
        tell(ended=POINTS.count, believed=believed)
        die()


def _left_to_do(acts: list[Act], done: set[str]) -> list[Act]:
    """What follows the last line that was typed in an earlier life; the market moves again."""
    last = max((n for n, act in enumerate(acts) if act["ref"] in done), default=-1)
    return acts[last + 1 :]


async def _typed(composed: Composed, act: Act) -> None:
    await composed.type(act["say"], act["ref"])


async def _moved(composed: Composed, act: Act) -> None:
    seen = asyncio.Event()

    def look(happened: Happened) -> None:
        event = happened.step.event
        if isinstance(event, TradeTick) and event.price == last_trade(act):
            seen.set()

    composed.trading.runner.observers.append(look)
    tell(market=act)
    await seen.wait()
    composed.trading.runner.observers.remove(look)


def main() -> int:
    """Arguments: {"home", "url", "seed", "dies", "before"} as JSON."""
    global POINTS
    told = json.loads(sys.argv[1])
    POINTS = Points(told["dies"], before=told["before"])
    asyncio.run(live(Path(told["home"]), told["url"], told["seed"]))
    return 0
