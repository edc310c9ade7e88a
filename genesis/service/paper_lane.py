"""The paper lane: a second account on paper, beside the first while its discipline asks for one.

It is asked for by modes that look before they trade (OPENING48, PAPER48, EMERGENCY), while an
intervention that has been LOCKED is open, and by strategies that rested and win here before they
trade again. Each opening is a new account and a stream of its own; a
restart goes on with the one that was open. The main engine hears of it by events of its own log:
that there is a lane, its days, and the end of a session. Whatever fails here closes the lane, and
is told; the main engine goes on.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from genesis.domain.account import Tier, TierMode
from genesis.domain.events import (
    Event,
    FeedLost,
    FeedRestored,
    InstrumentReported,
    OperatorActed,
    VenueStatus,
    is_market,
)
from genesis.domain.outcomes import RecoverySessionJudged
from genesis.domain.paper import PaperDayReported, PaperLaneReported, RecoverySessionDone
from genesis.engine.engine import Engine
from genesis.engine.state import EngineState
from genesis.engine.step import Step
from genesis.errors import EventLogError, InvariantBroken
from genesis.exchange.streams import MARKET
from genesis.risk.breakers import Level, State
from genesis.service.broken_lanes import left_words, report
from genesis.service.clock import Clock
from genesis.service.logs import log
from genesis.service.paper_account import PaperAccount
from genesis.service.paper_opening import NOT_ASKED, Opened, PaperOpening
from genesis.service.paper_session import BEGIN, END
from genesis.service.runner import Happened

_log = log("paper lane")
_BATCH: Final = 64
_LONGEST_REST_S: Final = 1.0
_MODES: Final = frozenset({TierMode.OPENING48, TierMode.EMERGENCY})


def wanted(state: EngineState) -> Tier | None:
    """The tier in which an account on paper is asked for; None: none is.

    A promotion is tried in the tier it leads to, strategies win in their own. All else is in
    SNIPER.
    """
    mode, tier = state.tiers.state.mode, state.tiers.state.tier
    if state.ledger.opened_ns is None:
        return None
    if mode is TierMode.PAPER48:
        return tuple(Tier)[tier.rank + 1]
    if mode in _MODES or state.tilt.state.was_locked:
        return Tier.SNIPER
    return tier if _strategies_wait(state) else None


def _strategies_wait(state: EngineState) -> bool:
    """Does one have to win on paper? Where all is paper it does so in its own account."""
    rested = state.risk.breakers.of(Level.STRATEGY).values()
    is_paper = state.tiers.history.is_paper
    return not is_paper and any(one.state is State.HALF_OPEN for one in rested)


class PaperLane:
    """Keeps the account on paper that the main engine asks for; one task works through its events.

    tell: hands an event to the main engine; its step once it is durable.

    Attributes:
        problem: what closed the lane for the rest of this run; None: nothing did.
        left: records of earlier lanes that were found broken at the start, a line for each.
    """

    def __init__(
        self,
        opening: PaperOpening,
        clock: Clock,
        main: Engine,
        tell: Callable[[Event], Awaitable[Step]],
    ) -> None:
        self._opening = opening
        self._clock = clock
        self._main = main
        self._tell = tell
        self.problem: str | None = None
        self.left: list[str] = []
        self._opened: Opened | None = None
        self._waiting: deque[tuple[Event, asyncio.Future[Step] | None]] = deque()
        self._wake = asyncio.Event()

    @property
    def account(self) -> PaperAccount | None:
        """The one that is open; None while none is."""
        return None if self._opened is None else self._opened.account

    @property
    def stream(self) -> str | None:
        """The name of its stream in the event log."""
        return None if self._opened is None else self._opened.stream.name

    # -- the main run ------------------------------------------------------------------------
    async def start(self) -> None:
        """The main run has begun and is not reconciled yet: a lane that is asked for opens."""
        if self.problem is None:
            await self._leave_broken()
        tier = wanted(self._main.state)
        has_lane = self._main.state.tilt.state.has_lane
        if tier is not None and has_lane and self.problem is None:
            self._guarded(lambda: self._continue(tier))
        await self._keep()

    async def _leave_broken(self) -> None:
        """What a lane proved whose record is broken does not count any more."""
        for found in self._opening.broken():
            has_lane = self._main.state.tilt.state.has_lane
            await self._tell(report(found, self._clock.now_ns(), has_lane=has_lane))
            self.left.append(left_words(found))
            _log.error("the paper account is left behind", problem=self.left[-1])

    def heard(self, happened: Happened) -> None:
        """A step of the main engine. The lane sees the same market; it may be wanted now."""
        step = happened.step
        if self._opened is not None and _is_shared(step.event):
            self._waiting.append((step.event, None))
            self._wake.set()
        elif step.outcomes:
            self._wake.set()

    def refuse(self, why: str) -> None:
        """Before the start: no account on paper in this run, for nothing of it may be written."""
        self.problem = why

    def stop(self) -> None:
        """The service ends: the lane's run ends, and its account goes on with the next one."""
        self._guarded(lambda: self._leave("stopped"))

    # -- the trader --------------------------------------------------------------------------
    async def ask(self, event: Event) -> Step:
        """Hand an event of the trader's to the lane; its step once it is durable.

        Raises:
            EventLogError: the lane is closed, or was while this waited.
        """
        opened = self._opened
        if opened is None:
            raise EventLogError("no paper lane is open")
        answer: asyncio.Future[Step] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, answer))
        self._wake.set()
        step = await answer
        if opened.stream.durable is not None:
            await asyncio.wrap_future(opened.stream.durable)
        return step

    async def begin_session(self) -> None:
        """A quiet session begins, now; one that was on is forgotten. Raises as `ask`."""
        await self.ask(OperatorActed(self._clock.now_ns(), BEGIN, reduces_risk=True))

    async def end_session(self) -> RecoverySessionJudged | None:
        """The session ends; the main engine's judgement, None where it asks for none.

        The main engine is told first: until the lane knows, the session can be ended again.

        Raises:
            EventLogError: no lane is open, or no session is on.
        """
        while self._opened is not None and self._waiting:  # acts before this one belong to it
            self._guarded(self._work_off)
        session = None if self.account is None else self.account.session
        if session is None or session.started_ns is None:
            raise EventLogError("no session is on in the paper lane")
        now_ns = self._clock.now_ns()
        done = RecoverySessionDone(now_ns, session.started_ns, session.signs, session.away_ns)
        outcomes = (await self._tell(done)).outcomes
        if self.account is not None:  # it closes when nothing else asks for it
            await self.ask(OperatorActed(now_ns, END, reduces_risk=True))
        judged = (one for one in outcomes if isinstance(one, RecoverySessionJudged))
        return next(judged, None)

    # -- the work ----------------------------------------------------------------------------
    async def run(self) -> None:
        """Until the service ends. The main engine's own end is none of the lane's business."""
        try:
            while True:
                await self._rest()
                await self.turn()
        except InvariantBroken as problem:
            _log.warning("the main engine takes nothing more", problem=problem.message)

    async def turn(self) -> None:
        """Work through some of what waits, and keep the lane as it is asked for.

        Raises:
            InvariantBroken: the main engine has ended.
        """
        self._wake.clear()
        self._guarded(self._work_off)
        await self._keep()

    def _work_off(self) -> None:
        """Events that wait, up to a batch of them, and timers that are due."""
        opened = self._opened
        if opened is None:
            return
        for _ in range(min(_BATCH, len(self._waiting))):
            event, waiter = self._waiting[0]
            step = opened.account.take(event, opened.stream.write)
            self._waiting.popleft()
            if waiter is not None and not waiter.done():
                waiter.set_result(step)
        if not self._waiting:
            opened.account.pass_time(self._clock.now_ns(), opened.stream.write)

    async def _rest(self) -> None:
        if self._waiting:
            await asyncio.sleep(0)
            return
        next_ns = None if self.account is None else self.account.timers.next_ns()
        due_s = _LONGEST_REST_S if next_ns is None else self._clock.wall_until(next_ns)
        with suppress(TimeoutError):
            async with asyncio.timeout(min(_LONGEST_REST_S, max(due_s, 0.001))):
                await self._wake.wait()

    def _guarded(self, work: Callable[[], None]) -> None:
        """Whatever fails closes the lane for the rest of this run."""
        try:
            work()
        except Exception as problem:  # noqa: BLE001 - the main engine goes on without a lane
            self.problem = f"{type(problem).__name__}: {problem}"
            _log.critical("the paper lane is closed", problem=self.problem, exc_info=problem)
            self._drop(f"the paper lane is closed: {self.problem}")

    # -- open and closed ---------------------------------------------------------------------
    async def _keep(self) -> None:
        """Open, change or close the lane as the main engine's state asks, and tell it."""
        tier = wanted(self._main.state)
        await self._report_days()
        await self._report_trades()
        if self.account is not None and tier is not self.account.tier:
            self._guarded(lambda: self._leave(NOT_ASKED))
        if self.account is None and tier is not None and self.problem is None:
            self._guarded(lambda: self._open(tier))
        is_open = self.account is not None
        if is_open is not self._main.state.tilt.state.has_lane:
            await self._tell(PaperLaneReported(self._clock.now_ns(), is_open))

    async def _report_days(self) -> None:
        """Days of the lane that are over and that the main engine has not heard of."""
        if self.account is None:
            return
        history, known = self.account.engine.state.tiers.history, self._main.state.tiers.history
        for day in tuple(history.days):
            if not known.lane or day.day > known.lane[-1].day:
                now_ns, pnl, start = self._clock.now_ns(), day.pnl_usdt, day.start_usdt
                await self._tell(PaperDayReported(now_ns, day.day, day.trades, pnl, start))

    async def _report_trades(self) -> None:
        """What strategies won and lost in the lane: one that rested has to win here first."""
        trades = () if self.account is None else self.account.trades
        while trades:
            closed = trades.popleft()
            await self._tell(replace(closed, ts_ns=self._clock.now_ns()))

    def _continue(self, tier: Tier) -> None:
        self._opened = self._opening.left_open(tier)

    def _open(self, tier: Tier) -> None:
        self._opened = self._opening.fresh(tier)

    def _leave(self, reason: str) -> None:
        """End the run of the account, if one is open."""
        if self._opened is not None:
            self._opening.leave(self._opened, reason)
        self._drop(f"the paper lane was closed: {reason}")

    def _drop(self, why: str) -> None:
        self._opened = None
        while self._waiting:
            _, waiter = self._waiting.popleft()
            if waiter is not None and not waiter.done():
                waiter.set_exception(EventLogError(why))


def _is_shared(event: Event) -> bool:
    """Does the lane hear it, too? All that is of the market and its venue."""
    if isinstance(event, FeedLost | FeedRestored):
        return event.stream == MARKET
    return is_market(event) or isinstance(event, InstrumentReported | VenueStatus)
