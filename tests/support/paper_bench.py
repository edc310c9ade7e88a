"""A main engine over its real log, driven by hand in venue time, with the paper lane beside it.

    async with PaperBench(folder, rules) as bench:      # a new home, or the one that is there
        await bench.tick("60000")
        await bench.until(at_ns)

The venue of the main account is a simulated exchange, too: what it was sent stays in `sent`.
"""

import asyncio
from collections.abc import Coroutine
from decimal import Decimal
from pathlib import Path
from typing import Any, Self, TypeVar

from genesis.domain.account import Balance
from genesis.domain.commands import CancelOrder, DropTimer, SetTimer, SubmitOrder
from genesis.domain.events import (
    AccountOpened,
    BookTop,
    Event,
    FeedRestored,
    InstrumentReported,
    OperatorActed,
    RunEnded,
    RunStarted,
    TimerFired,
)
from genesis.domain.orders import OrderType, Side
from genesis.domain.time import DAY, SECOND
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.rules import Rules, load
from genesis.service.paper_account import PaperAccount
from genesis.service.paper_lane import PaperLane
from genesis.service.paper_opening import PaperOpening
from genesis.service.recorder import Recorder
from genesis.service.restart import remember
from genesis.service.runner import Happened
from genesis.service.second_log import SecondLog
from genesis.service.strategies import new_engine
from genesis.service.trading import Terms
from genesis.sim.exchange import SimExchange
from genesis.sim.fees import FeeSchedule
from genesis.sim.venue import Venue
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from tests.support.build import BTC, tick
from tests.support.clocks import VirtualClock

T = TypeVar("T")
T0 = 20_000 * DAY
SYMBOL = "BTC/USDT"
_FEES = FeeSchedule(Decimal(10), Decimal(10), "quote")


class PaperBench:
    """See the module. `is_paper`, `cash`: of a new home. `strategies`: of both accounts."""

    def __init__(
        self,
        folder: Path,
        rules: Rules | None = None,
        *,
        cash: str = "5000",
        is_paper: bool = True,
        strategies: tuple[str, ...] = (),
    ) -> None:
        self.log = EventLog.open(folder / DATABASE_NAME)
        past = remember(self.log, lambda done, total: None)
        self.rules = rules or (load("sniper") if past.engine is None else past.engine.state.rules)
        self.engine: Engine = past.engine or new_engine(self.rules, strategies, "0")
        self.clock = VirtualClock(past.last_ns or T0)
        self.timers = past.timers
        self.sent: list[SubmitOrder] = []
        self.steps: list[Step] = []
        self._crashes = False
        self._is_new, self._is_paper = past.is_new, is_paper
        self._cash = Decimal(cash)
        held = {"USDT": self._cash} if past.is_new else dict(self.engine.state.ledger.balances)
        trades = max(self.engine.state.ledger.last_trade_ids.values(), default=0)
        first_id = max(0, trades) + len(self.engine.state.execution.orders.orders) + 1
        self.exchange = SimExchange(Venue({SYMBOL: BTC}, held, _FEES, first_id=first_id))
        self._ticks = 0
        self.run = self.log.last_run + 1
        second = SecondLog(folder / "second-log.jsonl")
        self.recorder = Recorder(self.log, second, self.run, self.log.last_step)
        self.terms = Terms(
            (SYMBOL,), strategies, self.rules, self.rules, "0", "code", is_paper, "test", "USDT"
        )
        self.opening = self.new_opening()
        self.lane = PaperLane(self.opening, self.clock, self.engine, self.main)

    async def __aenter__(self) -> Self:
        at, rules = self.now_ns, self.rules
        started = RunStarted(
            at, self.run, rules.name, rules.text, rules.sha256, "code", "0",
            (SYMBOL,), self.terms.strategies,
        )  # fmt: skip
        await self.main(started)
        await self.main(InstrumentReported(at, BTC))
        if self._is_new:
            cash = (Balance("USDT", self._cash, Decimal(0)),)
            await self.main(AccountOpened(at, "acct", "test", self._is_paper, "USDT", cash))
        await self.main(FeedRestored(at, "market"))
        await self.lane.start()
        await self.main(self.exchange.balances(at))
        await self.turn()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and not self._crashes:
            self.lane.stop()
            await self.main(RunEnded(self.now_ns, self.run, "closed"))
        self.log.close()

    def new_opening(self) -> PaperOpening:
        """What opens accounts, as at the start of a run."""
        return PaperOpening(self.terms, lambda: self.run, self.log, self.clock, self.engine)

    def crash(self) -> None:
        """It will end without a word; what was durable stays."""
        self._crashes = True

    # -- time and market ---------------------------------------------------------------------
    @property
    def now_ns(self) -> int:
        return self.clock.now_ns()

    async def main(self, event: Event) -> Step:
        """An event for the main engine, and what its venue says to it; nobody else's turn."""
        step = self._handle(event)
        await asyncio.wrap_future(self.log.flush())
        return step

    def _handle(self, event: Event) -> Step:
        step = self.engine.handle(event)
        self.steps.append(step)
        self.recorder.record(step)
        self.lane.heard(Happened(self.recorder.last_step, step, 0))
        for command in step.commands:
            if isinstance(command, SetTimer):
                self.timers.set(command.key, command.at_ns)
            elif isinstance(command, DropTimer):
                self.timers.drop(command.key)
            elif isinstance(command, SubmitOrder | CancelOrder):
                if isinstance(command, SubmitOrder):
                    self.sent.append(command)
                for answer in self.exchange.obey(command, self.now_ns):
                    self._handle(answer)
        return step

    async def turn(self) -> None:
        """The lane works off what waits for it."""
        for _ in range(3):
            await self.lane.turn()

    async def tell(self, event: Event) -> Step:
        step = await self.main(event)
        await self.turn()
        return step

    async def tick(self, price: str) -> None:
        self.clock.seen("bench", self.now_ns + SECOND // 1000)
        self._ticks += 1
        shown = tick(self.now_ns, price, trade_id=self._ticks)
        for answer in self.exchange.on_market(shown):
            self._handle(answer)
        await self.tell(shown)

    async def top(self, bid: str, ask: str) -> None:
        """The book changes; only the lane's exchange has to know."""
        self.clock.seen("bench", self.now_ns + SECOND // 1000)
        self._ticks += 1
        lots = Decimal(1)
        shown = BookTop(self.now_ns, SYMBOL, self._ticks, Decimal(bid), lots, Decimal(ask), lots)
        await self.tell(shown)

    async def until(self, at_ns: int) -> None:
        """Time passes; timers of both accounts fire when they are due."""
        while (due_ns := self._next_ns()) is not None and due_ns <= at_ns:
            self.clock.seen("bench", due_ns)
            while (due := self.timers.pop_due(due_ns)) is not None:
                await self.main(TimerFired(due.ts_ns, due.key))
            await self.turn()
        self.clock.seen("bench", at_ns)
        await self.turn()

    def _next_ns(self) -> int | None:
        account = self.lane.account
        both = (self.timers.next_ns(), None if account is None else account.timers.next_ns())
        return min((at for at in both if at is not None), default=None)

    # -- the trader --------------------------------------------------------------------------
    async def on_paper(self, work: Coroutine[Any, Any, T]) -> T:
        """Something that waits for the lane: it begins, then the lane is at work."""
        task = asyncio.ensure_future(work)
        await asyncio.sleep(0)
        while not task.done():
            await self.lane.turn()
            await asyncio.sleep(0.001)
        return task.result()

    async def say(self, verb: str, kind: str = "COMMAND", **given: Any) -> Step:
        """An act of the trader's in the lane."""
        act = OperatorActed(self.now_ns, kind, f"paper{self.now_ns}", verb, **given)
        return await self.on_paper(self.lane.ask(act))

    async def buy(self, usdt: str = "50", **given: Any) -> Step:
        return await self.say(
            "trade", "ORDER_SUBMIT", symbol=SYMBOL, side=Side.BUY, order_type=OrderType.MARKET,
            amount_usdt=Decimal(usdt), **given,
        )  # fmt: skip

    async def trade(self, into: str = "60000", out: str = "61800") -> None:
        """In and out again on paper, half an hour later, calmly."""
        await self.tick(into)
        await self.buy(latency_ms=4000)
        await self.until(self.now_ns + 1800 * SECOND)
        await self.tick(out)
        await self.say("close", symbol=SYMBOL, reduces_risk=True)

    @property
    def paper(self) -> PaperAccount:
        assert self.lane.account is not None, self.lane.problem
        return self.lane.account
